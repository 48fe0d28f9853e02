package serverend_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// An agent without capabilities, which has neither numbers nor fences nor lists,
// runs jobs all the same.
func TestOldAgent(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		id := b.run("a", "b") // they wait for it
		a := b.member(&message.AgentRegister{AgentID: "old", Labels: message.Strings{"linux"}})
		job := a.job()
		if got := job.Secrets; got["A"] != "1" || got["B"] != "2" || job.NamespacedSecrets["prod"]["B"] != "2" || job.SecretList != nil {
			t.Errorf("secrets %v %v %v", job.Secrets, job.NamespacedSecrets, job.SecretList)
		}
		old := message.JobRef{RunID: job.RunID, JobID: job.JobID}
		name := "a"
		if string(b.job(id, "b").ID) == job.JobID {
			name = "b"
		}
		a.say(started(old)...)
		a.say(chunk(old, 0, "one"), chunk(old, 0, "two"), &message.JobHeartbeat{JobRef: old}, chunk(old, 0, "two"))
		a.say(&message.EventEmit{JobRef: old, RequestID: "q", EventName: "x"}, &message.CacheUserRestoreRequest{JobRef: old, MessageID: "c", Key: "k"})
		b.want(id, name, status.JobRunning)
		if got := all[*message.EventEmitResponse](a); len(got) != 1 || got[0].DeliveryID != "d-1" {
			t.Errorf("event %+v", got)
		}
		if got := all[*message.CacheUserRestoreResponse](a); len(got) != 1 || got[0].Hit || got[0].RequestID != "c" {
			t.Errorf("a broken cache is a miss: %+v", got)
		}
		// It comes back, and says what it has in its own words.
		a.leave()
		a = b.member(&message.AgentRegister{AgentID: "old", Labels: message.Strings{"linux"}, InFlightJobs: []message.InFlightJob{{JobRef: old}}})
		a.say(chunk(old, 0, "three"), finished(old, status.JobSuccess), finished(old, status.JobFailed))
		b.want(id, name, status.JobSuccess)
		if got := b.log(id, name); !slices.Equal(got, []string{"one", "two", "two", "three"}) {
			t.Errorf("log %q", got)
		}
		if len(all[*message.Ack](a)) != 0 || len(all[*message.JobCancel](a)) != 0 {
			t.Errorf("acks %v, cancels %v", all[*message.Ack](a), all[*message.JobCancel](a))
		}
		next := a.job().JobRef
		if next.JobID == old.JobID {
			t.Fatal("the other job did not come")
		}
		a.say(finished(message.JobRef{RunID: next.RunID, JobID: next.JobID}, status.JobFailed))
		synctest.Wait()
		b.history(id)
	})
}

func TestCancelReachesTheAgent(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		soft, hard := b.run("a"), b.run("a")
		for _, d := range all[*message.JobDispatch](a) {
			a.record(started(d.JobRef)...)
		}
		b.want(soft, "a", status.JobRunning)
		b.want(hard, "a", status.JobRunning)
		_, err := b.runs.Cancel(b.ctx, soft, runs.Cancel{By: "me"})
		b.must(err)
		_, err = b.runs.Cancel(b.ctx, hard, runs.Cancel{By: "me", Force: true})
		b.must(err)
		b.want(hard, "a", status.JobCancelled)
		b.want(soft, "a", status.JobCancelling)
		for _, c := range all[*message.JobCancel](a) {
			if want := c.RunID == string(hard); c.Force != want || c.Fence == 0 {
				t.Errorf("cancel %+v", c)
			}
		}
		if n := len(all[*message.JobCancel](a)); n != 2 {
			t.Errorf("%d cancels", n)
		}
		for _, d := range all[*message.JobDispatch](a) {
			a.record(finished(d.JobRef, status.JobCancelled))
		}
		b.want(soft, "a", status.JobCancelled)
		b.history(soft)
		b.history(hard)
	})
}

// What an agent says it has is compared with what it was given.
func TestReconciliation(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		id := b.run("kept", "begun", "unbegun")
		jobs := map[string]message.JobRef{}
		for _, d := range all[*message.JobDispatch](a) {
			for _, name := range []string{"kept", "begun", "unbegun"} {
				if string(b.job(id, name).ID) == d.JobID {
					jobs[name] = d.JobRef
				}
			}
		}
		a.record(started(jobs["kept"])...)
		a.record(started(jobs["begun"])...)
		synctest.Wait()
		a.leave()
		a = b.member(register("one", message.InFlightJob{JobRef: jobs["kept"]}, message.InFlightJob{JobRef: message.JobRef{RunID: string(id), JobID: "made up", Fence: 3}}))
		b.want(id, "kept", status.JobRunning)
		b.want(id, "begun", status.JobFailed)
		if j := b.job(id, "begun"); !strings.Contains(j.Reason, "infrastructure: agent one was restarted") {
			t.Errorf("reason %q", j.Reason)
		}
		if stops := all[*message.JobCancel](a); len(stops) != 1 || stops[0].JobID != "made up" || !stops[0].Force {
			t.Errorf("stops %+v", stops)
		}
		<-time.After(2 * time.Second)
		again := a.job().JobRef
		if again.JobID != jobs["unbegun"].JobID || again.Fence <= jobs["unbegun"].Fence {
			t.Errorf("%+v instead of %+v once more", again, jobs["unbegun"])
		}
		a.record(finished(jobs["unbegun"], status.JobFailed), finished(again, status.JobSuccess), finished(jobs["kept"], status.JobSuccess))
		b.want(id, "unbegun", status.JobSuccess)
		b.want(id, "kept", status.JobSuccess)
		b.history(id)
	})
}

