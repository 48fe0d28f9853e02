package serverend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/kici/internal/link/serverend"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/pipe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is an orchestrator's rooms behind their end of the link. It lives in a
// bubble of virtual time unless a test says otherwise.
type bench struct {
	t      testing.TB
	server *serverend.Server
	store  store.Store
	runs   *runs.Runs
	asked  *asked
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup
	ids    atomic.Int64
}

// in runs a test in a bubble, over a store in memory.
func in(t *testing.T, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		b := setup(t, s)
		defer b.close()
		test(b)
	})
}

func setup(t testing.TB, s store.Store) *bench {
	t.Helper()
	b := &bench{t: t, store: s, asked: &asked{}}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.must(s.Migrate(b.ctx, time.Now()))
	id := func() string { return fmt.Sprintf("id-%06d", b.ids.Add(1)) }
	log := slog.New(slog.DiscardHandler)
	b.runs = runs.New(s, runs.Config{Now: time.Now, NewID: id, QueueTimeout: time.Hour})
	d := dispatch.New(s, b.runs, dispatch.Config{
		Now: time.Now, NewID: id, Instance: "one", Log: log, Repositories: nowhere{}, Secrets: vault{},
	})
	b.server = serverend.New(d, serverend.Config{Now: time.Now, NewID: id, Log: log, Store: s, Questions: b.asked})
	b.work.Go(func() {
		if err := d.Run(b.ctx); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) close() {
	b.stop()
	b.work.Wait()
	b.must(b.store.Close())
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

type nowhere struct{}

func (nowhere) Clone(context.Context, *engine.Run) (provider.Clone, error) {
	return provider.Clone{URL: "file:///r"}, nil
}

type vault struct{}

func (vault) Resolve(context.Context, *engine.Run, string) ([]jobspec.Secret, error) {
	return []jobspec.Secret{{Key: "A", Value: "1"}, {Key: "B", Value: "2", Scope: "prod"}}, nil
}

// asked answers questions and writes them down.
type asked struct {
	mu  sync.Mutex // guards all
	all []string
}

func (q *asked) note(format string, args ...any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all = append(q.all, fmt.Sprintf(format, args...))
}

func (q *asked) Emit(_ context.Context, e serverend.Emitted) (engine.DeliveryID, error) {
	q.note("emit %s", e.Name)
	return "d-1", nil
}

func (q *asked) Secrets(_ context.Context, _ engine.RunID, env string) ([]jobspec.Secret, error) {
	q.note("secrets %s", env)
	return []jobspec.Secret{{Key: "K", Value: "v"}}, nil
}

func (q *asked) Restore(context.Context, serverend.Asker, string, []string) (*message.CacheUserRestoreResponse, error) {
	return nil, errors.New("broken")
}

func (q *asked) Save(context.Context, serverend.Asker, string) (*message.CacheUserSaveResponse, error) {
	return &message.CacheUserSaveResponse{UploadURL: "u"}, nil
}

func (q *asked) Saved(_ context.Context, _ serverend.Asker, key, _ string, _ int64) error {
	q.note("saved %s", key)
	return nil
}

func (q *asked) list() []string {
	synctest.Wait()
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]string(nil), q.all...)
}

// run makes a run of jobs that ask for the label linux.
func (b *bench) run(names ...string) engine.RunID {
	b.t.Helper()
	w := lockfile.Workflow{Name: "ci", Source: lockfile.Source{File: "ci.ts", Export: "#default"}}
	for _, n := range names {
		w.Jobs = append(w.Jobs, lockfile.Job{Static: &lockfile.StaticJob{Type: "static", Name: n, RunsOn: lockfile.Labels{"linux"}}})
	}
	f := &lockfile.File{Workflows: []lockfile.Workflow{w}}
	b.must(lockfile.Seal(f))
	lock, err := lockfile.Encode(f)
	b.must(err)
	var id engine.RunID
	b.must(b.store.Tx(b.ctx, func(tx store.Tx) (err error) {
		id, err = b.runs.CreateTx(b.ctx, tx, runs.Request{Ref: engine.Ref{Repo: "a/b", SHA: "1"}, Workflow: &w, Lock: lock,
			Event: &event.Event{Type: event.Push, Payload: json.RawMessage("{}")}})
		return err
	}))
	return id
}

func (b *bench) job(id engine.RunID, name string) (out engine.Job) {
	b.t.Helper()
	b.must(b.store.View(b.ctx, func(tx store.Tx) error {
		js, err := tx.Jobs().Of(b.ctx, id)
		for _, j := range js {
			if j.Name == name {
				out = j
			}
		}
		return err
	}))
	return out
}

// want waits for all that is under way, and compares a job's status.
func (b *bench) want(id engine.RunID, name string, s status.Job) {
	b.t.Helper()
	synctest.Wait()
	if j := b.job(id, name); j.Status != s {
		b.t.Errorf("%s is %s (%s), want %s", name, j.Status, j.Reason, s)
	}
}

// log is what the last attempt at a job has printed.
func (b *bench) log(id engine.RunID, name string) (out []string) {
	b.t.Helper()
	synctest.Wait()
	j := b.job(id, name)
	var as []engine.Attempt
	b.must(b.store.View(b.ctx, func(tx store.Tx) (err error) {
		as, err = tx.Queue().Attempts(b.ctx, j.ID)
		return err
	}))
	for line, err := range (&logs.Reader{Store: b.store}).Read(b.ctx, logs.Query{Attempt: as[len(as)-1].ID}) {
		b.must(err)
		out = append(out, line.Text)
	}
	return out
}

// history holds that every job and the run have ended once at most.
func (b *bench) history(id engine.RunID) {
	b.t.Helper()
	seen := map[string]int{}
	b.must(b.store.View(b.ctx, func(tx store.Tx) error {
		es, err := tx.Events().After(b.ctx, id, 0, 100000)
		for _, e := range es {
			if e.Kind == runs.KindJobFinished || e.Kind == runs.KindRunFinished {
				seen[e.Kind+string(e.Job)]++
			}
		}
		return err
	}))
	for what, n := range seen {
		if n > 1 {
			b.t.Errorf("%s happened %d times", what, n)
		}
	}
}

// agent is one that a test plays by hand.
type agent struct {
	b       *bench
	conn    transport.Conn
	seq     int64
	session string
	ended   chan struct{} // the server's Serve has returned

	mu     sync.Mutex // guards what follows
	got    []message.Message
	heard  int64 // numbers, in order
	deaf   bool  // acknowledges nothing
	closed *transport.CloseError
}

// dial opens a connection and reads from it.
func (b *bench) dial(trusted bool) *agent {
	b.t.Helper()
	here, there := pipe.New(pipe.Capacity(64 << 20))
	a := &agent{b: b, conn: here, session: fmt.Sprint("s", b.ids.Add(1)), ended: make(chan struct{})}
	b.work.Go(func() { defer close(a.ended); b.server.Serve(b.ctx, there, trusted) })
	b.work.Go(a.read)
	return a
}

func (a *agent) read() {
	for {
		frame, err := a.conn.Receive(context.Background())
		if err != nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			if !errors.As(err, &a.closed) && !errors.Is(err, transport.ErrClosed) {
				a.b.t.Errorf("the connection ended with %v", err)
			}
			_ = a.conn.Close(transport.Normal, "")
			return
		}
		e, err := message.Open(message.ToAgent, frame)
		if err != nil {
			a.b.t.Errorf("%v: %s", err, frame)
			continue
		}
		a.mu.Lock()
		if e.Seq == 0 || e.Seq == a.heard+1 {
			a.got = append(a.got, e.Message)
		}
		if e.Seq == a.heard+1 {
			a.heard++
		}
		a.mu.Unlock()
		if e.Seq > 0 {
			a.acknowledge()
		}
	}
}

