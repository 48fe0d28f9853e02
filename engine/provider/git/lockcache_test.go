package git

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine/provider"
)

func TestLockCache(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	c := newLockCache(2, time.Hour, func() time.Time { return now })
	key := func(i int) lockKey { return lockKey{"s", "https://h/a/b.git", fmt.Sprint(i)} }
	has := func(i int) bool { _, _, ok := c.get(key(i)); return ok }
	c.put(key(1), []byte("one"), nil)
	c.put(key(2), nil, fmt.Errorf("wrapped: %w", provider.ErrNoLockfile))
	c.put(key(3), nil, provider.ErrUnavailable)
	if lock, err, ok := c.get(key(1)); string(lock) != "one" || err != nil || !ok {
		t.Errorf("got %q, %v, %v", lock, err, ok)
	}
	if _, err, ok := c.get(key(2)); !errors.Is(err, provider.ErrNoLockfile) || !ok {
		t.Errorf("that there is none is remembered too: %v, %v", err, ok)
	}
	if has(3) {
		t.Error("what may be another answer next time is not remembered")
	}
	if _, _, ok := c.get(lockKey{"other", "https://h/a/b.git", "1"}); ok {
		t.Error("a source was given what another may read")
	}
	has(1) // the most recent now
	c.put(key(4), []byte{}, nil)
	if !has(1) || has(2) || !has(4) {
		t.Errorf("the least recently used goes: %v %v %v", has(1), has(2), has(4))
	}
	now = now.Add(time.Hour)
	if has(1) || has(4) || c.order.Len() != 0 || c.bytes != 0 {
		t.Error("an hour later nothing is remembered")
	}
	for i := range 2 {
		c.put(key(i), make([]byte, lockBytes/2+1), nil)
	}
	if has(0) || !has(1) {
		t.Error("memory is bounded, whatever the number")
	}
}
