package agentend

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici/internal/agent"
	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
)

func TestMain(m *testing.M) {
	if runner.IsChild(os.Args) {
		if err := runner.Serve(context.Background(), workflow.New(workflow.Options{}), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

const goodToken = "kat_good"

// orchestrator is a double of one: it registers an agent, sends what a test
// says and writes down what comes.
type orchestrator struct {
	t       *testing.T
	door    *pipe.Listener // nil when agents come another way
	session *session.Session
	work    sync.WaitGroup
	stop    context.CancelFunc

	mu        sync.Mutex
	registers []*message.AgentRegister
	records   []message.Message
	changed   chan struct{} // closed and replaced with every record
	answer    func(message.Message) message.Message
	end       error // of the last connection
	dials     int
}

// overWires runs a test over a good wire, and over one that loses, doubles, delays
// and mixes up frames: what a link promises does not depend on the wire. The first
// frames of a connection, which introduce the two, come through: without them the
// agent dials again, which TestReconnect is about.
func overWires(t *testing.T, test func(t *testing.T, o *orchestrator)) {
	t.Helper()
	for name, opts := range map[string][]pipe.Option{
		"good": nil,
		"bad":  {pipe.Seed(7), pipe.Spare(4), pipe.Lossy(0.05), pipe.Duplicate(0.05), pipe.Reorder(4), pipe.Delay(0, 2*time.Millisecond)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newOrchestrator(t, opts...))
		})
	}
}

func newOrchestrator(t *testing.T, opts ...pipe.Option) *orchestrator {
	t.Helper()
	door := pipe.Listen(opts...)
	o := newOrchestratorAt(t, door)
	o.door = door
	return o
}

func newOrchestratorAt(t *testing.T, door transport.Listener) *orchestrator {
	t.Helper()
	o := &orchestrator{
		t: t, changed: make(chan struct{}),
		session: session.New(session.Options{Receive: message.ToOrchestrator, Resend: 50 * time.Millisecond}),
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.stop = cancel
	o.work.Go(func() { o.serve(ctx, door) })
	t.Cleanup(func() {
		cancel()
		door.Close()
		o.work.Wait()
	})
	return o
}

func (o *orchestrator) serve(ctx context.Context, door transport.Listener) {
	endLast := func() {}
	defer func() { endLast() }()
	for {
		conn, err := door.Accept(ctx)
		if err != nil {
			return
		}
		endLast()
		connCtx, cancel := context.WithCancel(ctx)
		over := make(chan struct{})
		endLast = func() { cancel(); <-over }
		o.work.Go(func() {
			defer close(over)
			err := o.connection(connCtx, conn)
			o.mu.Lock()
			o.end = err
			o.mu.Unlock()
		})
	}
}

func (o *orchestrator) connection(ctx context.Context, conn transport.Conn) error {
	o.mu.Lock()
	o.dials++
	o.mu.Unlock()
	hello, err := o.receive(ctx, conn)
	auth, ok := hello.(*message.AuthRequest)
	if !ok {
		conn.Close(transport.AuthTimeout, fmt.Sprint(err))
		return err
	}
	if auth.Token != goodToken {
		_ = send(ctx, conn, &message.AuthFailure{Reason: "unknown token"})
		return conn.Close(transport.AgentAuthFailed, "unknown token")
	}
	if err := send(ctx, conn, &message.AuthSuccess{ConnectionID: "c"}); err != nil {
		return err
	}
	hello, err = o.receive(ctx, conn)
	reg, ok := hello.(*message.AgentRegister)
	if !ok {
		conn.Close(transport.ProtocolError, fmt.Sprint(err))
		return err
	}
	o.mu.Lock()
	o.registers = append(o.registers, reg)
	o.mu.Unlock()
	if err := send(ctx, conn, &message.RegisterAck{AgentID: reg.AgentID, Labels: reg.Labels, Capabilities: message.Capabilities()}); err != nil {
		return err
	}
	return o.session.Run(ctx, conn, session.Handler{Records: o.take, Now: func(context.Context, message.Message) error { return nil }})
}

func (o *orchestrator) lastEnd() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.end
}

func (o *orchestrator) receive(ctx context.Context, conn transport.Conn) (message.Message, error) {
	frame, err := conn.Receive(ctx)
	if err != nil {
		return nil, err
	}
	return message.Decode(message.ToOrchestrator, frame)
}

func (o *orchestrator) take(_ context.Context, batch []message.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range batch {
		o.records = append(o.records, m)
		if o.answer != nil {
			if a := o.answer(m); a != nil {
				o.work.Go(func() { _ = o.session.Send(o.t.Context(), a) })
			}
		}
	}
	close(o.changed)
	o.changed = make(chan struct{})
	return nil
}

func (o *orchestrator) send(m message.Message) {
	o.t.Helper()
	if err := o.session.Send(o.t.Context(), m); err != nil {
		o.t.Fatal(err)
	}
}

// await waits for a record that ok likes.
func (o *orchestrator) await(what string, ok func(message.Message) bool) message.Message {
	o.t.Helper()
	timeout := time.After(60 * time.Second)
	for {
		o.mu.Lock()
		i := slices.IndexFunc(o.records, ok)
		changed := o.changed
		var found message.Message
		if i >= 0 {
			found = o.records[i]
		}
		o.mu.Unlock()
		if found != nil {
			return found
		}
		select {
		case <-changed:
		case <-timeout:
			o.t.Fatalf("nobody said %s; what was said: %v", what, o.story("", true))
		}
	}
}

// ended waits for the end of a job.
func (o *orchestrator) ended(job string) *message.JobStatus {
	o.t.Helper()
	return o.await("the end of "+job, func(m message.Message) bool {
		s, ok := m.(*message.JobStatus)
		return ok && s.JobID == job && s.State.Terminal()
	}).(*message.JobStatus)
}

// said waits for a line of a job.
func (o *orchestrator) said(job, line string) {
	o.t.Helper()
	o.await(line, func(m message.Message) bool {
		c, ok := m.(*message.LogChunk)
		return ok && c.JobID == job && slices.Contains(c.Lines, line)
	})
}

// story is the records of a job in short; all means of all jobs.
func (o *orchestrator) story(job string, all bool) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	for _, m := range o.records {
		about, ok := m.(message.AboutJob)
		if !ok || !all && about.Job().JobID != job {
			continue
		}
		text := m.Type()
		switch m := m.(type) {
		case *message.JobStatus:
			text += " " + string(m.State)
		case *message.StepStatus:
			text += fmt.Sprintf(" %d %s %s %s", m.StepIndex, m.StepType, m.StepName, m.State)
		case *message.LogChunk:
			text += fmt.Sprintf(" %d", m.StepIndex)
		case *message.JobReject:
			text += " " + string(m.Reason)
		}
		if len(out) == 0 || out[len(out)-1] != text {
			out = append(out, text)
		}
	}
	return out
}