// acknowledge what was heard, unless the agent plays deaf.
func (a *agent) acknowledge() {
	a.mu.Lock()
	deaf, n := a.deaf, a.heard
	a.mu.Unlock()
	if !deaf {
		a.say(&message.Ack{Seq: n})
	}
}

// raw sends a frame as it is.
func (a *agent) raw(frame string) {
	_ = a.conn.Send(context.Background(), []byte(frame)) // the other side may have closed
}

// say sends messages without numbers.
func (a *agent) say(ms ...message.Message) {
	a.b.t.Helper()
	for _, m := range ms {
		frame, err := message.Encode(m)
		a.b.must(err)
		a.raw(string(frame))
	}
}

// record sends messages with numbers.
func (a *agent) record(ms ...message.Message) {
	a.b.t.Helper()
	for _, m := range ms {
		a.seq++
		frame, err := message.Envelope{Numbering: message.Numbering{Seq: a.seq, First: 1, Session: a.session}, Message: m}.Encode()
		a.b.must(err)
		a.raw(string(frame))
	}
}

// all are the messages of a kind that have come by now.
func all[M message.Message](a *agent) (out []M) {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.got {
		if m, ok := m.(M); ok {
			out = append(out, m)
		}
	}
	return out
}

// acked is how far the numbers are acknowledged.
func (a *agent) acked() (seq int64) {
	for _, ack := range all[*message.Ack](a) {
		seq = max(seq, ack.Seq)
	}
	return seq
}

// end is how the connection was closed, or nil.
func (a *agent) end() *transport.CloseError {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}

func (a *agent) leave() {
	_ = a.conn.Close(transport.Normal, "")
	<-a.ended
}

// register is what an agent of today says.
func register(id string, has ...message.InFlightJob) *message.AgentRegister {
	return &message.AgentRegister{AgentID: id, Labels: message.Strings{"linux"}, MaxConcurrency: 4, Capabilities: message.Capabilities(), InFlightJobs: has}
}

// member is an agent that was let in.
func (b *bench) member(reg *message.AgentRegister) *agent {
	b.t.Helper()
	a := b.dial(true)
	a.say(reg)
	if len(all[*message.RegisterAck](a)) != 1 {
		b.t.Fatalf("%s was not registered: %v", reg.AgentID, a.end())
	}
	return a
}

// job waits for the dispatch of the newest job.
func (a *agent) job() *message.JobDispatch {
	a.b.t.Helper()
	ds := all[*message.JobDispatch](a)
	if len(ds) == 0 {
		a.b.t.Fatal("no job was dispatched")
	}
	return ds[len(ds)-1]
}

// What agents say about a job.
func started(r message.JobRef) []message.Message {
	return []message.Message{
		&message.JobAck{JobRef: r}, &message.JobStatus{JobRef: r, State: status.JobRunning},
		&message.StepStatus{JobRef: r, StepName: "s", State: status.StepRunning, Timestamp: time.Now().UnixMilli()},
	}
}

func finished(r message.JobRef, s status.Job) *message.JobStatus {
	return &message.JobStatus{JobRef: r, State: s, Data: &message.JobData{Result: &jobspec.Result{Status: jobspec.Status(s)}}}
}

func chunk(r message.JobRef, n int64, lines ...string) *message.LogChunk {
	return &message.LogChunk{JobRef: r, Chunk: n, Lines: lines, Timestamp: time.Now().UnixMilli()}
}
