package js

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Env is the live environment of a job. process.env, the shell and ctx.env all
// hold the same one, so that a change made through any of them is seen by the
// others at once. It is safe for use by several goroutines.
type Env struct {
	mu   sync.RWMutex // guards vars
	vars map[string]string
}

// NewEnv copies vars into a new environment; nil gives an empty one.
func NewEnv(vars map[string]string) *Env {
	e := &Env{vars: make(map[string]string, len(vars))}
	maps.Copy(e.vars, vars)
	return e
}

// ParseEnv reads KEY=VALUE entries, the last of equal keys winning.
func ParseEnv(entries []string) *Env {
	e := NewEnv(nil)
	for _, entry := range entries {
		if key, value, ok := strings.Cut(entry, "="); ok && key != "" {
			e.vars[key] = value
		}
	}
	return e
}

// Get returns the value of key and whether it is set.
func (e *Env) Get(key string) (string, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	v, ok := e.vars[key]
	return v, ok
}

// Set sets key to value.
func (e *Env) Set(key, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.vars[key] = value
}

// Delete removes key.
func (e *Env) Delete(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.vars, key)
}

// Keys returns the names that are set, sorted.
func (e *Env) Keys() []string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.Sorted(maps.Keys(e.vars))
}

// Map returns a copy.
func (e *Env) Map() map[string]string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return maps.Clone(e.vars)
}

// Environ returns KEY=VALUE entries, sorted, as os/exec wants them.
func (e *Env) Environ() []string {
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make([]string, 0, len(e.vars))
	for _, k := range slices.Sorted(maps.Keys(e.vars)) {
		out = append(out, k+"="+e.vars[k])
	}
	return out
}
