package localsecret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Names of the files in the .kici folder, lowest precedence first.
const (
	SecretsFile = ".secrets"
	EnvFile     = ".env.local"
	YAMLFile    = "secrets.yaml"
)

// Value is a secret and where it came from.
type Value struct {
	Text    string
	Source  string // file name, or "command line"
	Context string // empty for a flat value
}

// layer is what one source says: flat values and values by context.
type layer struct {
	flat     map[string]Value
	contexts map[string]map[string]Value
	order    []string // contexts as they appear
}

func newLayer() layer {
	return layer{flat: map[string]Value{}, contexts: map[string]map[string]Value{}}
}

func (l *layer) set(context, key string, v Value) {
	if context == "" {
		l.flat[key] = v
		return
	}
	if l.contexts[context] == nil {
		l.contexts[context] = map[string]Value{}
		l.order = append(l.order, context)
	}
	v.Context = context
	l.contexts[context][key] = v
}

// Secrets are all values that a run may see.
type Secrets struct {
	files []layer
	typed layer
	// mapped are the contexts that somebody chose for this run: they win over
	// the flat values of files.
	mapped []string
}

// Typed is what the user gave on the command line.
type Typed struct {
	Flat     map[string]string            // --secret and --env
	Contexts map[string]map[string]string // --context
}

// Only holds what was typed and nothing from files.
func Only(typed Typed) *Secrets {
	s := &Secrets{typed: newLayer()}
	for key, text := range typed.Flat {
		s.typed.set("", key, Value{Text: text, Source: commandLine})
	}
	for _, context := range sorted(typed.Contexts) {
		for key, text := range typed.Contexts[context] {
			s.typed.set(context, key, Value{Text: text, Source: commandLine})
		}
	}
	return s
}

// Load reads the files of a .kici folder. Missing files are no error; faulty
// lines are, all of them, each as a *LineError.
func Load(kiciDir string, typed Typed) (*Secrets, error) {
	s := Only(typed)
	var errs []error
	for _, f := range []struct {
		name  string
		parse func(name, text string) (layer, error)
	}{{SecretsFile, parseINI}, {EnvFile, parseDotenv}, {YAMLFile, parseYAML}} {
		data, err := os.ReadFile(filepath.Join(kiciDir, f.name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("localsecret: %w", err))
			continue
		}
		l, err := f.parse(f.name, string(data))
		errs = append(errs, err)
		s.files = append(s.files, l)
	}
	return s, errors.Join(errs...)
}

const commandLine = "command line"

// For returns the secrets of a job whose environment is context; "" for a job
// without one.
func (s *Secrets) For(context string) map[string]Value {
	out := map[string]Value{}
	for _, l := range s.files {
		l.others(out, context)
	}
	for _, l := range s.files {
		overlay(out, l.flat)
	}
	for _, name := range s.mapped {
		for _, l := range s.files {
			overlay(out, l.contexts[name])
		}
	}
	for _, l := range s.files {
		overlay(out, l.contexts[context])
	}
	s.typed.others(out, context)
	overlay(out, s.typed.flat)
	overlay(out, s.typed.contexts[context])
	return out
}

// others adds the values of every context but one, in order of appearance.
func (l layer) others(out map[string]Value, context string) {
	for _, name := range l.order {
		if name != context {
			overlay(out, l.contexts[name])
		}
	}
}

func overlay(out, over map[string]Value) {
	for key, v := range over {
		out[key] = v
	}
}

// Texts returns every value of every source, for the masker: a value that lost
// to another is still a secret.
func (s *Secrets) Texts() []string {
	var out []string
	for _, l := range append(slices.Clone(s.files), s.typed) {
		for _, values := range append([]map[string]Value{l.flat}, contextValues(l)...) {
			for _, v := range values {
				out = append(out, v.Text)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func contextValues(l layer) []map[string]Value {
	var out []map[string]Value
	for _, name := range l.order {
		out = append(out, l.contexts[name])
	}
	return out
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ParsePair reads KEY=value as typed after --secret or --env; the value is
// everything behind the first "=", unchanged.
func ParsePair(flag, text string) (key, value string, err error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || strings.TrimSpace(key) == "" {
		return "", "", fmt.Errorf("--%s %q: expected KEY=value", flag, key)
	}
	return key, value, nil
}

// ParseContextPair reads context.KEY=value as typed after --context.
func ParseContextPair(text string) (context, key, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	context, key, dotted := strings.Cut(name, ".")
	if !ok || !dotted || context == "" || key == "" {
		return "", "", "", fmt.Errorf("--context %q: expected context.KEY=value", name)
	}
	return context, key, value, nil
}
