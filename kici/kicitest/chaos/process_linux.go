package chaos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one of the product's programs, which is started again and again.
type process struct {
	name    string
	program string
	dir     string
	env     func() []string
	rec     *recorder

	mu     sync.Mutex // guards what follows
	cmd    *exec.Cmd
	over   chan struct{} // closed when it has ended
	code   int
	lines  []string // of its last life
	more   chan struct{}
	log    io.WriteCloser
	paused bool
}

// keptLines bounds what is remembered of a log; all of it is in a file.
const keptLines = 4000

// start begins a life. The log of each goes to one file, life after life, beside
// the process's own folder: that one's disk may be full.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("chaos: %s runs already", p.name)
	}
	log, err := os.OpenFile(filepath.Join(filepath.Dir(p.dir), p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	cmd := exec.Command(p.program)
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdout = p.dir, p.env(), write, write
	// A group of its own, so that a terminal's interrupt reaches only the harness,
	// which then ends it in order; and it dies with us, however we do.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd, p.over, p.lines, p.more, p.log, p.paused = cmd, make(chan struct{}), nil, make(chan struct{}), log, false
	started := make(chan error, 1)
	go p.own(cmd, read, write, started, p.over)
	if err := <-started; err != nil {
		p.cmd = nil
		return err
	}
	p.rec.add(Event{Kind: Started, Node: p.name})
	return nil
}

// own starts the program and waits for it on one thread: the signal of a
// parent's death is sent when the thread ends that started the child.
func (p *process) own(cmd *exec.Cmd, read, write *os.File, started chan<- error, over chan struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	_ = write.Close()
	if err != nil {
		_ = read.Close()
		started <- err
		return
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(read) })
	started <- nil
	err = cmd.Wait()
	// Children of a killed agent may hold the pipe for a moment longer.
	_ = read.SetReadDeadline(time.Now().Add(time.Second))
	reading.Wait()
	_ = read.Close()
	var exit *exec.ExitError
	p.mu.Lock()
	defer p.mu.Unlock()
	p.code = 0
	if errors.As(err, &exit) {
		p.code = exit.ExitCode()
	}
	p.cmd = nil
	_ = p.log.Close()
	p.rec.add(Event{Kind: Ended, Node: p.name, Status: p.code})
	close(over)
}

func (p *process) read(from io.Reader) {
	s := bufio.NewScanner(from)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		if strings.Contains(line, `"msg":"ready"`) || strings.Contains(line, `"message":"ready"`) {
			p.rec.add(Event{Kind: Ready, Node: p.name})
		}
		p.mu.Lock()
		_, _ = io.WriteString(p.log, line+"\n")
		if p.lines = append(p.lines, line); len(p.lines) > keptLines {
			p.lines = p.lines[keptLines/2:]
		}
		close(p.more)
		p.more = make(chan struct{})
		p.mu.Unlock()
	}
}

// says waits for a line of this life that holds a text.
func (p *process) says(ctx context.Context, text string) (string, error) {
	for {
		p.mu.Lock()
		lines, more, over, running := p.lines, p.more, p.over, p.cmd != nil
		p.mu.Unlock()
		for _, l := range lines {
			if strings.Contains(l, text) {
				return l, nil
			}
		}
		if !running {
			return "", fmt.Errorf("chaos: %s ended with %d and did not say %q: %s", p.name, p.code, text, strings.Join(lines, "\n"))
		}
		select {
		case <-more:
		case <-over:
		case <-ctx.Done():
			return "", fmt.Errorf("chaos: %s does not say %q: %w: %s", p.name, text, context.Cause(ctx), strings.Join(lines, "\n"))
		}
	}
}

// signal sends one to the process, if there is one.
func (p *process) signal(s syscall.Signal) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return false
	}
	return p.cmd.Process.Signal(s) == nil
}

// kill ends it with signal 9 and waits.
func (p *process) kill() bool {
	p.mu.Lock()
	over := p.over
	p.mu.Unlock()
	if !p.signal(syscall.SIGKILL) {
		return false
	}
	<-over
	return true
}

// stop asks it to end and waits for that; who does not is killed.
func (p *process) stop(ctx context.Context) error {
	p.mu.Lock()
	over := p.over
	p.mu.Unlock()
	if !p.signal(syscall.SIGTERM) {
		return nil
	}
	select {
	case <-over:
	case <-ctx.Done():
		p.kill()
		return fmt.Errorf("%s does not end when it is asked to", p.name)
	}
	if p.code != 0 {
		return fmt.Errorf("%s ended with %d when it was asked to", p.name, p.code)
	}
	return nil
}

// pid is that of the running process, or 0.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *process) running() bool { return p.pid() != 0 }

// family lists a process and everything below it, as of now.
func family(root int) []int {
	children := map[int][]int{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if parent := parentOf(pid); parent > 0 {
			children[parent] = append(children[parent], pid)
		}
	}
	out := []int{root}
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i]]...)
	}
	return out
}

func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// pid (name) state parent …, and a name may hold anything.
	_, rest, ok := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// freeze stops a process and all below it, or lets them go on.
func freeze(root int, stop bool) {
	s := syscall.SIGCONT
	if stop {
		s = syscall.SIGSTOP
	}
	for _, pid := range family(root) {
		_ = syscall.Kill(pid, s) // it may have ended
	}
}
