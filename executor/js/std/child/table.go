package child

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kici-dev/kici-go/executor/js"
	"github.com/kici-dev/kici-go/executor/proc"
)

// Table is the primitives for a runtime in another process: commands and
// followers have numbers instead of handles, and everything else is the same
// code. It is safe for use by several goroutines.
type Table struct {
	o       TableOptions
	silence atomic.Bool
	busy    sync.WaitGroup

	mu        sync.Mutex // guards what follows
	last      int
	commands  map[int]*command
	followers map[int]*follower
	closed    bool
}

// TableOptions say where commands run and where they print.
type TableOptions struct {
	Options
	Dir     string
	Environ func() []string // the job's live environment
	Output  func(js.Stream, []byte)
}

// Spec is what to run, see child.d.ts.
type Spec struct {
	Args  []string           `json:"args"`
	Argv0 string             `json:"argv0"`
	Cwd   string             `json:"cwd"`
	Env   map[string]*string `json:"env"` // nil means the live one
	Stdin bool               `json:"stdin"`
}

// Exit is how a command ended, see child.d.ts.
type Exit struct {
	Code     *int    `json:"code"`
	Signal   *string `json:"signal"`
	Duration float64 `json:"duration"`
	Stopped  bool    `json:"stopped"`
	TimedOut bool    `json:"timedOut"`
}

// SyncOptions of SpawnSync.
type SyncOptions struct {
	Input      *string `json:"input"`
	Timeout    float64 `json:"timeout"` // ms, 0 none
	KillSignal string  `json:"killSignal"`
	EchoOut    bool    `json:"echoOut"`
	EchoErr    bool    `json:"echoErr"`
}

// StartFailure is a program that could not be started; Facts are the
// properties that Node's error would have.
type StartFailure struct {
	Facts map[string]any
	Err   error
}

func (e *StartFailure) Error() string { return e.Err.Error() }
func (e *StartFailure) Unwrap() error { return e.Err }

var errNoCommand = errors.New("child: no such command")

// NewTable returns an empty table.
func NewTable(o TableOptions) *Table {
	if o.Limit == 0 {
		o.Limit = Limit
	}
	return &Table{o: o, commands: map[int]*command{}, followers: map[int]*follower{}}
}

func (t *Table) start(ctx context.Context, s Spec) (*command, error) {
	spec := proc.Command{Args: s.Args, Argv0: s.Argv0, Dir: t.path(s.Cwd), Stdin: s.Stdin}
	if s.Env == nil {
		spec.Env = t.o.Environ()
	}
	for k, v := range s.Env {
		if v != nil {
			spec.Env = append(spec.Env, k+"="+*v)
		}
	}
	c := &command{out: newCapture(t.o.Limit), gate: make(chan struct{}), output: t.o.Output, silence: &t.silence}
	spec.Stdout, spec.Stderr = stream{c, stdout}, stream{c, stderr}
	p, err := t.o.Spawner.Start(ctx, spec)
	if err != nil {
		return nil, &StartFailure{Facts: startFacts(spec, err), Err: err}
	}
	c.proc = p
	if w := p.Stdin(); w != nil {
		c.in = &input{to: w, busy: &t.busy}
	}
	return c, nil
}

func (t *Table) path(p string) string {
	if p == "" {
		return t.o.Dir
	}
	if !filepath.IsAbs(p) {
		return filepath.Join(t.o.Dir, p)
	}
	return p
}

func (t *Table) keep(c *command) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.commands[t.last] = c
	return t.last
}

// Spawn starts a command; onEnd is called once, with its number, when it is over.
func (t *Table) Spawn(ctx context.Context, s Spec, onEnd func(int, Exit)) (id, pid int, err error) {
	c, err := t.start(ctx, s)
	if err != nil {
		return 0, 0, err
	}
	id = t.keep(c)
	t.busy.Add(1)
	go func() {
		defer t.busy.Done()
		exit := c.proc.Wait()
		c.finish()
		onEnd(id, exitFacts(c, exit))
	}()
	return id, c.proc.Pid(), nil
}

// SpawnSync runs a command to its end.
func (t *Table) SpawnSync(ctx context.Context, s Spec, o SyncOptions) (id, pid int, exit Exit, err error) {
	s.Stdin = o.Input != nil
	c, err := t.start(ctx, s)
	if err != nil {
		return 0, 0, exit, err
	}
	c.open(o.EchoOut, o.EchoErr)
	if c.in != nil {
		c.in.put(write{data: []byte(*o.Input), end: true})
	}
	sig := proc.TERM
	if o.KillSignal != "" {
		sig = proc.Signal(o.KillSignal)
	}
	ended, timedOut := c.waitSync(ctx, &t.busy, time.Duration(o.Timeout*float64(time.Millisecond)), sig)
	c.out.finish()
	exit = exitFacts(c, ended)
	exit.TimedOut = timedOut
	return t.keep(c), c.proc.Pid(), exit, nil
}

func exitFacts(c *command, e proc.Exit) Exit {
	out := Exit{Duration: float64(e.Duration.Microseconds()) / 1000, Stopped: c.stopped.Load()}
	if e.Signal != "" {
		name := string(e.Signal)
		out.Signal = &name
	} else {
		out.Code = &e.Code
	}
	return out
}

