package agent

import (
	"context"
	"sync"

	"github.com/kici-dev/kici-go/executor"
)

// maxPrograms bounds the bundles that are kept, by number and by bytes.
const (
	maxPrograms     = 64
	maxProgramBytes = 32 << 20
)

// programKey says of what a program was made. The scope is in it because
// packages are: what an untrusted run installed is in its bundle.
type programKey struct{ url, sha, entry, scope string }

// programs keeps bundles, and makes each once however many ask at a time.
type programs struct {
	mu    sync.Mutex // guards what follows; never held while bundling
	kept  map[programKey]*executor.Program
	order []programKey // least recently used first
	bytes int
	under map[programKey]chan struct{} // being made; closed when that is over
}

func newPrograms() *programs {
	return &programs{kept: map[programKey]*executor.Program{}, under: map[programKey]chan struct{}{}}
}

// get returns the program of key, which make makes; share says whether others
// may have it. Failures are not kept, and those who waited try for themselves:
// the one who made it may just have been cancelled.
func (c *programs) get(ctx context.Context, key programKey, make func() (p *executor.Program, share bool, err error)) (*executor.Program, error) {
	for {
		p, wait := c.begin(key)
		if p != nil {
			return p, nil
		}
		if wait == nil {
			break
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	p, share, err := make()
	c.end(key, p, share && err == nil)
	return p, err
}

// begin finds the program, or what to wait for, or neither: then it is the
// caller's to make.
func (c *programs) begin(key programKey) (*executor.Program, chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.kept[key]; p != nil {
		c.touch(key)
		return p, nil
	}
	if wait := c.under[key]; wait != nil {
		return nil, wait
	}
	c.under[key] = make(chan struct{})
	return nil, nil
}

func (c *programs) end(key programKey, p *executor.Program, keep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.under[key])
	delete(c.under, key)
	if !keep || size(p) > maxProgramBytes {
		return
	}
	c.kept[key] = p
	c.order = append(c.order, key)
	c.bytes += size(p)
	for len(c.order) > maxPrograms || c.bytes > maxProgramBytes {
		oldest := c.order[0]
		c.order = c.order[1:]
		c.bytes -= size(c.kept[oldest])
		delete(c.kept, oldest)
	}
}

func (c *programs) touch(key programKey) {
	for i, k := range c.order {
		if k == key {
			c.order = append(append(c.order[:i:i], c.order[i+1:]...), key)
			return
		}
	}
}

func size(p *executor.Program) int { return len(p.Code) + len(p.Map) }
