package agent

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/step"
)

// childHandshake is long: a machine that is busy with jobs starts children
// slowly, and a job that fails for that would be a lie.
const childHandshake = 20 * time.Second

// children runs each job in a child that runs no other. One child is started
// ahead, so that a job finds it warm.
type children struct {
	command runner.Command
	slots   int
	work    sync.WaitGroup // children on their way out

	mu   sync.Mutex // guards what follows
	next *runner.Pool
	busy int
	errs []error
}

var _ executor.Runner = (*children)(nil)

func newChildren(c runner.Command, slots int) *children { return &children{command: c, slots: slots} }

// warm starts the next child unless one waits already.
func (c *children) warm(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = runner.NewPool(c.command)
		c.next.Warm(ctx)
	}
}

func (c *children) take() (pool *runner.Pool, spare bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pool, c.next = c.next, nil
	if pool == nil {
		pool = runner.NewPool(c.command)
	}
	c.busy++
	return pool, c.busy < c.slots
}

// Run implements executor.Runner.
func (c *children) Run(ctx context.Context, t executor.Task) *executor.Result {
	pool, spare := c.take()
	if spare { // another job may come at once
		c.warm(context.WithoutCancel(ctx))
	}
	result := pool.Run(ctx, t)
	c.mu.Lock()
	c.busy--
	c.mu.Unlock()
	c.work.Go(func() {
		if err := pool.Close(); err != nil {
			c.mu.Lock()
			c.errs = append(c.errs, err)
			c.mu.Unlock()
		}
		c.warm(context.WithoutCancel(ctx))
	})
	return result
}

// close sends all children home. No Run may be under way.
func (c *children) close() error {
	c.work.Wait()
	c.mu.Lock()
	next, errs := c.next, c.errs
	c.next = nil
	c.mu.Unlock()
	if next != nil {
		errs = append(errs, next.Close())
	}
	return errors.Join(errs...)
}

// childEnviron is what children get of this process's environment. A step can
// read the environment of the process it runs in, so the agent's token and
// whatever else its operator keeps there must not be in it. Proxies and
// certificates are for fetch. Their own temporary files are at temp; jobs still see
// the machine's TMPDIR.
func childEnviron(environ []string, temp string) []string {
	seen := step.Inherited(environ)
	for _, kv := range environ {
		k, v, _ := strings.Cut(kv, "=")
		switch strings.ToUpper(k) {
		case "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "GOCOVERDIR":
			seen[k] = v
		}
	}
	seen["TMPDIR"] = temp
	out := make([]string, 0, len(seen))
	for k, v := range seen {
		out = append(out, k+"="+v)
	}
	return out
}
