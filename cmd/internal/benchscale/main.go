// Command benchscale measures what an orchestrator stands: deliveries and pushes a
// second, agents connected at once, a long history, a long log, and how soon it
// works again after kill -9. It starts the built binary on a private PostgreSQL
// that syncs to disk, loads it from outside, and prints each figure beside its
// growth in tables of Markdown, which docs/performance.md holds. Nothing is judged:
// it is no test.
//
//	go run ./cmd/internal/benchscale [-only history] [-size 0.1] [-write docs/performance.md]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// part is one section of the report.
type part struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

func parts() []part {
	return []part{
		{"webhooks", webhooks}, {"pushes", pushes}, {"agents", agents}, {"logs", logTail}, {"restart", restart}, {"history", history},
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == crowdCommand {
		exit(crowd(os.Args[2:]))
	}
	only := flag.String("only", "", "measure only parts whose name contains this: webhooks, pushes, agents, logs, restart, history")
	size := flag.Float64("size", 1, "part of the full size; 0.01 is a quick look")
	binary := flag.String("orchestrator", "", "measure this binary instead of building one")
	dir := flag.String("dir", "", "where everything is put meanwhile; a temporary folder that is removed")
	write := flag.String("write", "", "put the report between the marks of this file as well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var report bytes.Buffer
	b := &bench{size: *size, binary: *binary, out: io.MultiWriter(os.Stdout, &report)}
	err := measured(ctx, b, *only, *dir)
	if err == nil && *write != "" {
		err = publish(*write, report.Bytes())
	}
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchscale:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Marks between which the report stands in a file.
const (
	reportBegins = "<!-- measured -->\n"
	reportEnds   = "<!-- /measured -->\n"
)

// publish replaces the report in a file.
func publish(file string, report []byte) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(reportBegins))
	_, after, ends := bytes.Cut(rest, []byte(reportEnds))
	if !ok || !ends {
		return fmt.Errorf("%s has no place for the report: %s … %s", file, strings.TrimSpace(reportBegins), strings.TrimSpace(reportEnds))
	}
	return os.WriteFile(file, slices.Concat(before, []byte(reportBegins), report, []byte(reportEnds), after), 0o644)
}

func measured(ctx context.Context, b *bench, only, dir string) (err error) {
	if b.dir, err = os.MkdirTemp(dir, "kici-scale-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.build(ctx); err != nil {
		return err
	}
	b.machine()
	for _, p := range parts() {
		if !strings.Contains(p.name, only) {
			continue
		}
		begin := time.Now()
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		progress("%s took %s", p.name, time.Since(begin).Round(time.Second))
	}
	fmt.Fprint(b.out, "\n## Goals\n\n")
	return b.table([]string{"", "goal", "measured"}, b.goals)
}
