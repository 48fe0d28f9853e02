package agentend

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/ws"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("echo", "await $`echo hello`; return { n: 1 };")))
		open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "echo", nil))
		end := o.ended("job-echo")
		if end.State != status.JobSuccess || end.Data == nil || string(end.Data.Result.Outputs) != `{"n":1}` || end.Attempt == "" || end.Fence != 1 {
			t.Errorf("%+v %+v", end, end.Data)
		}
		want := []string{
			"job.ack", "job.status running", "log.chunk -1", "step.status 0 step do running", "log.chunk 0", "step.status 0 step do success", "job.status success",
		}
		if got := o.story("job-echo", false); !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if got := o.log("job-echo", 0); !slices.Equal(got, []string{"hello"}) {
			t.Errorf("log %q", got)
		}
		reg := o.registers[0]
		for _, label := range []string{"gpu", "kici:os:", "kici:arch:", "kici:host:"} {
			if !slices.ContainsFunc(reg.Labels, func(l string) bool { return strings.HasPrefix(l, label) }) {
				t.Errorf("label %s is missing in %v", label, reg.Labels)
			}
		}
		if reg.AgentID != "agent-1" || reg.Slots() != 1 || len(reg.InFlightJobs) != 0 {
			t.Errorf("%+v", reg)
		}
	})
}

// TestOverWebSocket is the link over the socket it has in the world.
func TestOverWebSocket(t *testing.T) {
	t.Parallel()
	r := agenttest.New(t, agenttest.Flow(agenttest.Job("echo", "await $`echo hello`;")))
	door := ws.NewListener(ws.Options{})
	server := httptest.NewServer(door)
	o := newOrchestratorAt(t, door)
	t.Cleanup(server.Close)
	open(t, o, 1, func(c *Config) { c.Dialer = &ws.Dialer{URL: server.URL} }).ready(t)
	o.send(dispatch(r, "echo", nil))
	if end := o.ended("job-echo"); end.State != status.JobSuccess || !slices.Equal(o.log("job-echo", 0), []string{"hello"}) {
		t.Errorf("%+v", end.Data.Result)
	}
}

func TestDrift(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("echo", "await $`echo hello`;")))
		r.Write(map[string]string{".kici/workflows/ci.ts": "// other\n"})
		r.Commit()
		open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "echo", nil))
		end := o.ended("job-echo")
		if end.State != status.JobFailed || !strings.Contains(end.Data.Result.Reason, "lock file is out of date") || end.Data.Result.Infrastructure {
			t.Errorf("%+v", end.Data.Result)
		}
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow("job('slow', { runsOn: 'default', onCancel: async ({ $ }) => { await $`echo hook ran`; }, steps: [step('do', async ({ $ }) => { await $`echo begun; sleep 300`; })] })"))
		open(t, o, 1, nil).ready(t)
		for i, force := range []bool{false, true} {
			job := fmt.Sprintf("job-%d", i)
			m := dispatch(r, "slow", func(m *message.JobDispatch) { m.JobID = job })
			o.send(m)
			o.said(job, "begun")
			// A stale attempt is not this one.
			o.send(&message.JobCancel{MessageID: newID(), JobRef: message.JobRef{RunID: m.RunID, JobID: job, Fence: 99}, Reason: "stale"})
			ref := m.JobRef
			if i == 0 {
				ref.Attempt = "" // as an orchestrator that keeps fences only
			}
			o.send(&message.JobCancel{MessageID: newID(), JobRef: ref, Reason: "by somebody", Force: force})
			end := o.ended(job)
			if end.State != status.JobCancelled {
				t.Errorf("%+v", end.Data.Result)
			}
			hook := slices.ContainsFunc(o.story(job, false), func(s string) bool { return strings.Contains(s, "hook:onCancel") })
			if hook == force {
				t.Errorf("force %v: hook %v in %v", force, hook, o.story(job, false))
			}
			if !strings.Contains(end.Data.Result.Reason, "by somebody") {
				t.Errorf("reason %q", end.Data.Result.Reason)
			}
		}
	})
}

