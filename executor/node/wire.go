package node

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/kici-dev/kici-go/executor/js"
)

// Types of frames, see src/wire.ts.
const (
	frameMessage byte = 'M'
	frameRaw     byte = 'R'
	frameOutput  byte = 'O'
	frameInput   byte = 'W'
)

// maxFrame bounds what Node may send in one piece: captured output travels the
// other way, so this is a step's outputs or one console.log.
const maxFrame = 512 << 20

var errFrame = errors.New("node: malformed frame")

// inbound is what Node says; Type tells which fields count.
type inbound struct {
	Type    string             `json:"t"`
	ID      int                `json:"id"`
	Call    int                `json:"c"`
	Name    string             `json:"name"`
	Args    []json.RawMessage  `json:"args"`
	Env     map[string]*string `json:"env"`
	Value   json.RawMessage    `json:"v"`
	Error   *js.Error          `json:"e"`
	Never   bool               `json:"never"`
	Version string             `json:"version"`
}

// outbound is what we say.
type outbound struct {
	Type   string         `json:"t,omitempty"`
	ID     int            `json:"id,omitempty"`
	Module string         `json:"module,omitempty"`
	Method string         `json:"method,omitempty"`
	Args   []any          `json:"args,omitempty"`
	Mark   uint64         `json:"mark,omitempty"`
	Value  any            `json:"v,omitempty"`
	Error  map[string]any `json:"e,omitempty"`
	Exit   any            `json:"exit,omitempty"`
	Env    *delta         `json:"env,omitempty"`
}

// pipe is one direction to Node. Writes may come from anywhere.
type pipe struct {
	mu sync.Mutex // guards w
	w  io.Writer
}

func (p *pipe) send(m outbound) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("node: encode %s: %w", m.Type, err)
	}
	return p.frame(frameMessage, body)
}

func (p *pipe) frame(kind byte, parts ...[]byte) error {
	n := 1
	for _, part := range parts {
		n += len(part)
	}
	out := make([]byte, 0, 4+n)
	out = binary.BigEndian.AppendUint32(out, uint32(n))
	out = append(out, kind)
	for _, part := range parts {
		out = append(out, part...)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err := p.w.Write(out)
	return err
}

// readFrame returns the next frame; the body is the caller's.
func readFrame(r *bufio.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:4])
	if n < 1 || n > maxFrame {
		return 0, nil, fmt.Errorf("%w: %d bytes", errFrame, n)
	}
	body = make([]byte, n-1)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, nil, errors.Join(errFrame, err)
	}
	return head[4], body, nil
}
