package proc

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// process is a command that a Host started.
type process struct {
	host    *Host
	seq     uint64
	os      *os.Process
	pid     int // leader of session and group
	group   group
	started time.Time
	stdin   *os.File
	outputs []*output

	over chan struct{} // closed when exit is set
	exit Exit

	mu     sync.Mutex // guards exited: no signal may go to a reaped pid's group by mistake
	exited bool
}

// launch opens the pipes, starts the child and the goroutines that serve it.
func (h *Host) launch(seq uint64, c Command) (*process, error) {
	if len(c.Args) == 0 {
		return nil, &StartError{Dir: c.Dir, Err: errors.New("empty command")}
	}
	p := &process{host: h, seq: seq, over: make(chan struct{})}
	ends, err := p.pipes(c)
	if err != nil {
		return nil, &StartError{File: c.Args[0], Dir: c.Dir, Err: err}
	}
	defer closeAll(slices.DeleteFunc(slices.Clone(ends), c.owns))
	ends = append(ends, c.Extra...)
	file, err := look(c.Args[0], c.Dir, c.Env)
	if err == nil {
		err = checkDir(c.Dir)
	}
	argv := c.Args
	if c.Argv0 != "" {
		argv = append([]string{c.Argv0}, c.Args[1:]...)
	}
	if err == nil {
		attr := &os.ProcAttr{Dir: c.Dir, Env: h.env(c.Env, seq), Files: ends, Sys: sysAttr()}
		p.started = time.Now()
		p.os, err = h.family.born(p, func() (*os.Process, error) {
			return h.onThread(func() (*os.Process, error) { return os.StartProcess(file, argv, attr) })
		})
	}
	if err != nil {
		p.closeOutputs()
		if p.stdin != nil {
			p.stdin.Close()
		}
		return nil, &StartError{File: c.Args[0], Dir: c.Dir, Err: plain(err)}
	}
	p.pid = p.os.Pid
	p.group = openGroup(p.os)
	h.remember(p)
	h.busy.Add(1 + len(p.outputs))
	for _, o := range p.outputs {
		go o.pump(&h.busy)
	}
	go p.reap()
	return p, nil
}

// pipes opens what the command asks for and returns the child's three ends.
func (p *process) pipes(c Command) (ends []*os.File, err error) {
	defer func() {
		if err != nil {
			closeAll(slices.DeleteFunc(ends, c.owns))
			p.closeOutputs()
		}
	}()
	var null *os.File
	need := func() (*os.File, error) {
		if null == nil {
			if null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
				return nil, err
			}
		}
		return null, nil
	}
	in, err := (*os.File)(nil), error(nil)
	if c.Stdin {
		in, p.stdin, err = os.Pipe()
	} else {
		in, err = need()
	}
	if err != nil {
		return ends, err
	}
	ends = append(ends, in)
	for _, w := range []io.Writer{c.Stdout, c.Stderr} {
		var out *os.File
		if w == nil {
			out, err = need()
		} else if f, ok := w.(*os.File); ok {
			out = f
		} else {
			var r *os.File
			if r, out, err = os.Pipe(); err == nil {
				p.outputs = append(p.outputs, &output{stream: len(ends), from: r, to: w, done: make(chan struct{})})
			}
		}
		if err != nil {
			return ends, err
		}
		ends = append(ends, out)
	}
	return ends, nil
}

// owns: the file is the caller's and not ours to close.
func (c Command) owns(f *os.File) bool {
	out, _ := c.Stdout.(*os.File)
	err, _ := c.Stderr.(*os.File)
	return f == out || f == err
}

// reap waits for the leader, then for its output, then publishes the exit.
func (p *process) reap() {
	defer p.host.busy.Done()
	state, err := p.os.Wait()
	p.mu.Lock()
	p.exited = true
	p.mu.Unlock()
	p.host.family.buried(p)
	took := time.Since(p.started)
	p.linger()
	p.exit = exitOf(state, err)
	p.exit.Duration = took
	close(p.over)
	if p.stdin != nil {
		p.stdin.Close()
	}
	for _, o := range p.outputs {
		<-o.done // a daemon's output: only Close and Terminate hurry it
	}
	p.host.forget(p)
	p.group.close()
}

func (p *process) Pid() int { return p.pid }

func (p *process) Stdin() io.WriteCloser {
	if p.stdin == nil {
		return nil
	}
	return p.stdin
}

func (p *process) Wait() Exit {
	<-p.over
	return p.exit
}

func (p *process) Signal(s Signal) error {
	p.mu.Lock()
	gone := p.exited
	p.mu.Unlock()
	if gone {
		return ErrFinished
	}
	return p.group.signal(s)
}

func (p *process) StopOutput(stream int) {
	for _, o := range p.outputs {
		if o.stream == stream {
			o.from.Close()
		}
	}
}

func (p *process) closeOutputs() {
	for _, o := range p.outputs {
		o.from.Close()
	}
}

// closeAll closes every file once; the null device may stand several times.
func closeAll(files []*os.File) {
	for i, f := range files {
		if i == 0 || f != files[i-1] {
			f.Close()
		}
	}
}

// checkDir tells a missing folder from a missing program: the system reports
// both as "no such file", against the program.
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	st, err := os.Stat(dir)
	if err == nil && !st.IsDir() {
		return &os.PathError{Op: "chdir", Path: dir, Err: errNotDir}
	}
	if err != nil {
		return err
	}
	return nil
}

// look finds a program in the PATH of the command's own environment, which
// exec.LookPath does not: it reads the one of this process.
func look(file, dir string, env []string) (string, error) {
	if strings.ContainsAny(file, slashes) {
		if !filepath.IsAbs(file) && dir != "" {
			return filepath.Join(dir, file), nil
		}
		return file, nil
	}
	for _, d := range filepath.SplitList(pathOf(env)) {
		if d == "" {
			d = "."
		}
		if !filepath.IsAbs(d) {
			d = filepath.Join(dir, d)
		}
		if full, ok := executable(filepath.Join(d, file), env); ok {
			return full, nil
		}
	}
	return "", os.ErrNotExist
}

func pathOf(env []string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(env[i], "="); ok && sameName(k, "PATH") {
			return v
		}
	}
	return defaultPath
}

// plain strips os's wrapping, whose text repeats the file name.
func plain(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) && pe.Op != "chdir" && !strings.HasPrefix(pe.Op, "stat") {
		return pe.Err
	}
	return err
}

var _ Process = (*process)(nil)
