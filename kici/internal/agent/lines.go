package agent

import (
	"bytes"
	"context"
	"fmt"

	"github.com/kici-dev/kici-go/executor"
)

// maxLine is where a line that does not end is cut.
const maxLine = 64 << 10

// lines cuts the output of a job into lines and bounds what is kept of each row.
// It is used by one goroutine at a time, as a Sink is.
type lines struct {
	out   *outbox
	limit int64
	open  map[lineKey][]byte // the last line of each stream, not ended yet
	kept  map[int]int64      // bytes, by row
	full  map[int]bool       // rows whose notice was written
}

type lineKey struct {
	row    int
	stream executor.Stream
}

func newLines(out *outbox, limit int64) *lines {
	return &lines{out: out, limit: limit, open: map[lineKey][]byte{}, kept: map[int]int64{}, full: map[int]bool{}}
}

func (l *lines) write(ctx context.Context, row int, stream executor.Stream, p []byte) {
	if l.full[row] {
		return
	}
	key := lineKey{row, stream}
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		part, rest := p, []byte(nil)
		if end >= 0 {
			part, rest = p[:end], p[end+1:]
		}
		open := l.open[key]
		if room := maxLine - len(open); len(part) > room {
			l.line(ctx, row, append(open, part[:room]...))
			delete(l.open, key)
			p = p[room:]
			continue
		}
		if end < 0 {
			l.open[key] = append(open, part...)
			return
		}
		if len(open) > 0 {
			part = append(open, part...)
			delete(l.open, key)
		}
		l.line(ctx, row, part)
		p = rest
	}
}

// flush ends the lines that are open: their row is over.
func (l *lines) flush(ctx context.Context) {
	for _, stream := range []executor.Stream{executor.Stdout, executor.Stderr} {
		for key, text := range l.open {
			if key.stream == stream && len(text) > 0 {
				l.line(ctx, key.row, text)
			}
		}
	}
	clear(l.open)
	l.out.endRow()
}

func (l *lines) line(ctx context.Context, row int, text []byte) {
	if l.full[row] {
		return
	}
	text = bytes.TrimSuffix(text, []byte("\r"))
	l.kept[row] += int64(len(text)) + 1
	if l.kept[row] > l.limit {
		l.full[row] = true
		l.out.line(ctx, row, fmt.Sprintf("[TRUNCATED: log output exceeded %d bytes]", l.limit))
		return
	}
	l.out.line(ctx, row, string(text))
}