// TestSlotsAndDrain fills two slots, sends a third job, and drains.
func TestSlotsAndDrain(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("wait", "await $`echo begun; while [ ! -e ${ctx.env.GATE} ]; do sleep 0.02; done`;")))
		gate := filepath.Join(t.TempDir(), "gate")
		h := open(t, o, 2, nil).ready(t)
		for i := range 4 {
			if i == 3 {
				h.agent.Drain()
			}
			o.send(dispatch(r, "wait", func(m *message.JobDispatch) {
				m.JobID, m.JobConfig.Input.Variables = fmt.Sprintf("job-%d", i), map[string]string{"GATE": gate}
			}))
			switch i {
			case 0, 1:
				o.said(fmt.Sprintf("job-%d", i), "begun")
			case 2, 3:
				got := o.await("a refusal", func(m message.Message) bool {
					reject, ok := m.(*message.JobReject)
					return ok && reject.JobID == fmt.Sprintf("job-%d", i)
				}).(*message.JobReject)
				if want := []message.RejectReason{message.RejectBusy, message.RejectDraining}[i-2]; got.Reason != want {
					t.Errorf("job %d: %s, want %s", i, got.Reason, want)
				}
			}
		}
		if err := os.WriteFile(gate, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			if end := o.ended(fmt.Sprintf("job-%d", i)); end.State != status.JobSuccess {
				t.Errorf("%+v", end.Data.Result)
			}
		}
		select {
		case err := <-h.done:
			h.done <- nil
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("a drained agent does not leave")
		}
		poll(t, "the end of the connection", func() bool { return o.lastEnd() != nil })
		if code := transport.CodeOf(o.lastEnd()); code != transport.Normal {
			t.Errorf("the link was closed with %v", code)
		}
	})
}

// TestStop: an agent that is stopped tells what became of its jobs.
func TestStop(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("slow", "await $`echo begun; sleep 300`;")))
		h := open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "slow", nil))
		o.said("job-slow", "begun")
		if err := h.stop(); err != nil {
			t.Error(err)
		}
		if end := o.ended("job-slow"); end.State != status.JobCancelled || !strings.Contains(end.Data.Result.Reason, "stopped") {
			t.Errorf("%+v", end.Data.Result)
		}
	})
}

// TestReconnect breaks the connection in the middle of a job, again and again.
func TestReconnect(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		const n = 3000
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("long", fmt.Sprintf("await $`for ((i = 0; i < %d; i++)); do echo line $i; ((i %% 200)) || sleep 0.05; done`;", n))))
		h := open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "long", nil))
		for _, line := range []string{"line 10", "line 1000", "line 2000"} {
			o.said("job-long", line)
			o.door.Break()
		}
		if end := o.ended("job-long"); end.State != status.JobSuccess {
			t.Errorf("%+v", end.Data.Result)
		}
		inOrder(t, o.log("job-long", 0), n)
		o.mu.Lock()
		defer o.mu.Unlock()
		if len(o.registers) < 3 {
			t.Errorf("%d registrations", len(o.registers))
		}
		for _, reg := range o.registers[1:2] {
			if len(reg.InFlightJobs) != 1 || reg.InFlightJobs[0].JobID != "job-long" || reg.InFlightJobs[0].Attempt == "" {
				t.Errorf("in flight: %+v", reg.InFlightJobs)
			}
		}
		_ = h
	})
}

// TestEndWhileOffline: what ended while nobody was there is in flight until it
// is acknowledged, and is told once.
func TestEndWhileOffline(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		gate := filepath.Join(t.TempDir(), "gate")
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("end", "await $`echo begun; while [ ! -e ${ctx.env.GATE} ]; do sleep 0.02; done; echo over`;")))
		h := open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "end", func(m *message.JobDispatch) { m.JobConfig.Input.Variables = map[string]string{"GATE": gate} }))
		o.said("job-end", "begun")
		o.door.Refuse(true)
		o.door.Break()
		if err := os.WriteFile(gate, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		poll(t, "the job to end", func() bool { return len(h.agent.InFlight()) == 0 })
		o.door.Refuse(false)
		if end := o.ended("job-end"); end.State != status.JobSuccess {
			t.Errorf("%+v", end.Data.Result)
		}
		last := o.registers[len(o.registers)-1]
		if len(o.registers) < 2 || len(last.InFlightJobs) != 1 {
			t.Errorf("in flight at registration %d: %+v", len(o.registers), last.InFlightJobs)
		}
		poll(t, "the end to be acknowledged", func() bool { return len(h.inFlight()) == 0 })
	})
}

// counted counts how often was dialled.
type counted struct {
	transport.Dialer
	n atomic.Int64
}

func (c *counted) Dial(ctx context.Context) (transport.Conn, error) {
	c.n.Add(1)
	return c.Dialer.Dial(ctx)
}

