package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// compiled is a lock file ready to be matched. It is shared and not changed.
type compiled struct {
	text    []byte
	file    *lockfile.File
	matcher *trigger.Matcher
}

// lockCache keeps what lock files mean, by their content: a hundred pushes
// rarely change one.
type lockCache struct {
	mu    *sync.Mutex // guards by and order
	by    map[[32]byte]*compiled
	order *[][32]byte
}

// maxLocks is KICI_LOCKFILE_CACHE_MAX's.
const maxLocks = 500

func newLockCache() lockCache {
	return lockCache{&sync.Mutex{}, map[[32]byte]*compiled{}, &[][32]byte{}}
}

// get parses and compiles, or finds that it was done before.
func (c lockCache) get(text []byte) (*compiled, error) {
	key := sha256.Sum256(text)
	c.mu.Lock()
	known := c.by[key]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	f, err := lockfile.Parse(text)
	if err != nil {
		return nil, err
	}
	made := &compiled{text, f, trigger.Compile(f)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(*c.order) >= maxLocks {
		delete(c.by, (*c.order)[0])
		*c.order = (*c.order)[1:]
	}
	if c.by[key] == nil {
		c.by[key] = made
		*c.order = append(*c.order, key)
	}
	return made, nil
}

// lock reads the lock file at a commit.
func (i *Intake) lock(ctx context.Context, t *task, ref engine.Ref) (*compiled, error) {
	text, err := t.p.Lockfile(ctx, t.source, ref)
	if errors.Is(err, provider.ErrNoLockfile) {
		return nil, &verdictError{status.EventLockfileMissing, err}
	}
	if err != nil {
		return nil, err
	}
	c, err := i.locks.get(text)
	if err != nil {
		return nil, &corruptError{text, ref, err}
	}
	return c, nil
}

// corruptError is a lock file that cannot be read: somebody has to hear of it,
// so it fails a run.
type corruptError struct {
	text []byte
	ref  engine.Ref
	err  error
}

func (e *corruptError) Error() string {
	var hinted interface{ Hint() string }
	if errors.As(e.err, &hinted) {
		return fmt.Sprintf("%v; %s", e.err, hinted.Hint())
	}
	return e.err.Error() + "; run `kici compile` and commit the result"
}

func (e *corruptError) Unwrap() error { return e.err }
