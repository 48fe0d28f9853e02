package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/store"
)

// script is frames of three steps, as an agent numbers them.
func script(r *rand.Rand, frames, most int) []Frame {
	seq := map[int]int64{}
	var out []Frame
	for i := range frames {
		step := r.IntN(3) - 1
		seq[step] += 1 + r.Int64N(2) // numbers may be left out
		f := Frame{Step: step, Seq: seq[step], At: start.Add(time.Duration(i) * time.Millisecond)}
		f.Lines = text(r, r.IntN(most))
		if r.IntN(9) == 0 && len(f.Lines) > 0 {
			f.Lines[0] = strings.Repeat("long ", r.IntN(20<<10))
		}
		out = append(out, f)
	}
	return out
}

func want(t testing.TB, what string, got, want []Line) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 || reflect.DeepEqual(got, want) {
		return
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: line %d of %d is %.200v, want %.200v", what, i, len(got), got[i], want[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d", what, len(got), len(want))
}

func joined(m map[int][]Line, steps ...int) (out []Line) {
	for _, s := range steps {
		out = append(out, m[s]...)
	}
	return out
}

// Whatever comes again, and whatever is sealed in between: every line is there once.
func TestResentAndSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for seed := range uint64(4) {
			h.attempt(fmt.Sprint("resent-", seed))
			r := rand.New(rand.NewPCG(seed, 1))
			all := script(r, 60, 90)
			for at := 0; at < len(all); {
				from := max(0, at-r.IntN(6))
				to := min(len(all), at+1+r.IntN(8))
				h.append(all[from:to]...)
				at = to
				if r.IntN(5) == 0 {
					h.seal(r.IntN(3) - 1)
				}
				if r.IntN(5) == 0 {
					m := lines(all[:at])
					want(t, "so far", h.read(Query{}), joined(m, -1, 0, 1))
				}
			}
			h.append(all[:10]...) // all of it was stored, and partly sealed
			m := lines(all)
			whole := joined(m, -1, 0, 1)
			check := func(what string) {
				t.Helper()
				n := int64(len(whole))
				want(t, what, h.read(Query{}), whole)
				want(t, what+", a step", h.read(Query{Steps: []int{0}}), m[0])
				want(t, what+", two steps", h.read(Query{Steps: []int{1, -1}}), joined(m, -1, 1))
				want(t, what+", no step", h.read(Query{Steps: []int{7}}), nil)
				for range 5 {
					k := r.Int64N(n + 9)
					want(t, what+", from", h.read(Query{From: k}), whole[min(k, n):])
					want(t, what+", tail", h.read(Query{Tail: k + 1}), whole[max(0, n-k-1):])
				}
			}
			check("at the end")
			for step := -1; step < 2; step++ {
				h.seal(step)
				h.seal(step)
			}
			check("sealed")
			h.tx(func(tx store.Tx) error {
				loose, err := tx.Logs().After(context.Background(), h.id, 0, 9)
				if len(loose) > 0 {
					t.Error("chunks were left")
				}
				return err
			})
		}
		for _, g := range h.garbage() {
			if err := h.blobs.Delete(context.Background(), g); err != nil {
				t.Error(err)
			}
		}
		if n := len(h.keys()); n != 4*3 {
			t.Errorf("%d blobs", n)
		}
	})
}

