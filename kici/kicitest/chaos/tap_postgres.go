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
	// lies is asked at every commit, with the statements before it: whether the
	// store is to say that it has committed, and to roll back.
	lies func(statements []string) bool

	up, down pgFrames
	prepared map[string]string // statements by name
	ran      []string          // those since the last commit

	mu      sync.Mutex // guards answers
	answers []bool     // of commits under way, oldest first: whether it is a lie
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

func newPostgresTap(p *points, lies func([]string) bool) *postgresTap {
	return &postgresTap{points: p, lies: lies, up: pgFrames{untyped: true}, prepared: map[string]string{}}
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

// sent looks at what a client says, a letter, its length, and texts: P prepares a
// statement under a name, B runs it (as some portal), Q is a query.
func (t *postgresTap) sent(m []byte) []byte {
	switch texts := bytes.SplitN(m[5:], []byte{0}, 3); {
	case m[0] == 'P' && len(texts) > 1:
		t.prepared[string(texts[0])] = string(texts[1])
	case m[0] == 'B' && len(texts) > 1:
		t.ran = append(t.ran, t.prepared[string(texts[1])])
	}
	if m[0] != 'Q' {
		return m
	}
	statements := t.ran
	t.ran = nil
	if !bytes.EqualFold(m[5:], []byte("commit\x00")) {
		return m
	}
	t.points.reach(BeforeCommit)
	lie := t.lies != nil && t.lies(statements)
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