func (t *Table) command(id int) (*command, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.commands[id]; c != nil {
		return c, nil
	}
	return nil, errNoCommand
}

// Open lets output flow, see Handle.open.
func (t *Table) Open(id int, echoOut, echoErr bool) {
	if c, err := t.command(id); err == nil {
		c.open(echoOut, echoErr)
	}
}

// Write queues data, and the end of input after it; done gets "EPIPE" or "".
func (t *Table) Write(id int, data []byte, end bool, done func(code string)) {
	c, err := t.command(id)
	if err != nil || c.in == nil {
		done("EPIPE")
		return
	}
	c.in.put(write{data: data, end: end, done: func(err error) {
		if err != nil {
			done("EPIPE")
			return
		}
		done("")
	}})
}

// Idle ends the input soon, see Handle.idle.
func (t *Table) Idle(id int) {
	if c, err := t.command(id); err == nil && c.in != nil {
		c.in.idle()
	}
}

// TakeInput keeps the input open, see Handle.takeInput.
func (t *Table) TakeInput(id int) bool {
	c, err := t.command(id)
	return err != nil || c.in == nil || c.in.take()
}

// Kill is true when the signal was sent, false when the command was over.
func (t *Table) Kill(id int, signal string) (bool, error) {
	c, err := t.command(id)
	if err != nil {
		return false, nil
	}
	err = c.proc.Signal(proc.Signal(signal))
	if isFinished(err) {
		return false, nil
	}
	return err == nil, err
}

// Captured is what a stream has printed; lost when there was too much of it.
func (t *Table) Captured(id int, name string) (text string, lost bool, err error) {
	c, err := t.command(id)
	if err != nil {
		return "", false, err
	}
	text, err = c.out.read(streamNamed(name))
	if errors.Is(err, errLost) {
		return "", true, nil
	}
	return text, false, err
}

// Lost reports that output was dropped because the capture was full.
func (t *Table) Lost(id int, name string) bool {
	c, err := t.command(id)
	return err == nil && c.out.isLost(streamNamed(name))
}

func streamNamed(name string) int {
	switch name {
	case "stdout":
		return stdout
	case "stderr":
		return stderr
	}
	return all
}

// Follow reads a stream from its beginning; Next takes its number. Of a command
// that nobody knows there is nothing to read.
func (t *Table) Follow(id int, name string) (int, error) {
	c, err := t.command(id)
	if err != nil {
		return 0, nil
	}
	f, err := c.out.follow(streamNamed(name))
	if err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.followers[t.last] = f
	return t.last, nil
}

// Next waits for more bytes; nil at the end.
func (t *Table) Next(follower int) []byte {
	t.mu.Lock()
	f := t.followers[follower]
	t.mu.Unlock()
	if f == nil {
		return nil
	}
	return f.next()
}

// Unfollow ends a follower.
func (t *Table) Unfollow(follower int) {
	t.mu.Lock()
	f := t.followers[follower]
	delete(t.followers, follower)
	t.mu.Unlock()
	if f != nil {
		f.close()
	}
}

// Pipe feeds one command's stdout to the other's stdin.
func (t *Table) Pipe(from, to int) error {
	a, err := t.command(from)
	if err != nil {
		return err
	}
	b, err := t.command(to)
	if err != nil || b.in == nil {
		return errors.New("the command piped to takes no input")
	}
	f, err := a.out.follow(stdout)
	if err != nil {
		return err
	}
	t.busy.Add(1)
	go func() {
		defer t.busy.Done()
		feed(f, b.in.to, a.stop)
	}()
	return nil
}

// PipeFile writes a stream to a new file and returns when it has ended.
func (t *Table) PipeFile(id int, name, path string) error {
	c, err := t.command(id)
	if err != nil {
		return err
	}
	return c.toFile(streamNamed(name), t.path(path))
}

func (c *command) toFile(stream int, path string) error {
	f, err := c.out.follow(stream)
	if err != nil {
		return err
	}
	defer f.close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	for b := f.next(); b != nil && err == nil; b = f.next() {
		_, err = io.Writer(file).Write(b)
	}
	return errors.Join(err, file.Close())
}

// Stop closes our end of a command's stdout.
func (t *Table) Stop(id int) {
	if c, err := t.command(id); err == nil {
		c.stop()
	}
}

// Drop forgets a command that nobody can read any more.
func (t *Table) Drop(id int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.commands, id)
}

// Close kills what still runs and waits for every goroutine of the table.
func (t *Table) Close() {
	t.silence.Store(true)
	t.mu.Lock()
	commands, followers := t.commands, t.followers
	t.commands, t.followers, t.closed = map[int]*command{}, map[int]*follower{}, true
	t.mu.Unlock()
	for _, f := range followers {
		f.close()
	}
	for _, c := range commands {
		c.open(false, false)
		c.out.finish()
		_ = c.proc.Signal(proc.KILL)
		c.proc.StopOutput(stdout)
		c.proc.StopOutput(stderr)
	}
	t.busy.Wait()
}
