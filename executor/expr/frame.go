package expr

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// protocol is checked in the hello.
const protocol = 1

// A frame is a length (4 bytes, big endian) and that many bytes. The worker
// begins with a hello. A question is two frames, the ask and the event as it
// is; an answer is one.
const maxFrame = MaxEvent + 1<<10

type hello struct {
	Worker   string `json:"worker"`
	Protocol int    `json:"protocol"`
}

// workerName keeps the hello of a worker apart from anything else that prints.
const workerName = "kici-expr"

type ask struct {
	Kind       Kind   `json:"kind"`
	Expression string `json:"expression"`
}

// fate is how an evaluation ended.
type fate string

const (
	fateValue  fate = ""
	fateTime   fate = "time"
	fateMemory fate = "memory"
	fateThrown fate = "thrown"
	fateShape  fate = "shape"
	fateBroken fate = "broken" // the question made no sense
)

type answer struct {
	Fate    fate            `json:"fate,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Message string          `json:"message,omitempty"`
}

var errFrame = errors.New("expr: malformed frame")

func appendFrame(b, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(body))), body...)
}

// send writes a message as one frame.
func send(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(appendFrame(make([]byte, 0, len(body)+4), body))
	return err
}

func readFrame(r *bufio.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxFrame {
		return nil, fmt.Errorf("%w: %d bytes", errFrame, n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, errors.Join(errFrame, err)
	}
	return body, nil
}

func receive(r *bufio.Reader, v any) error {
	body, err := readFrame(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return errors.Join(errFrame, err)
	}
	return nil
}
