package child

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/kici-dev/kici-go/executor/proc"
)

// startFacts are the properties of the error that Node throws when a program
// cannot be started: "spawn /bin/x ENOENT" with code, errno, syscall, path.
func startFacts(spec proc.Command, err error) map[string]any {
	file := ""
	if len(spec.Args) > 0 {
		file = spec.Args[0]
	}
	code := "UNKNOWN"
	var no syscall.Errno
	switch {
	case errors.As(err, &no):
		code = errnoName(no)
	case errors.Is(err, fs.ErrNotExist):
		code, no = "ENOENT", syscall.ENOENT
	}
	message := "spawn " + file + " " + code
	if code == "UNKNOWN" {
		message = "spawn " + file + ": " + err.Error()
	}
	if st, e := os.Stat(spec.Dir); spec.Dir != "" && (e != nil || !st.IsDir()) {
		message += " (the working directory " + spec.Dir + " does not exist)"
	}
	return map[string]any{
		"message": message, "code": code, "errno": -int(no), "syscall": "spawn " + file, "path": file,
		"spawnargs": spec.Args[min(1, len(spec.Args)):],
	}
}

// waitSync waits for a command on behalf of a caller that does nothing else
// meanwhile. The limit, when there is one, and the end of ctx end the command.
func (c *command) waitSync(ctx context.Context, busy *sync.WaitGroup, limit time.Duration, sig proc.Signal) (exit proc.Exit, timedOut bool) {
	over := make(chan proc.Exit, 1)
	busy.Add(1)
	go func() { defer busy.Done(); over <- c.proc.Wait() }()
	var expired <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case exit = <-over:
		return exit, false
	case <-expired:
		_ = c.proc.Signal(sig)
		return c.endSync(ctx, over), true
	case <-ctx.Done():
		return c.endSync(ctx, over), false
	}
}

// endSync waits for a command that was told to end, and kills a deaf one.
func (c *command) endSync(ctx context.Context, over chan proc.Exit) proc.Exit {
	timer := time.NewTimer(2 * time.Second)
	defer timer.Stop()
	select {
	case exit := <-over:
		return exit
	case <-timer.C:
	case <-ctx.Done():
	}
	_ = c.proc.Signal(proc.KILL)
	return <-over
}
