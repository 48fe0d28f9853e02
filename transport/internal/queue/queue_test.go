package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/transport/internal/queue"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	q := queue.New(100)
	var all sync.WaitGroup
	defer all.Wait()
	const n = 5000
	all.Go(func() {
		for i := range n {
			if err := q.Push(t.Context(), fmt.Append(nil, i)); err != nil {
				t.Error(err)
			}
		}
		q.Close()
	})
	for i := range n {
		if frame, err := q.Pop(t.Context()); err != nil || string(frame) != fmt.Sprint(i) {
			t.Fatalf("%d: %q, %v", i, frame, err)
		}
	}
	if _, err := q.Pop(t.Context()); !errors.Is(err, queue.ErrClosed) {
		t.Error(err)
	}
}

// TestMany: no baton is lost between several pushers and poppers.
func TestMany(t *testing.T) {
	t.Parallel()
	q := queue.New(8)
	const each = 2000
	var push, pop sync.WaitGroup
	var got [4]int
	for i := range got {
		push.Go(func() {
			for range each {
				_ = q.Push(t.Context(), []byte("abc"))
			}
		})
		pop.Go(func() {
			for {
				if _, err := q.Pop(t.Context()); err != nil {
					return
				}
				got[i]++
			}
		})
	}
	push.Wait()
	q.Close()
	pop.Wait()
	if sum := got[0] + got[1] + got[2] + got[3]; sum != len(got)*each {
		t.Errorf("%d of %d", sum, len(got)*each)
	}
}

// TestBound: one frame always fits, the rest waits; giving up leaves no trace.
func TestBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := queue.New(10)
		if err := q.Push(t.Context(), make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Push(ctx, []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a full queue took more: %v", err)
		}
		done := make(chan error)
		go func() { done <- q.Push(t.Context(), []byte("y")) }()
		synctest.Wait()
		if frame, _, _ := q.Take(); len(frame) != 1000 {
			t.Errorf("%d bytes", len(frame))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if frame, err := q.Pop(t.Context()); string(frame) != "y" {
			t.Errorf("%q, %v", frame, err)
		}
		if _, err := q.Pop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("pop: %v", err)
		}
	})
}

func TestDrop(t *testing.T) {
	t.Parallel()
	q := queue.New(10)
	_ = q.Push(t.Context(), make([]byte, 10))
	stuck := make(chan error, 1)
	go func() { stuck <- q.Push(t.Context(), nil) }()
	q.Drop()
	if err := <-stuck; !errors.Is(err, queue.ErrClosed) {
		t.Error(err)
	}
	if _, ok, closed := q.Take(); ok || !closed {
		t.Error("something was left")
	}
}
