package author

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// tree shows a run on a terminal: what runs now at the bottom, a line a job
// with its step, its time and the last thing it printed; what has ended above,
// in one line, or with the end of its output when it failed.
type tree struct {
	style  cli.Style
	screen *cli.Screen
	now    func() time.Time

	mu      sync.Mutex // guards everything below
	jobs    []*branch  // those that run, in the order in which they started
	planned int        // jobs of this workflow, 0 when not known yet
	ended   int
	frame   int

	stop, stopped chan struct{}
}

// branch is a running job.
type branch struct {
	name, step string
	began      time.Time
	tail       []byte // the end of its output, from somewhere in a line on
}

// kept is how much of a job's output is remembered, tailLines how many lines of
// it a failed job shows.
const (
	kept      = 8 << 10
	tailLines = 8
)

// redraw is the time between two pictures.
const redraw = 100 * time.Millisecond

func newTree(style cli.Style, screen *cli.Screen, now func() time.Time) *tree {
	return &tree{style: style, screen: screen, now: now}
}

// start lets clocks run; close ends it.
func (t *tree) start() {
	t.stop, t.stopped = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(t.stopped)
		ticker := time.NewTicker(redraw)
		defer ticker.Stop()
		for {
			select {
			case <-t.stop:
				return
			case <-ticker.C:
				t.tick()
			}
		}
	}()
}

// close takes the picture away; what scrolled by stays.
func (t *tree) close() error {
	if t.stop != nil {
		close(t.stop)
		<-t.stopped
		t.stop = nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.jobs = nil
	return t.screen.Draw(nil)
}

func (t *tree) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frame++
	t.draw()
}

// say shows a line that belongs to no job.
func (t *tree) say(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.screen.Above(text)
	t.draw()
}

// workflow begins the count anew.
func (t *tree) workflow(jobs int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.planned, t.ended = jobs, 0
}

func (t *tree) jobStarted(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.jobs = append(t.jobs, &branch{name: name, began: t.now()})
	t.draw()
}

func (t *tree) stepStarted(job, step string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b := t.find(job); b != nil {
		b.step = step
	}
}

// output keeps the end of what a job prints. A child that floods costs no more
// than one that whispers: only the last bytes are looked at.
func (t *tree) output(job string, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.find(job)
	if b == nil {
		return
	}
	if len(p) >= kept {
		b.tail = append(b.tail[:0], p[len(p)-kept:]...)
		return
	}
	b.tail = append(b.tail, p...)
	if len(b.tail) > 2*kept {
		b.tail = append(b.tail[:0], b.tail[len(b.tail)-kept:]...)
	}
}

// jobEnded moves a job out of the picture and leaves lines about it above.
// Without a text (a job of our own that went well) nothing stays.
func (t *tree) jobEnded(name, text string, withTail, counts bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for i, b := range t.jobs {
		if b.name == name {
			lines = b.lines(tailLines)
			t.jobs = append(t.jobs[:i:i], t.jobs[i+1:]...)
			break
		}
	}
	if counts {
		t.ended++
	}
	if text != "" {
		t.screen.Above(text)
	}
	for _, line := range lines {
		if withTail {
			t.screen.Above("    " + t.style.Dim("│") + " " + line)
		}
	}
	t.draw()
}

func (t *tree) find(name string) *branch {
	for _, b := range t.jobs {
		if b.name == name {
			return b
		}
	}
	return nil
}

// draw must be called with the lock held. A terminal that is gone is noticed
// when the tree is closed.
func (t *tree) draw() {
	width, height := t.screen.Size()
	_ = t.screen.Draw(t.picture(width, height))
}

// picture is the lines at the bottom.
func (t *tree) picture(width, height int) []string {
	if len(t.jobs) == 0 {
		return nil
	}
	shown := t.jobs
	if len(shown) > height-1 { // a line is for the count
		shown = shown[:max(height-1, 0)]
	}
	longest := 0
	for _, b := range shown {
		longest = max(longest, cli.Columns(b.name))
	}
	longest = min(longest, max(width/3, 12))
	var lines []string
	for _, b := range shown {
		lines = append(lines, t.line(b, longest, width))
	}
	return append(lines, cli.Fit(t.style.Dim(t.count(len(t.jobs)-len(shown))), width))
}

var spinner = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

func (t *tree) line(b *branch, longest, width int) string {
	name := cli.Fit(cli.Visible(b.name), longest)
	pad := strings.Repeat(" ", max(0, longest-cli.Columns(name)))
	left := fmt.Sprintf("%s %s%s %6s", t.style.Cyan(string(spinner[t.frame%len(spinner)])), t.style.Bold(name), pad, elapsed(t.now().Sub(b.began)))
	rest := cli.Visible(b.step)
	if last := b.lines(1); len(last) > 0 {
		rest += " " + t.style.Dim("│ "+last[0])
	}
	room := width - cli.Columns(left) - 2
	if room < 8 || rest == "" {
		return cli.Fit(left, width)
	}
	return left + "  " + cli.Fit(rest, room)
}

func (t *tree) count(hidden int) string {
	text := fmt.Sprintf("  %d running", len(t.jobs))
	if hidden > 0 {
		text += fmt.Sprintf(" (%d not shown)", hidden)
	}
	if t.ended > 0 {
		text += fmt.Sprintf(", %d done", t.ended)
	}
	own := 0
	for _, b := range t.jobs {
		if !ownJob(b.name) {
			own++
		}
	}
	if waiting := t.planned - t.ended - own; waiting > 0 {
		text += fmt.Sprintf(", %d waiting", waiting)
	}
	return text
}

// lines are the last n lines that are not empty, fit to be shown.
func (b *branch) lines(n int) []string {
	var out []string
	rest := b.tail
	for len(rest) > 0 && len(out) < n {
		i := bytes.LastIndexByte(rest, '\n')
		line := bytes.TrimRight(rest[i+1:], "\r")
		rest = rest[:max(i, 0)]
		if j := bytes.LastIndexByte(line, '\r'); j >= 0 {
			line = line[j+1:] // a progress bar, as it stood last
		}
		if text := strings.TrimRight(cli.Visible(string(line)), " "); text != "" {
			out = append([]string{text}, out...)
		}
	}
	return out
}

// elapsed is a duration in at most six columns.
func elapsed(d time.Duration) string {
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}
