package runner

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/kici-dev/kici-go/executor"
)

// A frame is a length (4 bytes, big endian, of what follows), a type byte and
// a body.
const (
	frameMessage byte = 'M' // JSON
	frameLog     byte = 'L' // row (4 bytes, big endian, signed), stream, output
	frameRaw     byte = 'R' // bytes that the message before announced
)

const (
	maxFrame  = 64 << 20 // a bundle may be large; output is cut below
	logChunk  = 256 << 10
	logHeader = 5
)

// errFrame: the other side does not speak our language.
var errFrame = errors.New("runner: malformed frame")

// wire is one end of a connection. Reads have one reader; writes may come from
// anywhere.
type wire struct {
	r    *bufio.Reader
	body []byte // reused by read

	mu  sync.Mutex // guards w and out
	w   io.Writer
	out []byte
}

func newWire(r io.Reader, w io.Writer) *wire {
	return &wire{r: bufio.NewReaderSize(r, 64<<10), w: w}
}

// read returns the next frame; the body is valid until the next call.
func (c *wire) read() (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:4])
	kind = head[4]
	if n < 1 || n > maxFrame || (kind != frameMessage && kind != frameLog && kind != frameRaw) {
		return 0, nil, fmt.Errorf("%w: type %q, %d bytes", errFrame, kind, n)
	}
	n--
	if cap(c.body) < int(n) {
		c.body = make([]byte, n)
	}
	c.body = c.body[:n]
	if _, err := io.ReadFull(c.r, c.body); err != nil {
		return 0, nil, noEOF(err)
	}
	if cap(c.body) > 1<<20 { // a large bundle must not stay in memory as a buffer
		body, c.body = c.body, nil
		return kind, body, nil
	}
	return kind, c.body, nil
}

// noEOF: an end inside a frame is not an orderly end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *wire) send(m message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("runner: encode %s: %w", m.Type, err)
	}
	return c.frame(frameMessage, nil, body)
}

func (c *wire) raw(body []byte) error { return c.frame(frameRaw, nil, body) }

func (c *wire) log(row int, stream executor.Stream, p []byte) error {
	var head [logHeader]byte
	binary.BigEndian.PutUint32(head[:4], uint32(int32(row)))
	head[4] = byte(stream)
	for len(p) > 0 {
		n := min(len(p), logChunk)
		if err := c.frame(frameLog, head[:], p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// frame writes head and body as one frame with one system call, so that a
// frame is never torn by another writer and small ones cost little.
func (c *wire) frame(kind byte, head, body []byte) error {
	n := 1 + len(head) + len(body)
	if n > maxFrame {
		return fmt.Errorf("%w: %d bytes are too many", errFrame, n)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = binary.BigEndian.AppendUint32(c.out[:0], uint32(n))
	c.out = append(c.out, kind)
	c.out = append(c.out, head...)
	if len(body) > 1<<20 {
		if _, err := c.w.Write(c.out); err != nil {
			return err
		}
		_, err := c.w.Write(body)
		return err
	}
	c.out = append(c.out, body...)
	_, err := c.w.Write(c.out)
	return err
}

// splitLog takes a log frame's body apart.
func splitLog(body []byte) (row int, stream executor.Stream, p []byte, err error) {
	if len(body) < logHeader {
		return 0, 0, nil, errFrame
	}
	row = int(int32(binary.BigEndian.Uint32(body)))
	stream = executor.Stream(body[4])
	if stream != executor.Stdout && stream != executor.Stderr {
		return 0, 0, nil, errFrame
	}
	return row, stream, body[logHeader:], nil
}
