package mask

// Stream masks one sequence of bytes. It is used by one goroutine at a time.
type Stream struct {
	set  *Set
	sink func([]byte) error

	machine *automaton
	at      int32  // current state
	held    []byte // bytes that are read and not yet passed on
	covered []span // parts of held that are secret, ascending, disjoint
	out     []byte // reused between calls
}

// span is a half-open range of held.
type span struct{ from, to int }

// Stream returns a new stream that passes masked bytes to sink. The slice that
// sink gets is only valid during the call.
func (s *Set) Stream(sink func([]byte) error) *Stream {
	return &Stream{set: s, sink: sink}
}

// Write masks p and passes on all that can no longer become part of a secret.
// It returns len(p) and the error of the sink.
func (st *Stream) Write(p []byte) (int, error) {
	st.adopt()
	if st.machine == nil {
		return len(p), st.sink(p)
	}
	start := len(st.held)
	st.held = append(st.held, p...)
	st.scan(start)
	return len(p), st.release(len(st.held) - int(st.machine.states[st.at].depth))
}

// Flush passes on what is held back: the stream is at its end, or its reader
// will not wait longer. A secret that continues afterwards is not recognised.
func (st *Stream) Flush() error {
	if len(st.held) == 0 {
		return nil
	}
	st.at = 0
	return st.release(len(st.held))
}

// adopt takes the Set's newest machine; what is held back is read again by it,
// so that a secret added in the middle of its own appearance is still found.
func (st *Stream) adopt() {
	newest := st.set.machine.Load()
	if newest == st.machine {
		return
	}
	st.machine, st.at = newest, 0
	st.covered = st.covered[:0] // the newest machine knows every older form too
	st.scan(0)
}

// scan runs the machine over held[start:] and marks whole forms.
func (st *Stream) scan(start int) {
	m, at, held := st.machine, st.at, st.held
	for i := start; i < len(held); i++ {
		if s := &m.states[at]; s.row != sparse {
			at = m.table[s.row+int32(held[i])]
		} else {
			at = m.step(at, held[i])
		}
		if at == 0 {
			continue
		}
		if n := m.states[at].match; n > 0 {
			st.cover(i+1-int(n), i+1)
		}
	}
	st.at = at
}

// cover marks a range, which ends no earlier than every one before, and merges
// it with those it overlaps. Secrets that merely touch stay two: whether a
// chunk boundary lies between them must not change the text.
func (st *Stream) cover(from, to int) {
	for len(st.covered) > 0 {
		last := st.covered[len(st.covered)-1]
		if last.to <= from {
			break
		}
		from, to = min(from, last.from), max(to, last.to)
		st.covered = st.covered[:len(st.covered)-1]
	}
	st.covered = append(st.covered, span{from, to})
}

// release passes on held[:end], with a placeholder for each covered range. A
// range that end cuts stays whole: its placeholder waits for its last byte.
func (st *Stream) release(end int) error {
	for _, c := range st.covered {
		if c.from < end && end < c.to {
			end = c.from
		}
	}
	st.out = st.out[:0]
	at, done := 0, 0
	for _, c := range st.covered {
		if c.from >= end {
			break
		}
		st.out = append(append(st.out, st.held[at:c.from]...), Placeholder...)
		at = c.to
		done++
	}
	st.out = append(st.out, st.held[at:max(end, at)]...)
	end = max(end, at)
	rest := copy(st.held, st.held[end:])
	st.held = st.held[:rest]
	left := copy(st.covered, st.covered[done:])
	st.covered = st.covered[:left]
	for i := range st.covered {
		st.covered[i].from -= end
		st.covered[i].to -= end
	}
	if len(st.out) == 0 {
		return nil
	}
	return st.sink(st.out)
}