// Followers that come at any time see every line once, while frames come, come
// again, and are sealed.
func TestFollow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := rand.New(rand.NewPCG(3, 1))
		all := script(r, 120, 60)
		m := lines(all)
		var group sync.WaitGroup
		follow := func(q Query, want map[int][]Line) {
			q.Attempt = h.id
			group.Go(func() {
				got := map[int][]Line{}
				for l, err := range h.reader.Follow(t.Context(), q) {
					if err != nil {
						t.Error(err)
						return
					}
					got[l.Step] = append(got[l.Step], l)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%+v: the lines are not those that were sent: %d %d %d", q, len(got[-1]), len(got[0]), len(got[1]))
				}
			})
		}
		follow(Query{}, m)
		for at := 0; at < len(all); at += 3 {
			h.append(all[max(0, at-4):min(at+3, len(all))]...)
			switch at {
			case 30:
				h.seal(0)
				follow(Query{}, m)
			case 60:
				h.seal(0)
				h.seal(1)
				follow(Query{Steps: []int{0}}, map[int][]Line{0: m[0]})
			case 90:
				now := lines(all[:at+3])
				follow(Query{From: int64(len(now[1]) - 5), Steps: []int{1}}, map[int][]Line{1: m[1][len(now[1])-5:]})
			}
		}
		for _, s := range []int{-1, 0} {
			h.seal(s)
		}
		h.end(h.now)
		follow(Query{}, m)
		follow(Query{Tail: 5, Steps: []int{1}}, map[int][]Line{1: m[1][len(m[1])-5:]})
		group.Wait()
	})
}

func TestFollowIsWoken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx, cancel := context.WithCancelCause(t.Context())
		lines := make(chan Line)
		done := make(chan error, 1)
		go func() {
			for l, err := range h.reader.Follow(ctx, Query{Attempt: h.id}) {
				if err != nil {
					done <- err
					return
				}
				lines <- l
			}
			done <- nil
		}()
		begin := time.Now()
		for i := range int64(20) {
			h.append(Frame{Seq: i + 1, Lines: []string{"x"}, At: h.now})
			if l := <-lines; l.Number != i {
				t.Errorf("line %d, want %d", l.Number, i)
			}
		}
		if took := time.Since(begin); took > 10*store.PollInterval { // polls would take twenty
			t.Errorf("20 lines took %s", took)
		}
		leave := errors.New("enough")
		cancel(leave)
		if err := <-done; !errors.Is(err, leave) {
			t.Error(err)
		}
		for _, err := range h.reader.Follow(t.Context(), Query{Attempt: "none"}) {
			if !errors.Is(err, engine.ErrNotFound) {
				t.Error(err)
			}
		}
		for range h.reader.Follow(t.Context(), Query{Attempt: h.id}) {
			break // whoever leaves early is not told anything more
		}
	})
}

func TestTick(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.sealer.Keep = 1000
		r := rand.New(rand.NewPCG(9, 9))
		large := Frame{Step: 2, Seq: 1, Lines: text(r, 4000), At: h.now}
		h.append(large, Frame{Step: 3, Seq: 1, Lines: []string{"small"}, At: h.now})
		tick := func(now time.Time) time.Time {
			t.Helper()
			next, err := h.sealer.Tick(t.Context(), now)
			if err != nil {
				t.Fatal(err)
			}
			return next
		}
		tick(h.now.Add(time.Hour))
		if got := h.keys(); got != nil {
			t.Errorf("what still runs is sealed: %q", got)
		}
		h.end(h.now)
		tick(h.now.Add(DefaultSettle))
		if got := h.keys(); got != nil {
			t.Errorf("sealed at once: %q", got)
		}
		now := h.now.Add(DefaultSettle + time.Second)
		if next := tick(now); !next.Equal(now.Add(interval)) {
			t.Errorf("next at %s", next)
		}
		key := "kici-logs/attempt-a/2/0-4000.zst"
		if got := h.keys(); len(got) != 1 || got[0] != key {
			t.Errorf("blobs: %q", got)
		}
		want(t, "both", h.read(Query{}), joined(lines([]Frame{large, {Step: 3, Lines: []string{"small"}, At: h.now}}), 2, 3))

		object, err := h.blobs.Get(t.Context(), key, blob.Range{})
		if err != nil {
			t.Fatal(err)
		}
		defer object.Body.Close() //nolint:errcheck // a test's end
		plain, err := zstd.NewReader(object.Body)
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		b, err := io.ReadAll(plain)
		if err != nil || string(b) != strings.Join(large.Lines, "\n")+"\n" {
			t.Errorf("the tools of zstd do not read it: %v, %d bytes", err, len(b))
		}
	})
}

