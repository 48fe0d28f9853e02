package chaos

import (
	"bytes"
	"encoding/binary"
	"sync"
)

// postgresTap reads the conversation of a client with Postgres, message by
// message, and knows commits when it sees them.
type postgresTap struct {
	points *points
	// lies: the store says that it has committed and rolls back. It is asked at
	// every commit.
	lies func() bool

	up, down pgFrames
	mu       sync.Mutex // guards what follows
	answers  []bool     // of commits under way, oldest first: whether it is a lie
}

// pgFrames cuts a stream into messages. The first that a client sends has no
// type.
type pgFrames struct {
	rest    []byte
	untyped bool
}

// next gives a whole message, or nil. A message is its bytes on the wire.
func (f *pgFrames) next() []byte {
	head := 1
	if f.untyped {
		head = 0
	}
	if len(f.rest) < head+4 {
		return nil
	}
	size := head + int(binary.BigEndian.Uint32(f.rest[head:]))
	if len(f.rest) < size {
		return nil
	}
	out := f.rest[:size:size]
	f.rest, f.untyped = f.rest[size:], false
	return out
}

func newPostgresTap(p *points, lies func() bool) *postgresTap {
	return &postgresTap{points: p, lies: lies, up: pgFrames{untyped: true}}
}

func (t *postgresTap) Pass(way Way, b []byte) []byte {
	f, each := &t.up, t.sent
	if way == Down {
		f, each = &t.down, t.answered
	}
	f.rest = append(f.rest, b...)
	var out []byte
	for m := f.next(); m != nil; m = f.next() {
		out = append(out, each(m)...)
	}
	return out
}

// sent looks at what a client says: a query is Q, its length, and a text.
func (t *postgresTap) sent(m []byte) []byte {
	if m[0] != 'Q' || !bytes.EqualFold(m[5:], []byte("commit\x00")) {
		return m
	}
	t.points.reach(BeforeCommit)
	lie := t.lies != nil && t.lies()
	t.mu.Lock()
	t.answers = append(t.answers, lie)
	t.mu.Unlock()
	if lie {
		return pgMessage('Q', "rollback\x00")
	}
	return m
}

// answered looks at what the server says: C is the end of a statement, with its
// name.
func (t *postgresTap) answered(m []byte) []byte {
	if m[0] != 'C' {
		return m
	}
	tag := string(m[5:])
	if tag != "COMMIT\x00" && tag != "ROLLBACK\x00" {
		return m
	}
	t.mu.Lock()
	var lie, of bool
	if of = len(t.answers) > 0; of {
		lie, t.answers = t.answers[0], t.answers[1:]
	}
	t.mu.Unlock()
	if of && tag == "COMMIT\x00" {
		t.points.reach(AfterCommit)
	}
	if lie {
		return pgMessage('C', "COMMIT\x00")
	}
	return m
}

func pgMessage(kind byte, text string) []byte {
	out := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(text)+4))
	return append(out, text...)
}
