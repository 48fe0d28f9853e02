package batch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine/internal/batch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder doubles numbers and remembers the batches; each waits for gate.
type recorder struct {
	mu      sync.Mutex // guards batches
	batches [][]int
	gate    chan struct{}
	err     error
}

func (r *recorder) do(_ context.Context, qs []int) ([]int, error) {
	r.mu.Lock()
	r.batches = append(r.batches, append([]int(nil), qs...))
	r.mu.Unlock()
	<-r.gate
	out := make([]int, len(qs))
	for i, q := range qs {
		out[i] = 2 * q
	}
	return out, r.err
}

// crowd asks 0, 1, … in this order while the first batch is held up, and then lets
// all go.
func crowd(t *testing.T, r *recorder, g *batch.Group[int, int], n int) (answers []int, errs []error) {
	t.Helper()
	answers, errs = make([]int, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i], errs[i] = g.Ask(context.Background(), i) })
		synctest.Wait()
	}
	close(r.gate)
	all.Wait()
	return answers, errs
}

func TestBatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		group *batch.Group[int, int]
		want  []int // sizes of batches
	}{
		{"one lane", &batch.Group[int, int]{}, []int{1, 9}},
		{"three lanes", &batch.Group[int, int]{Lanes: 3}, []int{1, 1, 1}}, // then it depends on who comes first
		{"a bound", &batch.Group[int, int]{Most: 4}, []int{1, 4, 4, 1}},
		{"heavy ones", &batch.Group[int, int]{Weight: func(n int) int { return n }, MostHeavy: 12}, []int{1, 4, 2, 1, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{gate: make(chan struct{})}
				c.group.Do = r.do
				answers, errs := crowd(t, r, c.group, 10)
				for i := range answers {
					if answers[i] != 2*i || errs[i] != nil {
						t.Errorf("%d: got %d, %v", i, answers[i], errs[i])
					}
				}
				if len(r.batches) < len(c.want) {
					t.Fatalf("batches: %v", r.batches)
				}
				for i, want := range c.want {
					if len(r.batches[i]) != want {
						t.Errorf("batch %d is %v, want %d of them", i, r.batches[i], want)
					}
				}
			})
		})
	}
}

func TestErrorIsEverybodys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan struct{}), err: errors.New("no")}
		_, errs := crowd(t, r, &batch.Group[int, int]{Do: r.do}, 5)
		for i, err := range errs {
			if !errors.Is(err, r.err) {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}

// A caller that gives up leaves the line, also when it was about to lead; the
// others are answered.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan struct{})}
		g := &batch.Group[int, int]{Do: r.do}
		ctx, stop := context.WithCancel(context.Background())
		var all sync.WaitGroup
		ask := func(ctx context.Context, n int, want error) {
			all.Go(func() {
				if a, err := g.Ask(ctx, n); !errors.Is(err, want) || err == nil && a != 2*n {
					t.Errorf("%d: %d, %v", n, a, err)
				}
			})
			synctest.Wait()
		}
		ask(context.Background(), 1, nil)
		ask(ctx, 2, context.Canceled)
		ask(context.Background(), 3, nil)
		stop()
		synctest.Wait()
		close(r.gate)
		all.Wait()
		if len(r.batches) != 2 || len(r.batches[1]) != 1 {
			t.Errorf("%v", r.batches)
		}
	})
}

func TestPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		g := &batch.Group[int, int]{Do: func(_ context.Context, qs []int) ([]int, error) {
			<-gate
			if len(qs) > 1 {
				panic("at the second")
			}
			return qs, nil
		}}
		var all sync.WaitGroup
		var mu sync.Mutex
		panics, broken, fine := 0, 0, 0
		for i := range 4 {
			all.Go(func() {
				defer func() {
					mu.Lock()
					defer mu.Unlock()
					if recover() != nil {
						panics++
					}
				}()
				_, err := g.Ask(context.Background(), i)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					fine++
				} else if errors.Is(err, batch.ErrPanic) {
					broken++
				}
			})
			synctest.Wait()
		}
		close(gate)
		all.Wait()
		if panics != 1 || broken != 2 || fine != 1 {
			t.Errorf("%d panicked, %d were told, %d fine", panics, broken, fine)
		}
		if a, err := g.Ask(context.Background(), 7); a != 7 || err != nil {
			t.Errorf("afterwards: %d, %v", a, err)
		}
	})
}

// Many callers over several lanes: each gets its own answer.
func TestMany(t *testing.T) {
	t.Parallel()
	g := &batch.Group[int, int]{Lanes: 2, Most: 7, Do: func(_ context.Context, qs []int) ([]int, error) {
		out := make([]int, len(qs))
		for i := range qs {
			out[i] = -qs[i]
		}
		return out, nil
	}}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for k := range 200 {
				ctx, stop := context.WithCancel(context.Background())
				if k%17 == i%17 { // some give up at any moment
					go stop()
				}
				n := i*1000 + k
				switch a, err := g.Ask(ctx, n); {
				case err == nil && a != -n:
					t.Errorf("%d: %d", n, a)
				case err != nil && ctx.Err() == nil:
					t.Errorf("%d: %v", n, err)
				}
				stop()
			}
		})
	}
	all.Wait()
}
