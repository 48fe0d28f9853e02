package localsecret

import (
	"maps"
	"slices"
)

// Mapped answers the contexts of a test fixture: each name is backed by the
// context that it is mapped to. Where no source knows that one, a context of
// the name itself serves; missing are the contexts for which neither exists.
// The receiver stays as it is.
func (s *Secrets) Mapped(contexts map[string]string) (mapped *Secrets, missing []string) {
	mapped = &Secrets{mapped: sorted(contexts)}
	known := s.Contexts()
	own := map[string]bool{} // names that keep what they hold
	for _, name := range mapped.mapped {
		if slices.Contains(known, contexts[name]) {
			continue
		}
		own[name] = true
		if !slices.Contains(known, name) && !slices.Contains(missing, contexts[name]) {
			missing = append(missing, contexts[name])
		}
	}
	for _, l := range s.files {
		mapped.files = append(mapped.files, l.backed(contexts, func(name string) bool { return own[name] }))
	}
	// What was typed for a name was typed for this run, and stays on top.
	mapped.typed = s.typed.backed(contexts, func(string) bool { return true })
	return mapped, missing
}

// backed is the layer with the mapped names filled in; those that keep is true
// for have their own values on top.
func (l layer) backed(contexts map[string]string, keep func(name string) bool) layer {
	out := newLayer()
	maps.Copy(out.flat, l.flat)
	for _, name := range l.order {
		if _, named := contexts[name]; !named {
			out.take(name, l.contexts[name])
		}
	}
	for _, name := range sorted(contexts) {
		out.take(name, l.contexts[contexts[name]])
		if keep(name) {
			out.take(name, l.contexts[name])
		}
	}
	return out
}

func (l *layer) take(context string, values map[string]Value) {
	for key, v := range values {
		l.set(context, key, v)
	}
}

// Contexts lists every context that some source knows.
func (s *Secrets) Contexts() []string {
	var out []string
	for _, l := range append(slices.Clone(s.files), s.typed) {
		out = append(out, l.order...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
