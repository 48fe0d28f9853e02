package service

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kici-dev/kici-go/lockfile/event"
)

// parse reads a YAML file into values by key, "server.port". Keys that do not
// exist and values of the wrong shape are problems with their line.
func (t *table) parse(path, content string, s *settings) map[string]found {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(content), &doc); err != nil {
		line, text := yamlError(err)
		s.bad(fmt.Sprintf("%s:%d", path, line), "%s", text)
		return nil
	}
	if len(doc.Content) == 0 { // empty, or nothing but comments
		return nil
	}
	r := &fileReader{path: path, s: s, known: map[string]*setting{}, out: map[string]found{}}
	for i := range t.Settings {
		if d := &t.Settings[i]; d.Key != "" {
			r.known[d.Key] = d
			r.keys = append(r.keys, d.Key)
		}
	}
	r.object("", doc.Content[0])
	return r.out
}

func yamlError(err error) (line int, text string) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	var one *yaml.LoadError
	if errors.As(err, &one) {
		return max(1, one.Mark.Line), one.Message
	}
	return 1, text
}

type fileReader struct {
	path  string
	s     *settings
	known map[string]*setting
	keys  []string
	out   map[string]found
}

func (r *fileReader) place(n *yaml.Node, key string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s:%d: %s", r.path, n.Line, key), ": ")
}

func (r *fileReader) object(prefix string, n *yaml.Node) {
	n = resolved(n)
	if empty(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.s.bad(r.place(n, prefix), "has settings below it: write them as \"name: value\", indented")
		return
	}
	var seen []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], resolved(n.Content[i+1])
		key := strings.TrimPrefix(prefix+"."+name.Value, ".")
		if slices.Contains(seen, key) {
			r.s.bad(r.place(name, key), "stands here twice")
		}
		seen = append(seen, key)
		switch {
		case r.known[key] != nil:
			r.value(key, r.known[key], value)
		case slices.ContainsFunc(r.keys, func(k string) bool { return strings.HasPrefix(k, key+".") }):
			r.object(key, value)
		default:
			r.s.bad(r.place(name, key), "%s", r.unknown(key))
		}
	}
}

func (r *fileReader) unknown(key string) string {
	if near := event.Nearest(key, r.keys); len(near) > 0 {
		return fmt.Sprintf("is not a setting, did you mean %s?", near[0])
	}
	last := key[strings.LastIndex(key, ".")+1:]
	for _, k := range r.keys { // the right name in the wrong place
		if strings.HasSuffix(k, "."+last) {
			return fmt.Sprintf("is not a setting, did you mean %s?", k)
		}
	}
	return "is not a setting"
}

func (r *fileReader) value(key string, d *setting, n *yaml.Node) {
	if empty(n) {
		return
	}
	at := found{place: r.place(n, key)}
	switch {
	case n.Kind == yaml.ScalarNode:
		at.value = n.Value
	case n.Kind == yaml.SequenceNode && d.Kind == list:
		var items []string
		for _, item := range n.Content {
			items = append(items, resolved(item).Value)
		}
		at.value = strings.Join(items, ",")
	default:
		r.s.bad(at.place, "must be a single value")
		return
	}
	r.out[key] = at
}

func resolved(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }
