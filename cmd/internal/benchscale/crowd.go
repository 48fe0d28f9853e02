package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/kici/kicitest/rig"
)

// crowdCommand makes this program a process of agents.
const crowdCommand = "crowd"

// crowd is that process. It tells on its standard output how many agents are
// registered, "joined N", and what they got, "got JOB MICROSECONDS", and ends with
// its standard input.
func crowd(args []string) error {
	f := flag.NewFlagSet(crowdCommand, flag.ContinueOnError)
	c := &rig.Crowd{Labels: []string{"default"}}
	f.StringVar(&c.URL, "url", "", "of the orchestrator")
	f.StringVar(&c.Name, "name", "", "what ids begin with")
	f.IntVar(&c.Agents, "agents", 1, "how many")
	f.IntVar(&c.Slots, "slots", 1, "of each")
	f.IntVar(&c.LogLines, "lines", 0, "that every job logs")
	f.BoolVar(&c.Idle, "idle", false, "take jobs and never end them")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	var mu sync.Mutex
	out := bufio.NewWriter(os.Stdout)
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, format+"\n", args...)
		_ = out.Flush() // whoever started us may have gone
	}
	c.Got = func(job string, at time.Time) { say("got %s %d", job, at.UnixMicro()) }
	c.Joined = func(now int) { say("joined %d", now) }
	return c.Run(ctx)
}

// agency is processes of agents, seen from the process that measures.
type agency struct {
	mu       sync.Mutex
	joined   map[*exec.Cmd]int
	got      map[string]time.Time // when each job came, the last time
	changed  chan struct{}
	children []*exec.Cmd
	inputs   []io.Closer
	readers  sync.WaitGroup
}

func newAgency() *agency {
	return &agency{joined: map[*exec.Cmd]int{}, got: map[string]time.Time{}, changed: make(chan struct{}, 1)}
}

// hire starts a process of so many agents.
func (a *agency) hire(o *orchestrator, agents int, more ...string) error {
	name := fmt.Sprintf("p%d", len(a.children))
	cmd := exec.Command(os.Args[0], append([]string{crowdCommand, "-url", "ws://" + o.address + "/ws", "-name", name, "-agents", fmt.Sprint(agents)}, more...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	a.children, a.inputs = append(a.children, cmd), append(a.inputs, in)
	a.readers.Go(func() { a.read(cmd, bufio.NewScanner(out)) })
	return nil
}

func (a *agency) read(cmd *exec.Cmd, lines *bufio.Scanner) {
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		a.mu.Lock()
		switch {
		case len(f) == 2 && f[0] == "joined":
			a.joined[cmd], _ = strconv.Atoi(f[1])
		case len(f) == 3 && f[0] == "got":
			us, _ := strconv.ParseInt(f[2], 10, 64)
			a.got[f[1]] = time.UnixMicro(us)
		}
		a.mu.Unlock()
		select {
		case a.changed <- struct{}{}:
		default:
		}
	}
}

// until waits for something about what is known, which done looks at.
func (a *agency) until(ctx context.Context, what string, limit time.Duration, done func() bool) error {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for {
		a.mu.Lock()
		ok := done()
		a.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-a.changed:
		case <-time.After(time.Second):
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w (joined %d, jobs %d)", what, ctx.Err(), a.present(), len(a.got))
		}
	}
}

// present is how many are registered; mu is held, or nobody writes.
func (a *agency) present() (n int) {
	for _, k := range a.joined {
		n += k
	}
	return n
}

func (a *agency) dismiss() error {
	var errs []error
	for _, in := range a.inputs {
		errs = append(errs, in.Close())
	}
	for _, cmd := range a.children {
		_ = cmd.Process.Signal(os.Kill) // ten thousand farewells say nothing more
	}
	a.readers.Wait()
	for _, cmd := range a.children {
		_ = cmd.Wait() // killed on purpose
	}
	return errors.Join(errs...)
}
