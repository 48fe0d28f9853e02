package runner

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/kici-dev/kici-go/executor/proc"
)

// Process is the process of a child, wherever it runs: here, or in a container.
type Process interface {
	Stdin() io.WriteCloser // its end of file asks the child to leave
	Stdout() io.ReadCloser
	Kill()                 // ends it at once; does not wait
	Done() <-chan struct{} // closed when it has ended
	Err() error            // how it ended, nil for well; asked after Done
}

// Launcher starts a child somewhere. What the child writes to its standard
// error goes to stderr. The end of ctx ends the starting, not the process.
type Launcher func(ctx context.Context, stderr io.Writer) (Process, error)

// launch starts a child that runs jobs on this machine.
func (c Command) launch(ctx context.Context, stderr io.Writer) (Process, error) {
	return c.Launcher(ChildArg)(ctx, stderr)
}

// Launcher makes the Launcher that starts c on this machine as another kind of
// child, which arg as its last argument tells it to be.
func (c Command) Launcher(arg string) Launcher {
	return func(_ context.Context, stderr io.Writer) (Process, error) { return c.start(arg, stderr) }
}

func (c Command) start(arg string, stderr io.Writer) (Process, error) {
	argv, err := c.argv(arg)
	if err != nil {
		return nil, err
	}
	environ, err := c.environ()
	if err != nil {
		return nil, err
	}
	p := &hostProcess{cmd: exec.Command(argv[0], argv[1:]...), exited: make(chan struct{})}
	p.cmd.Env = environ
	p.cmd.Stderr = stderr
	// A grandchild that inherited the child's stderr must not hold us up.
	p.cmd.WaitDelay = time.Second
	detach(p.cmd)
	return p, p.start()
}

// hostProcess is a child on this machine.
type hostProcess struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	exited chan struct{} // closed after the process is reaped
	state  error         // how it ended; read after exited
}

var _ Process = (*hostProcess)(nil)

func (p *hostProcess) Stdin() io.WriteCloser { return p.in }
func (p *hostProcess) Stdout() io.ReadCloser { return p.out }
func (p *hostProcess) Pid() int              { return p.cmd.Process.Pid }

// State tells what the process used; nil before Done.
func (p *hostProcess) State() *os.ProcessState {
	<-p.exited
	return p.cmd.ProcessState
}
func (p *hostProcess) Kill()                 { _ = proc.KillTree(p.cmd.Process) }
func (p *hostProcess) Done() <-chan struct{} { return p.exited }
func (p *hostProcess) Err() error            { return p.state }

// start runs the process on a goroutine of its own, which stays on its thread
// until the process has ended (see pin). We hold our ends of the pipes as
// files and not through exec's copying, so that a write that blocks is the
// reader's slowness and nothing else.
func (p *hostProcess) start() error {
	inR, inW, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("runner: %w", err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		inR.Close()
		inW.Close()
		return fmt.Errorf("runner: %w", err)
	}
	p.cmd.Stdin, p.cmd.Stdout = inR, outW
	p.in, p.out = inW, outR
	started := make(chan error, 1)
	go func() {
		defer pin()()
		defer close(p.exited)
		err := p.cmd.Start()
		inR.Close()
		outW.Close()
		started <- err
		if err == nil {
			p.state = p.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		inW.Close()
		outR.Close()
		<-p.exited
		return fmt.Errorf("runner: start child: %w", err)
	}
	return nil
}
