package logs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/kici-dev/kici-go/engine"
)

// blockSize bounds the text of a chunk, and so a chunk, to well below 256 KiB.
// Twice as much compresses by one in a hundred better and takes a third longer:
// the compressor's tables then leave the processor's nearest cache.
const blockSize = 120 << 10

// block is some lines: their text, each ended by a line feed, and when they
// came, by groups that came together.
type block struct {
	lines  int
	groups []group
	text   []byte
	space  []byte // of chunk
}

type group struct {
	lines int
	at    time.Time
}

func (b *block) add(line string, at time.Time) {
	b.text = append(append(b.text, line...), '\n')
	b.count(1, at)
}

func (b *block) count(lines int, at time.Time) {
	b.lines += lines
	if n := len(b.groups); n > 0 && b.groups[n-1].at.Equal(at) {
		b.groups[n-1].lines += lines
		return
	}
	b.groups = append(b.groups, group{lines, at})
}

// join adds the lines of another block.
func (b *block) join(o *block) {
	b.text = append(b.text, o.text...)
	for _, g := range o.groups {
		b.count(g.lines, g.at)
	}
}

// times writes the groups: how many, then of each its lines and the time since
// the group before, in microseconds.
func (b *block) times(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(b.groups)))
	last := int64(0)
	for _, g := range b.groups {
		at := g.at.UnixMicro()
		to = binary.AppendVarint(binary.AppendUvarint(to, uint64(g.lines)), at-last)
		last = at
	}
	return to
}

// readTimes is the other way.
func (b *block) readTimes(from []byte) error {
	bad := fmt.Errorf("%w: times", ErrDamaged)
	n, w := binary.Uvarint(from)
	if w <= 0 || n > uint64(len(from)) {
		return bad
	}
	from = from[w:]
	last := int64(0)
	for range n {
		lines, w := binary.Uvarint(from)
		if w <= 0 || lines == 0 || lines > 1<<30 {
			return bad
		}
		since, v := binary.Varint(from[w:])
		if v <= 0 {
			return bad
		}
		from = from[w+v:]
		last += since
		b.count(int(lines), time.UnixMicro(last).UTC())
	}
	if len(from) > 0 {
		return bad
	}
	return nil
}

// chunk is the block as it lies in the store: the text, the times, and how long
// those are in four bytes. The text stays as it is for the next one, and so does
// the space in which it was compressed.
func (b *block) chunk() []byte {
	plain := b.times(b.text)
	plain = binary.LittleEndian.AppendUint32(plain, uint32(len(plain)-len(b.text)))
	b.text = plain[:len(b.text)]
	b.space = s2.Encode(b.space[:cap(b.space)], plain)
	return bytes.Clone(b.space)
}

// reset empties the block and keeps its space.
func (b *block) reset() {
	b.lines, b.groups, b.text = 0, b.groups[:0], b.text[:0]
}

// unpack reads a chunk and compares it with what its row says.
func unpack(c *engine.Chunk) (*block, error) {
	damaged := func(how string) error {
		return fmt.Errorf("%w: chunk of attempt %s, step %d, line %d: %s", ErrDamaged, c.Attempt, c.Step, c.First, how)
	}
	n, err := s2.DecodedLen(c.Data)
	if err != nil || n > 4*blockSize { // before anything is allocated
		return nil, damaged("not S2")
	}
	plain, err := s2.Decode(nil, c.Data)
	if err != nil {
		return nil, damaged(err.Error())
	}
	end := len(plain) - 4
	if end < 0 {
		return nil, damaged("cut")
	}
	n = end - int(binary.LittleEndian.Uint32(plain[end:]))
	if n < 0 {
		return nil, damaged("cut")
	}
	b := block{text: plain[:n]}
	if err := b.readTimes(plain[n:end]); err != nil {
		return nil, damaged("its times")
	}
	if b.lines != c.Lines || len(b.text) != c.Bytes {
		return nil, damaged("not as long as it says")
	}
	return &b, nil
}

// each gives the lines from a number on; first is that of the block's first one.
func (b *block) each(step int, first, from int64, yield func(Line) bool) error {
	text := string(b.text) // once: lines are parts of it
	number := first
	for _, g := range b.groups {
		for range g.lines {
			end := strings.IndexByte(text, '\n')
			if end < 0 {
				return fmt.Errorf("%w: step %d has no line %d", ErrDamaged, step, number)
			}
			if number >= from && !yield(Line{Step: step, Number: number, Text: text[:end], At: g.at}) {
				return nil
			}
			text = text[end+1:]
			number++
		}
	}
	return nil
}
