package localsecret

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// LineError is a line that cannot be read. It never holds the line's text,
// which may be a secret.
type LineError struct {
	File    string // name in the .kici folder
	Line    int    // from 1; 0 if the parser did not tell
	Problem string
}

func (e *LineError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Problem)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
}

// entries calls use for every line that is neither empty nor a comment.
func entries(text string, use func(number int, line string)) {
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		number++
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			use(number, line)
		}
	}
}

func parseINI(file, text string) (layer, error) {
	l, context := newLayer(), ""
	var errs []error
	entries(text, func(number int, line string) {
		if strings.HasPrefix(line, "[") {
			name := strings.TrimSpace(strings.Trim(line, "[]"))
			if !strings.HasSuffix(line, "]") || name == "" {
				errs = append(errs, &LineError{file, number, "expected a section as [name]"})
				return
			}
			context = name
			return
		}
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			errs = append(errs, &LineError{file, number, "expected KEY=value"})
			return
		}
		l.set(context, key, Value{Text: strings.TrimSpace(value), Source: file})
	})
	return l, errors.Join(errs...)
}

func parseDotenv(file, text string) (layer, error) {
	l := newLayer()
	var errs []error
	entries(text, func(number int, line string) {
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			errs = append(errs, &LineError{file, number, "expected KEY=value"})
			return
		}
		l.set("", key, Value{Text: unquote(strings.TrimSpace(value)), Source: file})
	})
	return l, errors.Join(errs...)
}

// unquote removes one pair of quotes; escapes inside are the author's text.
func unquote(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

// parseYAML reads contexts of scalars. Scalars keep their text as written, so
// that 0123 and 1e3 stay passwords; one at the top level is a flat value.
func parseYAML(file, text string) (layer, error) {
	l := newLayer()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return l, &LineError{File: file, Problem: err.Error()}
	}
	if len(doc.Content) == 0 {
		return l, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return l, &LineError{file, top.Line, "expected a mapping of contexts"}
	}
	var errs []error
	for i := 0; i+1 < len(top.Content); i += 2 {
		errs = append(errs, l.yamlEntry(file, top.Content[i].Value, resolve(top.Content[i+1])))
	}
	return l, errors.Join(errs...)
}

func (l *layer) yamlEntry(file, name string, node *yaml.Node) error {
	switch node.Kind {
	case yaml.ScalarNode:
		l.set("", name, Value{Text: scalar(node), Source: file})
		return nil
	case yaml.MappingNode:
	default:
		return &LineError{file, node.Line, fmt.Sprintf("%s: expected a mapping of keys to values", name)}
	}
	var errs []error
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, resolve(node.Content[i+1])
		if value.Kind != yaml.ScalarNode {
			errs = append(errs, &LineError{file, value.Line, fmt.Sprintf("%s.%s: expected one value, not a list or a mapping", name, key)})
			continue
		}
		l.set(name, key, Value{Text: scalar(value), Source: file})
	}
	return errors.Join(errs...)
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func scalar(n *yaml.Node) string {
	if n.Tag == "!!null" {
		return ""
	}
	return n.Value
}
