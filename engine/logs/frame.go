package logs

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine"
)

// Frame is some lines of a step, as an agent sends them.
type Frame struct {
	Step  int // -1: the prepare bucket
	Seq   int64
	Lines []string
	At    time.Time
}

// Line is a line of a log.
type Line struct {
	Step   int
	Number int64 // within the step, from 0
	Text   string
	At     time.Time // of the frame it came in
}

// MaxBytes is how much text of one step is stored at most. The agent's own cap
// is far below; what an agent sends beyond this is not kept.
const MaxBytes = 1 << 30

// ErrFrame says that frames are not numbered as they should be.
var ErrFrame = errors.New("logs: bad frame")

// ErrDamaged says that what is stored cannot be read as a log.
var ErrDamaged = errors.New("logs: the stored log is damaged")

// Batch is frames that are packed and may be stored.
type Batch struct {
	parts []part
	err   error
}

// part is consecutive frames of one step. packed are their chunks, which lack
// only the places in the log that nobody knows before the transaction.
type part struct {
	step   int
	frames []Frame
	packed []engine.Chunk
}

// Pack packs frames in their order. Line breaks within a line make it several,
// and so does a length that no chunk can hold.
func Pack(frames []Frame) *Batch {
	b := &Batch{}
	last := map[int]int64{}
	for i, f := range frames {
		if f.Seq < 1 {
			b.err = fmt.Errorf("%w: frames of step %d are numbered from 1, got %d", ErrFrame, f.Step, f.Seq)
			return b
		}
		if f.Seq <= last[f.Step] { // twice in one batch
			continue
		}
		last[f.Step] = f.Seq
		if n := len(b.parts); n > 0 && b.parts[n-1].step == f.Step {
			b.parts[n-1].frames = append(b.parts[n-1].frames, f)
		} else {
			b.parts = append(b.parts, part{step: f.Step, frames: frames[i : i+1 : i+1]})
		}
	}
	for i := range b.parts {
		b.parts[i].packed = pack(b.parts[i].frames)
	}
	return b
}

// pack makes chunks of frames of one step, the first of them at line 0.
func pack(frames []Frame) []engine.Chunk {
	var out []engine.Chunk
	var end engine.LogEnd
	var open block
	flush := func() {
		if open.lines == 0 {
			return
		}
		c := engine.Chunk{First: end.Lines, Lines: open.lines, Seq: end.Seq, Offset: end.Bytes, Bytes: len(open.text), At: open.groups[0].at, Data: open.chunk()}
		out = append(out, c)
		end = c.End()
		open.reset()
	}
	for _, f := range frames {
		for _, line := range f.Lines {
			for rest, more := line, true; more; {
				line, rest, more = cut(rest)
				if len(open.text)+len(line)+1 > blockSize {
					flush()
				}
				open.add(line, f.At)
				end.Seq = f.Seq
			}
		}
	}
	flush()
	return out
}

// cut takes from a line what may be one.
func cut(line string) (first, rest string, more bool) {
	first = line
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		first, rest, more = line[:i], line[i+1:], true
	}
	if len(first) < blockSize {
		return first, rest, more
	}
	n := blockSize - 1
	for i := n; i > n-utf8.UTFMax; i-- { // not through a character
		if utf8.RuneStart(first[i]) {
			n = i
			break
		}
	}
	return line[:n], line[n:], true
}
