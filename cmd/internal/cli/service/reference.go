package service

import (
	"fmt"
	"io"
	"strings"
)

// Reference writes every setting of every service as a page of the documentation,
// out of the tables that the services read.
func Reference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`# Configuration

Every setting is a variable; services with a file read it as a key there too, and a variable
wins. All mistakes are listed at once, with file, line and key, and nothing starts. A
` + "`KICI_*`" + ` variable that nobody reads is warned about.
`)
	for _, t := range []*table{orchestratorTable(), agentTable(), relayTable()} {
		t.reference(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *table) reference(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n", t.Service)
	if t.File != "" {
		fmt.Fprintf(b, "The file is `%s`, another with `--config` or `KICI_CONFIG`.\n\n", t.File)
	}
	b.WriteString("| variable | key of the file | default | |\n| --- | --- | --- | --- |\n")
	var idle []string
	for i := range t.Settings {
		d := &t.Settings[i]
		if d.Idle {
			idle = append(idle, "`"+d.Name+"`")
			continue
		}
		name := "`" + d.Name + "`"
		if d.Twin != "" {
			name += " (`" + d.Twin + "`)"
		}
		help := d.Help
		if d.Secret {
			help += "; secret"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, code(d.Key), code(d.Default), strings.ReplaceAll(help, "|", "\\|"))
	}
	if len(idle) > 0 {
		fmt.Fprintf(b, "\nKnown, and without effect in this release: %s.\n", strings.Join(idle, ", "))
	}
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