// gate stops the transactions of a store.
type gate struct {
	store.Store
	before func() error
}

func (g *gate) Tx(ctx context.Context, fn func(store.Tx) error) error {
	if err := g.before(); err != nil {
		return err
	}
	return g.Store.Tx(ctx, fn)
}

// A Sealer that dies between blob and transaction, and two that meet.
func TestSealInterrupted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		r := rand.New(rand.NewPCG(5, 5))
		all := []Frame{{Seq: 1, Lines: text(r, 3000), At: h.now}, {Seq: 2, Lines: text(r, 10), At: h.now}}
		whole := lines(all)[0]
		h.append(all[0])
		killed := errors.New("killed")
		g := &gate{h.Store, func() error { return killed }}
		s := &Sealer{Store: g, Blobs: h.blobs}
		if err := s.Seal(t.Context(), h.id, 0, h.now); !errors.Is(err, killed) {
			t.Fatal(err)
		}
		want(t, "interrupted", h.read(Query{}), whole[:3000])
		h.seal(0)
		if got := h.keys(); len(got) != 1 {
			t.Errorf("a try more is a blob more: %q", got)
		}
		want(t, "again", h.read(Query{}), whole[:3000])

		h.append(all[1])
		g.before = func() error { h.seal(0); return nil } // another is faster by a moment
		if err := s.Seal(t.Context(), h.id, 0, h.now); !errors.Is(err, engine.ErrConflict) {
			t.Fatal(err)
		}
		want(t, "the same twice", h.read(Query{}), whole)

		h.append(Frame{Seq: 3, Lines: []string{"x"}, At: h.now})
		g.before = func() error { // and has seen more
			h.append(Frame{Seq: 4, Lines: []string{"y"}, At: h.now})
			h.seal(0)
			return nil
		}
		if err := s.Seal(t.Context(), h.id, 0, h.now); !errors.Is(err, engine.ErrConflict) {
			t.Fatal(err)
		}
		whole = append(whole, Line{0, 3010, "x", h.now}, Line{0, 3011, "y", h.now})
		want(t, "the larger one", h.read(Query{}), whole)
		live := 0
		for _, k := range h.keys() {
			if strings.HasSuffix(k, "0-3000.zst") || strings.HasSuffix(k, "3000-3010.zst") {
				continue // replaced: garbage
			}
			live++
			if !strings.HasSuffix(k, "3010-3012.zst") {
				t.Errorf("left: %s", k)
			}
		}
		if got := h.garbage(); len(got) != 2 || live != 1 {
			t.Errorf("garbage: %q, %d live", got, live)
		}
	})
}

func TestRunIsRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.append(Frame{Seq: 1, Lines: []string{"x"}, At: h.now})
		h.end(h.now)
		g := &gate{h.Store, func() error {
			return h.Tx(context.Background(), func(tx store.Tx) error {
				run, err := tx.Runs().Get(context.Background(), h.run)
				if err != nil {
					return err
				}
				was := run.Status
				run.Status, run.FinishedAt = "success", h.now
				if err := tx.Runs().Save(context.Background(), run, was); err != nil {
					return err
				}
				_, err = tx.Retention().Runs(context.Background(), h.now.Add(time.Hour), 9)
				return err
			})
		}}
		if err := (&Sealer{Store: g, Blobs: h.blobs}).Seal(t.Context(), h.id, 0, h.now); !errors.Is(err, engine.ErrNotFound) {
			t.Error(err)
		}
		if got := h.keys(); got != nil {
			t.Errorf("left: %q", got)
		}
		for _, err := range h.reader.Follow(t.Context(), Query{Attempt: h.id}) {
			if !errors.Is(err, engine.ErrNotFound) {
				t.Error(err)
			}
		}
	})
}

