package git

import (
	"container/list"
	"errors"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
)

// lockBytes bounds the memory of remembered lock files, whatever their number.
const lockBytes = 64 << 20

// lockKey is a lock file's commit. A commit's files never change, so an answer
// stays true; the source is part of it, because another may not be allowed to
// read the same repository.
type lockKey struct {
	source engine.SourceID
	url    string
	sha    string
}

// lockCache remembers lock files, and commits that have none, least recently
// used out first.
type lockCache struct {
	now     func() time.Time
	entries int
	ttl     time.Duration

	mu    sync.Mutex // guards what follows
	items map[lockKey]*list.Element
	order *list.List // of *lockItem, the most recent in front
	bytes int
}

type lockItem struct {
	key   lockKey
	lock  []byte // nil: the commit has none
	until time.Time
}

func newLockCache(entries int, ttl time.Duration, now func() time.Time) *lockCache {
	if entries <= 0 {
		entries = 500
	}
	if ttl <= 0 {
		ttl = time.Hour
	}
	return &lockCache{now: now, entries: entries, ttl: ttl, items: map[lockKey]*list.Element{}, order: list.New()}
}

// get gives what is remembered, which the caller must not change.
func (c *lockCache) get(key lockKey) (lock []byte, err error, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[key]
	if e == nil {
		return nil, nil, false
	}
	item := e.Value.(*lockItem)
	if !c.now().Before(item.until) {
		c.drop(e)
		return nil, nil, false
	}
	c.order.MoveToFront(e)
	if item.lock == nil {
		return nil, provider.ErrNoLockfile, true
	}
	return item.lock, nil, true
}

// put remembers an answer; errors that may be others next time are not kept.
func (c *lockCache) put(key lockKey, lock []byte, err error) {
	switch {
	case errors.Is(err, provider.ErrNoLockfile):
		lock = nil
	case err != nil:
		return
	case lock == nil:
		lock = []byte{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.items[key]; e != nil {
		c.drop(e)
	}
	c.items[key] = c.order.PushFront(&lockItem{key, lock, c.now().Add(c.ttl)})
	c.bytes += len(lock)
	for c.order.Len() > c.entries || c.bytes > lockBytes {
		c.drop(c.order.Back())
	}
}

func (c *lockCache) drop(e *list.Element) {
	item := c.order.Remove(e).(*lockItem)
	delete(c.items, item.key)
	c.bytes -= len(item.lock)
}
