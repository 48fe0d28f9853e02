package node

import (
	"maps"
	"slices"
	"sync"
)

// Env is the environment of a job that runs in Node: ours is the one commands
// get, Node's process.env follows. It is safe for use by several goroutines.
type Env struct {
	mu      sync.Mutex // guards what follows
	vars    map[string]string
	changes map[string]*string // not yet told to Node; nil is gone
	number  int                // of the last batch of changes
}

// NewEnv returns an empty environment.
func NewEnv() *Env { return &Env{vars: map[string]string{}} }

// Get returns the value of key and whether it is set.
func (e *Env) Get(key string) (string, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, ok := e.vars[key]
	return v, ok
}

// Set sets key to value.
func (e *Env) Set(key, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.vars[key] = value
	e.note(key, &value)
}

// Delete removes key.
func (e *Env) Delete(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.vars, key)
	e.note(key, nil)
}

func (e *Env) note(key string, value *string) {
	if e.changes == nil {
		e.changes = map[string]*string{}
	}
	e.changes[key] = value
}

// Environ returns KEY=VALUE entries, sorted.
func (e *Env) Environ() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.environ()
}

func (e *Env) environ() []string {
	out := make([]string, 0, len(e.vars))
	for _, k := range slices.Sorted(maps.Keys(e.vars)) {
		out = append(out, k+"="+e.vars[k])
	}
	return out
}

// start is Environ for a process that begins: it knows everything.
func (e *Env) start() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.changes = nil
	return e.environ()
}

// delta is a batch of changes on its way to Node.
type delta struct {
	Number  int                `json:"n"`
	Changes map[string]*string `json:"v"`
}

func (e *Env) take() *delta {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.changes) == 0 {
		return nil
	}
	e.number++
	d := &delta{e.number, e.changes}
	e.changes = nil
	return d
}

// apply takes over what the author's code set.
func (e *Env) apply(changes map[string]*string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for k, v := range changes {
		if v == nil {
			delete(e.vars, k)
		} else {
			e.vars[k] = *v
		}
	}
}