// TestStopWhileOffline: an agent that is stopped while nobody is there, and reaches
// somebody before it gives up, still names the job whose end it brings.
func TestStopWhileOffline(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	r := agenttest.New(t, agenttest.Flow(agenttest.Job("end", "await $`echo begun; while [ ! -e ${ctx.env.GATE} ]; do sleep 0.02; done; echo over`;")))
	o := newOrchestrator(t)
	dials := &counted{Dialer: o.door}
	h := open(t, o, 1, func(c *Config) { c.Dialer = dials }).ready(t)
	o.send(dispatch(r, "end", func(m *message.JobDispatch) { m.JobConfig.Input.Variables = map[string]string{"GATE": gate} }))
	o.said("job-end", "begun")
	o.door.Refuse(true)
	o.door.Break()
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	poll(t, "the job to end", func() bool { return len(h.agent.InFlight()) == 0 })
	stopped := make(chan error, 1)
	go func() { stopped <- h.stop() }()
	before := dials.n.Load()
	poll(t, "it to dial on while it stops", func() bool { return dials.n.Load() > before+8 })
	o.door.Refuse(false)
	if end := o.ended("job-end"); end.State != status.JobSuccess {
		t.Errorf("%+v", end.Data.Result)
	}
	o.mu.Lock()
	last := o.registers[len(o.registers)-1]
	o.mu.Unlock()
	if len(last.InFlightJobs) != 1 {
		t.Errorf("in flight: %+v", last.InFlightJobs)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 6000 {
		if ok() {
			return
		}
		<-tick.C
	}
	t.Fatalf("waited in vain for %s", what)
}

func inOrder(t *testing.T, lines []string, n int) {
	t.Helper()
	if len(lines) != n {
		t.Errorf("%d lines, want %d", len(lines), n)
	}
	for i, line := range lines {
		if line != fmt.Sprintf("line %d", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
}

// TestFlood sends more lines than any window holds, over a good line and over
// one that loses, doubles, delays and mixes up frames.
func TestFlood(t *testing.T) {
	t.Parallel()
	const n = 100_000
	r := agenttest.New(t, agenttest.Flow(agenttest.Job("flood", fmt.Sprintf("await $`for ((i = 0; i < %d; i++)); do echo line $i; done`;", n))))
	overWires(t, func(t *testing.T, o *orchestrator) {
		open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "flood", nil))
		if end := o.ended("job-flood"); end.State != status.JobSuccess {
			t.Errorf("%+v", end.Data.Result)
		}
		inOrder(t, o.log("job-flood", 0), n)
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	o := newOrchestrator(t)
	h := open(t, o, 1, func(c *Config) { c.Token = "kat_revoked" })
	err := <-h.done
	h.done <- nil
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Code != transport.AgentAuthFailed || !strings.Contains(err.Error(), "unknown token") {
		t.Errorf("Run: %v", err)
	}
	if o.dials != 1 {
		t.Errorf("it dialled %d times", o.dials)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	o := newOrchestrator(t)
	h := open(t, o, 3, func(c *Config) { c.Labels, c.Roles = []string{" a ", "", "b", "a"}, []string{} })
	var own []string
	for _, l := range h.facts.Labels {
		if !strings.HasPrefix(l, "kici:os") && !strings.HasPrefix(l, "kici:arch") && !strings.HasPrefix(l, "kici:host") {
			own = append(own, l)
		}
	}
	if !slices.Equal(own, []string{"a", "b", "kici:role:none"}) || h.facts.MaxConcurrency != 3 {
		t.Errorf("%v %+v", own, h.facts)
	}
	for _, bad := range []Config{{}, {Dialer: o.door}, {AgentID: "x"}, {Dialer: o.door, AgentID: "x", Labels: []string{"KiCI:role:builder"}}} {
		if _, err := New(bad, h.agent); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow("job('ask', { runsOn: 'default', environment: () => process.cwd() ? 'prod' : 'x', steps: [step('do', async (ctx) => { await ctx.$`echo got ${String((await ctx.secrets.get('K')).length)}`; ctx.setSecretOutput('OUT', 'sealed-value'); })] })"))
		o.answer = func(m message.Message) message.Message {
			if q, ok := m.(*message.JobSecretsRequest); ok && q.Environment == "prod" {
				return &message.JobSecretsResponse{RequestID: q.RequestID, SecretList: []jobspec.Secret{{Key: "K", Value: "twelve-chars"}}}
			}
			return nil
		}
		open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "ask", func(m *message.JobDispatch) { m.RunPublicKey = "broken" }))
		end := o.ended("job-ask")
		if got := o.log("job-ask", 0); !slices.Equal(got, []string{"got 12"}) {
			t.Errorf("log %q", got)
		}
		// The secret output cannot be sealed, and so the job has not succeeded.
		if end.State != status.JobFailed || !end.Data.Result.Infrastructure || len(end.SecretOutputs) != 0 {
			t.Errorf("%+v", end.Data.Result)
		}
	})
}
