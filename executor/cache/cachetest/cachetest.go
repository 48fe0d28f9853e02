// Package cachetest holds every cache.Store to the promises of the port: a key
// is written once, the newest entry of a prefix wins, a failed write leaves
// nothing, and entries come and go by use. Run takes a factory and exercises a
// fresh Store in each test; a new Store is finished when it passes. The suite
// knows nothing of archives: to a Store an entry is a sequence of bytes.
package cachetest

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/cache"
)

// Clock is the time that the Store under test has to use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the current time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the time on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Limits are what the Store under test has to keep to.
type Limits struct {
	Quota int64
	TTL   time.Duration
}

// Open makes an empty Store.
type Open func(t *testing.T, clock *Clock, limits Limits) cache.Store

// Run exercises the Stores that open makes.
func Run(t *testing.T, open Open) {
	tests := map[string]func(*testing.T, *house){
		"miss":             testMiss,
		"written once":     testWrittenOnce,
		"prefixes":         testPrefixes,
		"failed write":     testFailedWrite,
		"concurrent saves": testConcurrent,
		"ttl":              testTTL,
		"quota":            testQuota,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &Clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
			limits := Limits{Quota: 100, TTL: time.Hour}
			test(t, &house{Store: open(t, clock, limits), clock: clock})
		})
	}
}

type house struct {
	cache.Store
	clock *Clock
}

func (h *house) put(t *testing.T, key, body string) bool {
	t.Helper()
	stored, err := h.Put(t.Context(), key, func(w io.Writer) error {
		_, err := io.WriteString(w, body)
		return err
	})
	if err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
	h.clock.Advance(time.Second)
	return stored
}

func (h *house) get(t *testing.T, key string, prefixes ...string) (matched, body string) {
	t.Helper()
	entry, err := h.Open(t.Context(), key, prefixes)
	if err != nil {
		t.Fatalf("open %q: %v", key, err)
	}
	if entry == nil {
		return "", ""
	}
	defer entry.Body.Close()
	data, err := io.ReadAll(entry.Body)
	if err != nil {
		t.Fatal(err)
	}
	if entry.Size != int64(len(data)) {
		t.Errorf("%q has %d bytes and says %d", key, len(data), entry.Size)
	}
	return entry.Key, string(data)
}

func (h *house) want(t *testing.T, wantKey, wantBody, key string, prefixes ...string) {
	t.Helper()
	if matched, body := h.get(t, key, prefixes...); matched != wantKey || body != wantBody {
		t.Errorf("open %q %q: got %q %q, want %q %q", key, prefixes, matched, body, wantKey, wantBody)
	}
}

func testMiss(t *testing.T, h *house) {
	h.want(t, "", "", "a", "b", "c")
	h.put(t, "other", "x")
	h.want(t, "", "", "oth", "otherwise")
}

func testWrittenOnce(t *testing.T, h *house) {
	if !h.put(t, "k/../weird key ☃", "first") {
		t.Error("the first save is refused")
	}
	if h.put(t, "k/../weird key ☃", "second") {
		t.Error("the second save is stored")
	}
	h.want(t, "k/../weird key ☃", "first", "k/../weird key ☃")
}

func testPrefixes(t *testing.T, h *house) {
	h.put(t, "npm-1", "one")
	h.put(t, "npm-2", "two")
	h.put(t, "go-1", "three")
	h.want(t, "npm-1", "one", "npm-1", "npm-")
	h.want(t, "npm-2", "two", "npm-9", "npm-")
	h.want(t, "go-1", "three", "x", "none-", "go-", "npm-")
	// Use does not make an entry newer.
	h.get(t, "npm-1")
	h.want(t, "npm-2", "two", "npm-9", "npm-")
}

func testFailedWrite(t *testing.T, h *house) {
	broken := errors.New("disk full")
	stored, err := h.Put(t.Context(), "k", func(w io.Writer) error {
		io.WriteString(w, "half")
		return broken
	})
	if stored || !errors.Is(err, broken) {
		t.Errorf("stored %v, error %v", stored, err)
	}
	h.want(t, "", "", "k", "k")
	if !h.put(t, "k", "whole") {
		t.Error("the key of a failed save is taken")
	}
	h.want(t, "k", "whole", "k")
}

func testConcurrent(t *testing.T, h *house) {
	const savers = 8
	var group sync.WaitGroup
	var mu sync.Mutex
	stored := 0
	ctx := t.Context()
	for range savers {
		group.Go(func() {
			ok, err := h.Put(ctx, "k", func(w io.Writer) error {
				_, err := io.WriteString(w, "body")
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("save: %v", err)
			}
			if ok {
				stored++
			}
		})
	}
	group.Wait()
	if stored != 1 {
		t.Errorf("%d of %d saves were stored, want 1", stored, savers)
	}
	h.want(t, "k", "body", "k")
}

func testTTL(t *testing.T, h *house) {
	h.put(t, "used", "u")
	h.put(t, "unused", "x")
	h.clock.Advance(40 * time.Minute)
	h.want(t, "used", "u", "used")
	h.clock.Advance(40 * time.Minute)
	h.want(t, "used", "u", "used")
	h.want(t, "", "", "unused")
	if !h.put(t, "unused", "again") {
		t.Error("the key of an expired entry is taken")
	}
	h.want(t, "unused", "again", "unused")
}

func testQuota(t *testing.T, h *house) {
	forty := strings.Repeat("x", 40)
	h.put(t, "a", forty)
	h.put(t, "b", forty)
	h.want(t, "a", forty, "a") // a is now younger by use than b
	h.clock.Advance(time.Second)
	h.put(t, "c", forty)
	h.want(t, "", "", "b")
	h.want(t, "a", forty, "a")
	h.want(t, "c", forty, "c")
}