// log is what a step of a job printed.
func (o *orchestrator) log(job string, step int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	chunk := int64(0)
	for _, m := range o.records {
		if c, ok := m.(*message.LogChunk); ok && c.JobID == job && c.StepIndex == step {
			if chunk++; c.Chunk != chunk {
				o.t.Errorf("chunk %d of step %d has number %d", chunk, step, c.Chunk)
			}
			out = append(out, c.Lines...)
		}
	}
	return out
}

// dispatch makes the message for a job.
func dispatch(r *agenttest.Repository, job string, change func(*message.JobDispatch)) *message.JobDispatch {
	m := &message.JobDispatch{
		MessageID: newID(), JobRef: message.JobRef{RunID: "run-1", JobID: "job-" + job, Attempt: "att-" + newID()[:8], Fence: 1},
		RepoURL: r.Dir, Ref: "refs/heads/main", SHA: r.SHA, CacheRefScope: message.CacheTrusted,
		JobConfig: message.JobConfig{Spec: r.Spec(job), Input: jobspec.Input{Event: json.RawMessage(`{"type":"push"}`)}},
	}
	if change != nil {
		change(m)
	}
	return m
}

// house is an agent at its orchestrator.
type house struct {
	*Link
	o    *orchestrator
	done chan error
	stop func() error // ends Run
}

func open(t *testing.T, o *orchestrator, slots int, change func(*Config)) *house {
	t.Helper()
	a, err := agent.New(agent.Config{DataDir: t.TempDir(), Slots: slots, Environ: os.Environ(), LogCap: 100 << 20})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Dialer: o.door, AgentID: "agent-1", Token: goodToken, Labels: []string{"gpu"}, Version: "1",
		Backoff: transport.Backoff{First: 5 * time.Millisecond, Max: 50 * time.Millisecond}, Session: session.Options{Resend: 50 * time.Millisecond},
	}
	if change != nil {
		change(&c)
	}
	l, err := New(c, a)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	h := &house{Link: l, o: o, done: make(chan error, 1)}
	h.stop = sync.OnceValue(func() error {
		cancel()
		return <-h.done
	})
	go func() { h.done <- l.Run(ctx) }()
	t.Cleanup(func() { _ = h.stop() })
	return h
}

func (h *house) ready(t *testing.T) *house {
	t.Helper()
	select {
	case <-h.Ready():
	case err := <-h.done:
		t.Fatalf("Run: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatal("the agent is not registered")
	}
	return h
}
