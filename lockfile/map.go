package lockfile

import "iter"

// Map is a string map that keeps the order of its keys. Authors' maps (env,
// match, matrix, include) are printed in author order and hashed in that
// order, so a Go map cannot hold them.
type Map[V any] []Entry[V]

// Entry is one key and its value.
type Entry[V any] struct {
	Key   string
	Value V
}

// Get returns the value under key.
func (m Map[V]) Get(key string) (V, bool) {
	for _, e := range m {
		if e.Key == key {
			return e.Value, true
		}
	}
	var zero V
	return zero, false
}

// Set replaces the value under key, or appends it.
func (m *Map[V]) Set(key string, v V) {
	for i := range *m {
		if (*m)[i].Key == key {
			(*m)[i].Value = v
			return
		}
	}
	*m = append(*m, Entry[V]{key, v})
}

// All walks the entries in order.
func (m Map[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, e := range m {
			if !yield(e.Key, e.Value) {
				return
			}
		}
	}
}

// Keys lists the keys in order.
func (m Map[V]) Keys() []string {
	keys := make([]string, len(m))
	for i, e := range m {
		keys[i] = e.Key
	}
	return keys
}

func (m *Map[V]) readLock(d *decoder, n *node) {
	if !d.want(n, kindObject, "an object") {
		return
	}
	*m = make(Map[V], len(n.kids))
	for i := range n.kids {
		(*m)[i].Key = n.keys[i]
		d.enter(n.keys[i], -1)
		d.value(&(*m)[i].Value, &n.kids[i])
		d.leave()
	}
}

func (m Map[V]) writeLock(e *encoder) {
	e.open('{')
	for _, entry := range m {
		e.key(entry.Key)
		e.value(entry.Value)
	}
	e.close('}')
}

// MarshalJSON writes the map in its own order.
func (m Map[V]) MarshalJSON() ([]byte, error) { return marshal(m) }

// UnmarshalJSON reads a map and keeps the order of the text.
func (m *Map[V]) UnmarshalJSON(b []byte) error { return unmarshal(b, m) }
