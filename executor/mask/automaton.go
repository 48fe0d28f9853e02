package mask

// automaton is an Aho-Corasick machine. It is immutable, so Streams share it.
//
// A 4 KiB key has some seventy thousand states over all its forms, and nearly
// all of them have one child. Such states keep that child and a failure link
// (24 bytes); the few that branch, and those near the root, where ordinary
// output lives, have a complete row of a table instead. The scan of ordinary
// output therefore costs one table look-up a byte, and a machine of large keys
// stays small.
//
// Source: Aho, Corasick, "Efficient string matching", CACM 18(6), 1975.
type automaton struct {
	states []state
	table  []int32 // rows of 256 state numbers
}

type state struct {
	row   int32 // index of its row in table, or sparse
	fail  int32 // state of the longest proper suffix that is a beginning of a form
	child int32 // the only child of a sparse state, or 0
	depth int32 // length of the longest beginning of a form that ends here
	match int32 // length of the longest whole form that ends here, 0 for none
	by    byte  // the byte that leads to child
}

const (
	sparse    = int32(-1)
	rowLength = 256
	// tableDepth is how far from the root every state has a row.
	tableDepth = 1
)

// step follows one byte.
func (a *automaton) step(at int32, b byte) int32 {
	for {
		s := &a.states[at]
		if s.row != sparse {
			return a.table[s.row+int32(b)]
		}
		if s.by == b && s.child != 0 {
			return s.child
		}
		at = s.fail
	}
}

// build makes the machine of all patterns; nil for none.
func build(patterns []string) *automaton {
	if len(patterns) == 0 {
		return nil
	}
	t := newTrie()
	for _, p := range patterns {
		t.add(p)
	}
	return t.link()
}

// trie is the machine while it grows: children as linked lists, in arrays.
type trie struct {
	first, sibling []int32
	by             []byte
	depth, match   []int32
}

func newTrie() *trie {
	t := &trie{}
	t.grow(0, 0)
	return t
}

func (t *trie) grow(by byte, depth int32) int32 {
	t.first = append(t.first, 0)
	t.sibling = append(t.sibling, 0)
	t.by = append(t.by, by)
	t.depth = append(t.depth, depth)
	t.match = append(t.match, 0)
	return int32(len(t.by) - 1)
}

func (t *trie) add(pattern string) {
	at := int32(0)
	for i := range len(pattern) {
		next := t.child(at, pattern[i])
		if next == 0 {
			next = t.grow(pattern[i], t.depth[at]+1)
			t.sibling[next] = t.first[at]
			t.first[at] = next
		}
		at = next
	}
	t.match[at] = int32(len(pattern))
}

func (t *trie) child(at int32, by byte) int32 {
	for c := t.first[at]; c != 0; c = t.sibling[c] {
		if t.by[c] == by {
			return c
		}
	}
	return 0
}

// link turns the trie into the machine, breadth first: the suffix of a state
// is shorter than the state, so it is ready before it is needed.
func (t *trie) link() *automaton {
	a := &automaton{states: make([]state, len(t.by))}
	a.states[0] = state{row: 0}
	a.table = make([]int32, rowLength)
	queue := make([]int32, 0, len(t.by))
	for c := t.first[0]; c != 0; c = t.sibling[c] {
		a.table[t.by[c]] = c
		queue = append(queue, c)
	}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		fail := a.states[at].fail
		s := state{row: sparse, fail: fail, depth: t.depth[at], match: max(t.match[at], a.states[fail].match)}
		for c := t.first[at]; c != 0; c = t.sibling[c] {
			a.states[c].fail = a.step(fail, t.by[c])
			queue = append(queue, c)
		}
		t.edges(a, at, &s)
		a.states[at] = s
	}
	return a
}

// edges gives a state its only child or, where it branches or stands near the
// root, a row that is a copy of its suffix's moves with its own on top.
func (t *trie) edges(a *automaton, at int32, s *state) {
	only := t.first[at]
	if t.depth[at] > tableDepth && (only == 0 || t.sibling[only] == 0) {
		s.child, s.by = only, t.by[only]
		return
	}
	s.row = int32(len(a.table))
	for b := range rowLength {
		a.table = append(a.table, a.step(s.fail, byte(b)))
	}
	for c := only; c != 0; c = t.sibling[c] {
		a.table[s.row+int32(t.by[c])] = c
	}
}
