package mask

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Placeholder stands in output where a secret stood.
const Placeholder = "***"

// Set is a growing set of secret values. It is safe for concurrent use.
type Set struct {
	machine atomic.Pointer[automaton]

	mu       sync.Mutex // guards values and patterns
	values   map[string]bool
	patterns map[string]bool
}

// NewSet returns a Set that masks values.
func NewSet(values ...string) *Set {
	s := &Set{values: map[string]bool{}, patterns: map[string]bool{}}
	s.Add(values...)
	return s
}

// Add masks values from the next byte on, in every Stream of the Set. Values
// shorter than MinLength are ignored.
func (s *Set) Add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	grown := false
	for _, v := range values {
		if s.values[v] {
			continue
		}
		s.values[v] = true
		for _, f := range forms(v) {
			if !s.patterns[f] {
				s.patterns[f] = true
				grown = true
			}
		}
	}
	if !grown {
		return
	}
	all := make([]string, 0, len(s.patterns))
	for p := range s.patterns {
		all = append(all, p)
	}
	slices.Sort(all) // the same set is the same machine, whatever the order of adding
	s.machine.Store(build(all))
}

// String masks a whole text.
func (s *Set) String(text string) string {
	if s.machine.Load() == nil {
		return text
	}
	var b strings.Builder
	st := s.Stream(func(p []byte) error { b.Write(p); return nil })
	st.Write([]byte(text)) // the sink above cannot fail
	st.Flush()
	return b.String()
}