// An agent that connects twice has the newer connection.
func TestReplaced(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		first := b.member(register("one"))
		id := b.run("a")
		job := first.job().JobRef
		first.record(started(job)...)
		synctest.Wait()
		second := b.member(register("one", message.InFlightJob{JobRef: job}))
		<-first.ended
		if end := first.end(); end == nil || end.Code != transport.GoingAway || !strings.Contains(end.Reason, "connected again") {
			t.Errorf("the first ended with %v", end)
		}
		second.record(finished(job, status.JobSuccess))
		b.want(id, "a", status.JobSuccess)
		next := b.run("a")
		second.record(finished(second.job().JobRef, status.JobSuccess))
		b.want(next, "a", status.JobSuccess)
	})
}

// An agent that does not acknowledge a job is hung up on; the job goes elsewhere.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		id := b.run("a")
		first := a.job().JobRef
		begin := time.Now()
		<-a.ended
		if end := a.end(); end == nil || end.Code != transport.DispatchTimeout || time.Since(begin) > 12*time.Second {
			t.Errorf("ended with %v after %v", end, time.Since(begin))
		}
		other := b.member(register("two"))
		<-time.After(2 * time.Second)
		job := other.job().JobRef
		if job.Fence <= first.Fence {
			t.Errorf("fence %d after %d", job.Fence, first.Fence)
		}
		other.record(finished(job, status.JobSuccess))
		b.want(id, "a", status.JobSuccess)
	})
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		waiting := b.dial(false) // has not said who it is
		b.run("a")
		job := a.job().JobRef
		a.record(started(job)...)
		synctest.Wait()
		begin := time.Now()
		b.stop()
		<-a.ended
		<-waiting.ended
		if end := a.end(); end == nil || end.Code != transport.GoingAway || time.Since(begin) > 6*time.Second {
			t.Errorf("ended with %v after %v", end, time.Since(begin))
		}
		if end := waiting.end(); end == nil || end.Code != transport.GoingAway {
			t.Errorf("who was not let in: %v", end)
		}
	})
}

// What no agent may send ends the connection with the code that says so; what a
// newer one may send does not.
func TestFramesOfMembers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, frame string
		code        transport.Code // 0: let pass
	}{
		{"unknown", `{"type":"job.sing","runId":"r"}`, 0},
		{"unknown, numbered", `{"type":"job.sing","seq":1,"first":1,"session":"s"}`, 0},
		{"heartbeat", `{"type":"heartbeat","timestamp":1}`, 0},
		{"measurements", `{"type":"agent.metrics","agentId":"another","metrics":null}`, 0},
		{"a question nobody answers", `{"type":"agent.api.request","seq":1,"first":1,"session":"s","requestId":"q","method":"x"}`, 0},
		{"an upload nobody wants", `{"type":"cache.upload.request","seq":1,"first":1,"session":"s","messageId":"q"}`, 0},
		{"empty record", `{"type":"job.status","seq":1,"first":1,"session":"s"}`, 0},
		{"wrong direction", `{"type":"job.cancel","seq":1,"first":1,"session":"s"}`, transport.InvalidMessage},
		{"broken", `{"type":"job.status",`, transport.InvalidMessage},
		{"wrong shape", `{"type":"job.status","seq":1,"first":1,"session":"s","runId":[]}`, transport.InvalidMessage},
		{"no type", `{}`, transport.InvalidMessage},
		{"record without a number", `{"type":"job.ack","runId":"r","jobId":"j"}`, transport.ProtocolError},
		{"number without a beginning", `{"type":"job.ack","seq":7}`, transport.ProtocolError},
		{"ack of nothing", `{"type":"ack","messageId":"","seq":99}`, transport.ProtocolError},
		{"a second registration", `{"type":"agent.register","agentId":"two"}`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				a := b.member(register("one"))
				a.raw(c.frame)
				synctest.Wait()
				end := a.end()
				if c.code == 0 && end != nil || c.code != 0 && (end == nil || end.Code != c.code) {
					t.Errorf("ended with %v, want %d", end, c.code)
				}
				if c.code == 0 && strings.Contains(c.frame, `"seq":1`) && a.acked() != 1 {
					t.Error("it was not acknowledged")
				}
			})
		})
	}
}

// Texts that Postgres cannot store do not stop an agent for good.
func TestTextsInPostgres(t *testing.T) {
	t.Parallel()
	server, err := storetest.Postgres(t.Context(), false)
	if errors.Is(err, storetest.ErrNoPostgres) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	s, err := postgres.Open(t.Context(), postgres.Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t, s)
	defer b.close()
	a := b.dial(true)
	a.say(register("one"))
	id := b.run("a")
	got := eventually(t, a, func(m message.Message) bool { _, ok := m.(*message.JobDispatch); return ok })
	job := got.(*message.JobDispatch).JobRef
	nonsense(a, job)
	made := job
	made.RunID, made.JobID = "r\x00", "j\xff"
	a.record(everything(made)...)
	eventually(t, a, func(m message.Message) bool { ack, ok := m.(*message.Ack); return ok && ack.Seq == a.seq })
	if j := b.job(id, "a"); j.Status != status.JobFailed || !strings.Contains(j.Reason, "confused") {
		t.Errorf("the job is %s: %s", j.Status, j.Reason)
	}
}

// eventually waits for a message, outside of a bubble.
func eventually(t *testing.T, a *agent, want func(message.Message) bool) message.Message {
	t.Helper()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		a.mu.Lock()
		i := slices.IndexFunc(a.got, want)
		if i >= 0 {
			defer a.mu.Unlock()
			return a.got[i]
		}
		closed := a.closed
		a.mu.Unlock()
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("it has not come; the connection: %v", closed)
		}
	}
}
