package author

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// lines shows a run while it happens: every line behind the name of its job,
// one colour a job. Jobs run side by side, so the half line of a job waits
// until its end is here, and no two jobs ever share a line.
type lines struct {
	style cli.Style
	quiet bool
	heard func(line string) // called with every line, for tests that wait for one
	tree  *tree             // set on a terminal: then jobs are shown there, and only say scrolls

	mu   sync.Mutex // guards everything below, and the order of writes
	out  *bufio.Writer
	jobs map[string]*lane
	err  error
}

type lane struct {
	prefix []byte
	half   []byte
}

// longestHalf bounds what waits for the end of a line; a job that prints
// without line ends is shown in pieces of this size.
const longestHalf = 64 << 10

func newLines(w io.Writer, style cli.Style, quiet bool) *lines {
	return &lines{style: style, quiet: quiet, out: bufio.NewWriterSize(w, 256<<10), jobs: map[string]*lane{}}
}

// say prints a line that belongs to no job.
func (l *lines) say(format string, args ...any) {
	if l.quiet {
		return
	}
	if l.tree != nil {
		l.tree.say(fmt.Sprintf(format, args...))
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, format+"\n", args...)
	l.flush()
}

// tell prints a line of a job's own story (started, step, outcome).
func (l *lines) tell(job, format string, args ...any) {
	if l.quiet {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.lane(job)
	l.finishHalf(lane)
	for _, line := range bytes.Split([]byte(fmt.Sprintf(format, args...)), []byte("\n")) {
		l.line(lane, line)
	}
	l.flush()
}

// output prints what a job's step wrote. It blocks as long as the terminal
// does: a fast child is slowed by a slow reader, and nothing is lost.
func (l *lines) output(job string, p []byte) {
	if l.quiet {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	lane := l.lane(job)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			break
		}
		if len(lane.half) > 0 {
			lane.half = append(lane.half, p[:i]...)
			l.line(lane, lane.half)
			lane.half = lane.half[:0]
		} else {
			l.line(lane, p[:i])
		}
		p = p[i+1:]
	}
	lane.half = append(lane.half, p...)
	if len(lane.half) > longestHalf {
		l.finishHalf(lane)
	}
	l.flush()
}

// close shows what is left of half lines and reports the first write error.
func (l *lines) close() error {
	if l.tree != nil {
		return l.tree.close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lane := range l.jobs {
		l.finishHalf(lane)
	}
	l.flush()
	return l.err
}

func (l *lines) lane(job string) *lane {
	found := l.jobs[job]
	if found == nil {
		found = &lane{prefix: []byte(l.style.Lane(len(l.jobs), "["+job+"]") + " ")}
		l.jobs[job] = found
	}
	return found
}

func (l *lines) finishHalf(lane *lane) {
	if len(lane.half) > 0 {
		l.line(lane, lane.half)
		lane.half = lane.half[:0]
	}
}

// line writes one line; a progress bar that redraws itself with carriage
// returns is shown as it stood last.
func (l *lines) line(lane *lane, text []byte) {
	text = bytes.TrimSuffix(text, []byte("\r"))
	if i := bytes.LastIndexByte(text, '\r'); i >= 0 {
		text = text[i+1:]
	}
	if l.heard != nil {
		l.heard(string(text))
	}
	l.out.Write(lane.prefix)
	l.out.Write(text)
	l.out.WriteByte('\n')
}

func (l *lines) flush() {
	if err := l.out.Flush(); err != nil && l.err == nil {
		l.err = err
	}
}