func TestDamage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.append(Frame{Seq: 1, Lines: text(rand.New(rand.NewPCG(1, 1)), 3000), At: h.now})
		h.tx(func(tx store.Tx) error {
			return tx.Logs().Append(context.Background(), engine.Chunk{Attempt: h.id, Step: 1, Lines: 3, Seq: 1, Bytes: 9, Data: []byte("nonsense"), At: h.now})
		})
		failing := func(what string, is error) {
			t.Helper()
			for _, err := range h.reader.Read(t.Context(), Query{Attempt: h.id}) {
				if err != nil {
					if !errors.Is(err, is) {
						t.Errorf("%s: %v", what, err)
					}
					return
				}
			}
			t.Errorf("%s is not noticed", what)
		}
		failing("a damaged chunk", ErrDamaged)
		if err := h.sealer.Seal(t.Context(), h.id, 1, h.now); !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
		h.end(h.now)
		if _, err := h.sealer.Tick(t.Context(), h.now.Add(time.Hour)); err != nil {
			t.Error("one damaged log stops the others:", err)
		}
		key := h.keys()[0]
		object, err := h.blobs.Get(t.Context(), key, blob.Range{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(object.Body)
		if err := errors.Join(err, object.Body.Close()); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"", "short", string(b[:len(b)-1]), string(b[:100]) + string(b[101:]), strings.Repeat("x", 50) + string(b[50:]), string(b[:len(b)-20]) + string(b[len(b)-12:])} {
			if _, err := h.blobs.Put(t.Context(), key, strings.NewReader(bad)); err != nil {
				t.Fatal(err)
			}
			failing("a damaged blob", ErrDamaged)
		}
		if err := h.blobs.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		failing("a missing blob", engine.ErrNotFound)
	})
}

func TestLimit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.tx(func(tx store.Tx) error { // nearly full
			c := pack([]Frame{{Seq: 1, Lines: []string{"first"}, At: h.now}})[0]
			c.Attempt, c.Offset = h.id, MaxBytes-9
			return tx.Logs().Append(context.Background(), c)
		})
		for seq := range int64(4) {
			h.append(Frame{Seq: seq + 2, Lines: []string{"more"}, At: h.now})
		}
		got := h.read(Query{})
		if len(got) != 3 || got[1].Text != "more" || !strings.Contains(got[2].Text, "more than 1024 MiB") {
			t.Errorf("%+v", got)
		}
	})
}

func TestOneAppenderAtATime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		all := script(rand.New(rand.NewPCG(8, 1)), 40, 30)
		var group sync.WaitGroup
		for range 4 { // connections of one agent that all send everything
			group.Go(func() {
				for at := 0; at < len(all); at += 5 {
					h.append(all[at:min(at+5, len(all))]...)
				}
			})
		}
		group.Wait()
		want(t, "all", h.read(Query{}), joined(lines(all), -1, 0, 1))
	})
}

// What ended behind the back of a Sealer, by a slow clock, is found a day later.
func TestTickAnew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		tick := func(now time.Time) {
			t.Helper()
			if _, err := h.sealer.Tick(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		h.append(Frame{Seq: 1, Lines: []string{"x"}, At: h.now})
		h.end(h.now)
		tick(h.now.Add(time.Hour))
		h.attempt("slow")
		h.append(Frame{Seq: 1, Lines: []string{"x"}, At: h.now})
		h.end(h.now.Add(-time.Second))
		tick(h.now.Add(2 * time.Hour))
		if n := len(h.keys()); n != 1 {
			t.Errorf("%d are sealed; the test proves nothing", n)
		}
		tick(h.now.Add(26 * time.Hour))
		if n := len(h.keys()); n != 2 {
			t.Errorf("%d are sealed", n)
		}
	})
}
