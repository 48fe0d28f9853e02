package rig

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/ws"
)

// Crowd is agents that need no time.
type Crowd struct {
	URL    string // ws://host:port/ws
	Name   string // what their ids begin with
	Agents int
	Slots  int      // of each; 1 when zero
	Labels []string // of all of them
	// Opening bounds how many connect at the same time; 64 when zero.
	Opening int
	// Idle: they take jobs and say nothing about them.
	Idle bool
	// LogLines is how many lines of some hundred bytes every job logs.
	LogLines int
	// Got hears of every job, on the goroutine of its agent.
	Got func(job string, at time.Time)
	// Joined hears how many are registered, whenever that changes.
	Joined func(now int)
	// Backoff is how they connect again; the zero value is an agent's.
	Backoff transport.Backoff

	dialer ws.Dialer
	joined atomic.Int64
	lives  atomic.Int64 // so that no two connections number alike
}

// Run keeps the agents connected until ctx ends.
func (c *Crowd) Run(ctx context.Context) error {
	c.dialer.URL = c.URL
	opening := make(chan struct{}, max(c.Opening, 64))
	g, ctx := errgroup.WithContext(ctx)
	for i := range c.Agents {
		g.Go(func() error {
			c.life(ctx, fmt.Sprintf("%s-%05d", c.Name, i), opening)
			return nil
		})
	}
	return g.Wait()
}

// life is one agent's connections, one after another.
func (c *Crowd) life(ctx context.Context, id string, opening chan struct{}) {
	for failures := 0; ctx.Err() == nil; failures++ {
		m, err := c.join(ctx, id, opening)
		if err == nil {
			failures = 0
			c.count(1)
			m.work(ctx)
			c.count(-1)
		}
		again := time.NewTimer(c.Backoff.Delay(failures))
		select {
		case <-ctx.Done():
			again.Stop()
		case <-again.C:
		}
	}
}

func (c *Crowd) count(by int64) {
	now := c.joined.Add(by)
	if c.Joined != nil {
		c.Joined(int(now))
	}
}

// member is a registered agent.
type member struct {
	c     *Crowd
	conn  transport.Conn
	name  string // of its numbers
	seq   int64  // of what it has said
	heard int64  // of what it was told
	acked int64  // of what it has said
}

func (c *Crowd) join(ctx context.Context, id string, opening chan struct{}) (*member, error) {
	select {
	case opening <- struct{}{}:
		defer func() { <-opening }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	conn, err := c.dialer.Dial(ctx)
	if err != nil {
		return nil, err
	}
	m := &member{c: c, conn: conn, name: fmt.Sprintf("%s-%d-%d", id, time.Now().UnixNano(), c.lives.Add(1))}
	reg := &message.AgentRegister{
		AgentID: id, Labels: message.Strings(c.Labels), MaxConcurrency: max(c.Slots, 1), Platform: "linux", Arch: "amd64", Version: "rig",
		Hostname: "rig", Capabilities: message.Capabilities(), ProtocolVersion: message.ProtocolVersion,
	}
	frame, err := message.Encode(reg)
	if err == nil {
		err = conn.Send(ctx, frame)
	}
	if err == nil {
		_, err = conn.Receive(ctx) // agent.registered
	}
	if err != nil {
		_ = conn.Close(transport.Normal, "")
		return nil, err
	}
	return m, nil
}

// work answers until the connection ends.
func (m *member) work(ctx context.Context) {
	var end sync.Once
	leave := func() { end.Do(func() { _ = m.conn.Close(transport.Normal, "") }) }
	defer leave()
	stop := context.AfterFunc(ctx, leave)
	defer stop()
	for {
		e, err := m.receive(ctx)
		if err != nil || m.answer(ctx, e, time.Now()) != nil {
			return
		}
	}
}

func (m *member) receive(ctx context.Context) (message.Envelope, error) {
	frame, err := m.conn.Receive(ctx)
	if err != nil {
		return message.Envelope{}, err
	}
	e, err := message.Open(message.ToAgent, frame)
	if ack, ok := e.Message.(*message.Ack); ok {
		m.acked = max(m.acked, ack.Seq)
	}
	return e, err
}

// answer acknowledges what has a number, and finishes a job.
func (m *member) answer(ctx context.Context, e message.Envelope, at time.Time) error {
	if e.Seq > 0 {
		again := e.Seq <= m.heard
		m.heard = max(m.heard, e.Seq)
		if err := m.send(ctx, message.Envelope{Message: &message.Ack{Seq: m.heard}}); err != nil || again {
			return err
		}
	}
	job, ok := e.Message.(*message.JobDispatch)
	if !ok {
		return nil
	}
	if m.c.Got != nil {
		m.c.Got(job.JobID, at)
	}
	if m.c.Idle {
		return m.record(ctx, &message.JobAck{JobRef: job.JobRef})
	}
	ref, now := job.JobRef, at.UnixMilli()
	err := m.record(ctx,
		&message.JobAck{JobRef: ref}, &message.JobStatus{JobRef: ref, State: status.JobRunning},
		&message.StepStatus{JobRef: ref, StepName: "s", State: status.StepRunning, Timestamp: now},
	)
	if err == nil {
		err = m.log(ctx, ref)
	}
	if err != nil {
		return err
	}
	return m.record(ctx,
		&message.StepStatus{JobRef: ref, StepName: "s", State: status.StepSuccess, Timestamp: now},
		&message.JobStatus{JobRef: ref, State: status.JobSuccess, Data: &message.JobData{Result: &jobspec.Result{Status: jobspec.Success}}},
	)
}

const (
	perFrame = 500 // lines
	unheard  = 64  // frames that may wait for their acknowledgement
)

// log sends what a job logs, not faster than it is stored.
func (m *member) log(ctx context.Context, ref message.JobRef) error {
	for line := 0; line < m.c.LogLines; {
		chunk := &message.LogChunk{JobRef: ref, Chunk: int64(line/perFrame + 1), Timestamp: time.Now().UnixMilli()}
		for range min(perFrame, m.c.LogLines-line) {
			chunk.Lines = append(chunk.Lines, fmt.Sprintf("%09d compiling a file with a name of some length, as builds do, in %d ms: ok", line, line%97))
			line++
		}
		if err := m.record(ctx, chunk); err != nil {
			return err
		}
		for m.seq-m.acked > unheard {
			if _, err := m.receive(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// record sends messages of record.
func (m *member) record(ctx context.Context, ms ...message.Message) error {
	for _, r := range ms {
		m.seq++
		e := message.Envelope{Numbering: message.Numbering{Seq: m.seq, First: 1, Session: m.name}, Message: r}
		if err := m.send(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) send(ctx context.Context, e message.Envelope) error {
	frame, err := e.Encode()
	if err != nil {
		return err
	}
	return m.conn.Send(ctx, frame)
}
