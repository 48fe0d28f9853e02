package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kici-dev/kici-go/engine/blob/fs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/engine/store/storetest"
)

// Run starts the topology, breaks it, lets it come to rest, stops it and judges.
// An error means that no judgement was possible.
func Run(ctx context.Context, c Config) (rep *Report, err error) {
	began := time.Now()
	c.Bugs.prepare()
	if c.Out == nil {
		c.Out = io.Discard
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(filepath.Join(c.Dir, historyFile))
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // a copy
	rec := &recorder{copy: file}
	w, err := build(c, rec, c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.abandon()) }()
	fmt.Fprintf(c.Out, "chaos: %s; %d deliveries, seed %d; everything is in %s\n%s", c.Topology.Name, c.Deliveries, c.Seed, c.Dir, c.Plan)
	left, err := w.live(ctx)
	if err != nil {
		return nil, err
	}
	snapshot, err := w.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	snapshot.Left = append(left, w.left()...)
	rep = &Report{History: &History{Expect: expect(), Foreign: w.relays != nil, Events: rec.all()}, Snapshot: snapshot}
	rep.Violations, rep.Took = Check(rep.History, rep.Snapshot), time.Since(began)
	rep.Dir = w.dir
	return rep, rep.keep(w.dir)
}

// live is the life of the house, from its start to its end.
func (w *world) live(ctx context.Context) (left []string, err error) {
	c := &w.config
	if len(c.Topology.of(KindPostgres)) > 0 {
		// Durable: what it has committed is to be there after it was killed.
		if w.postgres, err = storetest.Postgres(ctx, true); err != nil {
			return nil, err
		}
	}
	running, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer stop()
	for _, l := range w.links {
		background.Go(func() { _ = l.Run(running) })
	}
	background.Go(func() { w.clock(running) })
	if err := w.up(ctx); err != nil {
		return nil, err
	}
	c.Bugs.planted.Store(true)
	for _, n := range w.nodes {
		background.Go(func() { n.keep(running) })
	}
	if w.postgres != nil {
		background.Go(func() { w.leads(running) })
	}
	background.Go(func() { w.follow(running) })
	if w.postgres == nil {
		w.twin(ctx)
	}
	var accepted atomic.Int64
	var wrecking sync.WaitGroup
	wrecking.Go(func() { w.wreck(running, c.Plan, &accepted) })
	r := rand.New(rand.NewPCG(c.Seed, 1))
	if err := w.deliver(ctx, draw(r, c.Deliveries, c.Matching), c.Clients, c.Pace, &accepted); err != nil {
		return nil, err
	}
	wrecking.Wait()
	fmt.Fprintf(c.Out, "chaos: all %d deliveries were accepted and all faults are over; waiting for rest\n", c.Deliveries)
	if err := w.settle(ctx); err != nil {
		fmt.Fprintln(c.Out, "chaos:", err) // the checker sees what is not over
	}
	w.rec.add(Event{Kind: Rested})
	left = w.down(ctx)
	if w.postgres != nil {
		open, err := w.connections(ctx)
		if err != nil {
			return nil, err
		}
		left = append(left, open...)
	}
	return left, nil
}

// twin starts a second orchestrator on the folder of the first, which must be
// refused and not wait.
func (w *world) twin(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	first := w.nodes[w.config.Topology.of(KindOrchestrator)[0]]
	second := &process{name: first.Name + "-twin", program: first.program, dir: first.dir, env: first.env, rec: w.rec}
	if second.start() != nil {
		return
	}
	_, err := second.says(ctx, "in use by another process")
	second.kill()
	e := Event{Kind: Locked, Node: second.name}
	if err != nil {
		e.Status, e.Text = 1, []string{err.Error()}
	}
	w.rec.add(e)
}

// clock writes down when the machine stood still: a wake-up that comes late came
// late to everybody.
func (w *world) clock(ctx context.Context) {
	const every, tolerated = 50 * time.Millisecond, 150 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		if late := now.Sub(last) - every; late > tolerated {
			w.rec.add(Event{Kind: Stalled, Took: late})
		}
		last = now
	}
}

// settle waits until every run is over.
func (w *world) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.config.Settle)
	defer cancel()
	for quiet := 0; quiet < 3; {
		busy, err := w.busy(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("the house did not come to rest within %s: %d runs are not over", w.config.Settle, busy)
		case err == nil && busy == 0:
			quiet++
		default:
			quiet = 0
		}
		rest(ctx, 200*time.Millisecond)
	}
	return nil
}

// open opens the store, once nobody else does.
func (w *world) open(ctx context.Context) (store.Store, error) {
	if w.postgres != nil {
		return postgres.Open(ctx, postgres.Config{URL: w.postgres.URL, Schema: schema})
	}
	return sqlite.Open(ctx, filepath.Join(w.dir, w.config.Topology.of(KindOrchestrator)[0]))
}

func (w *world) snapshot(ctx context.Context) (*Snapshot, error) {
	s, err := w.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("chaos: open the store: %w", err)
	}
	defer s.Close() //nolint:errcheck // it was only read
	blobs, err := fs.Open(w.blobs(), time.Now)
	if err != nil {
		return nil, err
	}
	out, err := Read(ctx, s, blobs)
	if err != nil {
		return nil, err
	}
	out.Witness, err = w.witness()
	return out, err
}

// left is what is still there of a house that was stopped.
func (w *world) left() []string {
	var out []string
	for _, pid := range marked(home(w.dir)) {
		out = append(out, fmt.Sprintf("process %d: %s", pid, commandLine(pid)))
	}
	entries, _ := os.ReadDir(w.temp())
	for _, e := range entries {
		out = append(out, "in the temporary folder: "+e.Name())
	}
	for _, name := range w.config.Topology.of(KindAgent) {
		out = append(out, w.workFolder(name)...)
	}
	return out
}

// workFolder lists what an agent left of its jobs.
func (w *world) workFolder(agent string) []string {
	var out []string
	work := filepath.Join(w.dir, agent, "data", "work")
	entries, _ := os.ReadDir(work)
	for _, e := range entries {
		out = append(out, fmt.Sprintf("in the work folder of %s: %s", agent, e.Name()))
	}
	return out
}

// marked lists processes with a variable in their environment that begins so.
func marked(variable string) []int {
	var out []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		var pid int
		if _, err := fmt.Sscan(e.Name(), &pid); err != nil {
			continue
		}
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err == nil && strings.Contains("\x00"+string(env), "\x00"+variable) {
			out = append(out, pid)
		}
	}
	return out
}

func commandLine(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(strings.TrimRight(string(b), "\x00"), "\x00", " ")
}
