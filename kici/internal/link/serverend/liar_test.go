package serverend_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/message"
)

// everything is all that can be said about a job.
func everything(r message.JobRef) []message.Message {
	return append(started(r),
		chunk(r, 1, "mine now"), &message.StepStatus{JobRef: r, StepName: "s", State: status.StepSuccess},
		&message.JobReject{JobRef: r, Reason: message.RejectBusy}, finished(r, status.JobSuccess), finished(r, status.JobFailed),
		&message.EventEmit{JobRef: r, RequestID: "q", EventName: "stolen"}, &message.JobSecretsRequest{JobRef: r, RequestID: "q2", Environment: "prod"},
		&message.CacheUserSaveComplete{JobRef: r, Key: "stolen"})
}

// What an agent says about jobs that are not its own changes nothing, is
// acknowledged all the same, and is answered by a force.
func TestForeignJobs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		lie  func(r message.JobRef) message.JobRef
	}{
		{"another agent's", func(r message.JobRef) message.JobRef { return r }},
		{"a fence of the future", func(r message.JobRef) message.JobRef { r.Fence++; return r }},
		{"no fence", func(r message.JobRef) message.JobRef { r.Fence = 0; return r }},
		{"a negative fence", func(r message.JobRef) message.JobRef { r.Fence = -r.Fence; return r }},
		{"a run that is none", func(r message.JobRef) message.JobRef { r.RunID = "made up"; return r }},
		{"a job that is none", func(r message.JobRef) message.JobRef { r.JobID = "made up"; return r }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				honest := b.member(register("honest"))
				id := b.run("a")
				job := honest.job().JobRef
				honest.record(started(job)...)
				liar := b.member(register("liar"))
				for _, m := range everything(c.lie(job)) {
					liar.record(m)
					synctest.Wait()
				}
				liar.record(everything(c.lie(job))...) // at once
				b.want(id, "a", status.JobRunning)
				if acked := liar.acked(); acked != liar.seq {
					t.Errorf("%d of %d acknowledged", acked, liar.seq)
				}
				if stops := all[*message.JobCancel](liar); len(stops) == 0 || !stops[0].Force {
					t.Errorf("stops %v", stops)
				}
				if answers := all[*message.EventEmitResponse](liar); len(answers) != 2 || !strings.Contains(answers[0].Error, "no job of that run") {
					t.Errorf("events are answered %+v", answers)
				}
				if answers := all[*message.JobSecretsResponse](liar); len(answers) != 2 || len(answers[0].SecretList) != 0 {
					t.Errorf("secrets are answered %+v", answers)
				}
				if got := b.asked.list(); len(got) != 0 {
					t.Errorf("asked: %v", got)
				}
				honest.record(chunk(job, 1, "fine"), finished(job, status.JobSuccess))
				b.want(id, "a", status.JobSuccess)
				if got := b.log(id, "a"); !slices.Equal(got, []string{"fine"}) {
					t.Errorf("log %q", got)
				}
				b.history(id)
			})
		})
	}
}

// Repeated, out of order, or after the end: a job ends once, and its log is as it
// was told.
func TestDisorder(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		id := b.run("a")
		job := a.job().JobRef
		a.record(chunk(job, 1, "one"), chunk(job, 1, "one again"), chunk(job, 5, "five"), chunk(job, 2, "two late"))
		synctest.Wait()
		a.record(chunk(job, 5, "five again"), chunk(job, 6, "six"))
		a.record(&message.StepStatus{JobRef: job, StepName: "s", State: status.StepSuccess})
		a.record(started(job)...)
		a.record(finished(job, status.JobSuccess), finished(job, status.JobFailed), chunk(job, 7, "too late"), &message.JobReject{JobRef: job})
		b.want(id, "a", status.JobSuccess)
		a.record(finished(job, status.JobFailed), chunk(job, 8, "far too late"))
		a.record(started(job)...)
		b.want(id, "a", status.JobSuccess)
		if got := b.log(id, "a"); !slices.Equal(got, []string{"one", "five", "six"}) {
			t.Errorf("log %q", got)
		}
		if a.acked() != a.seq {
			t.Errorf("%d of %d acknowledged", a.acked(), a.seq)
		}
		b.history(id)
	})
}

// Values that no honest agent sends.
func TestNonsense(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		id := b.run("a", "b")
		for _, d := range all[*message.JobDispatch](a) {
			nonsense(a, d.JobRef)
		}
		b.want(id, "a", status.JobFailed)
		b.want(id, "b", status.JobFailed)
		if j := b.job(id, "a"); !strings.Contains(j.Reason, "unknown status") || !strings.Contains(j.Reason, "confused") {
			t.Errorf("reason %q", j.Reason)
		}
		if a.acked() != a.seq || a.end() != nil {
			t.Errorf("%d of %d acknowledged, %v", a.acked(), a.seq, a.end())
		}
		long := strings.Repeat("x", 1<<20)
		got := strings.Join(b.log(id, "a"), "")
		if !strings.HasPrefix(got, long) || !strings.HasSuffix(got, "a\uFFFDb\x00c") {
			t.Errorf("a log of %d bytes", len(got))
		}
	})
}

func nonsense(a *agent, r message.JobRef) {
	for _, step := range []int{-2, math.MinInt64, 1 << 20, math.MaxInt64} {
		a.record(&message.StepStatus{JobRef: r, StepIndex: step, State: status.StepRunning})
		c := chunk(r, 1, "nowhere")
		c.StepIndex = step
		a.record(c)
	}
	for _, n := range []int64{0, -1, math.MinInt64, math.MaxInt64} {
		c := chunk(r, n, "")
		c.Lines = nil
		a.record(c)
	}
	for _, at := range []int64{0, -1, math.MinInt64, math.MaxInt64} {
		a.record(&message.StepStatus{JobRef: r, StepIndex: 1, State: status.StepSuccess, Timestamp: at, Data: &message.StepData{DurationMS: 1e300, Error: "a\x00b"}})
		a.record(&message.StepStatus{JobRef: r, StepIndex: 1, State: "singing\x00", StepType: "hook:\x00", StepName: "n\x00", Timestamp: at, Data: &message.StepData{DurationMS: -1e300}})
	}
	a.record(&message.JobStatus{JobRef: r, State: "singing"}, chunk(r, 1, strings.Repeat("x", 1<<20)))
	ref := fmt.Sprintf(`"runId":%q,"jobId":%q,"attempt":%q,"fence":%d`, r.RunID, r.JobID, r.Attempt, r.Fence)
	a.seq++
	a.raw(fmt.Sprintf(`{"type":"log.chunk","seq":%d,"messageId":"m",%s,"stepIndex":0,"lines":["a%sb\u0000c"],"timestamp":1,"chunk":2}`, a.seq, ref, "\xff"))
	a.record(&message.JobStatus{JobRef: r, State: "timed_out_stale", Data: &message.JobData{Result: &jobspec.Result{Status: "confused"}}})
}

// A flood about jobs that are none costs a bounded number of answers.
func TestFloodOfForeignJobs(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		a.deaf = true
		for i := range 6000 {
			a.record(chunk(message.JobRef{RunID: "r", JobID: fmt.Sprint("j", i%2000), Fence: 1}, int64(i), "x"))
			if i%500 == 0 {
				synctest.Wait()
			}
		}
		for a.acked() != a.seq && a.end() == nil {
			<-time.After(time.Second)
		}
		if stops := all[*message.JobCancel](a); len(stops) == 0 || len(stops) > 2500 {
			t.Errorf("%d stops", len(stops))
		}
		a.mu.Lock()
		a.deaf = false
		a.mu.Unlock()
		a.acknowledge()
		id := b.run("a") // and the agent still gets work
		a.record(finished(a.job().JobRef, status.JobSuccess))
		b.want(id, "a", status.JobSuccess)
	})
}

// An agent that gives a running job back: it is queued again, and can be cancelled.
func TestGivenBack(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		id := b.run("a")
		for range 5 {
			job := a.job().JobRef
			a.record(started(job)...)
			b.want(id, "a", status.JobRunning)
			a.record(&message.JobReject{JobRef: job, Reason: "bored"})
			synctest.Wait()
			<-time.After(2 * time.Second)
		}
		b.want(id, "a", status.JobFailed)
		if j := b.job(id, "a"); !strings.Contains(j.Reason, "given out 5 times") {
			t.Errorf("reason %q", j.Reason)
		}
		b.history(id)
	})
}

// The event that a job sends with its last breath is heard, and so is what it has
// put into the cache, also when the connection broke in between.
func TestLastBreath(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		a := b.member(register("one"))
		b.run("a")
		job := a.job().JobRef
		last := []message.Message{
			&message.EventEmit{JobRef: job, RequestID: "q", EventName: "done"}, &message.CacheUserSaveComplete{JobRef: job, Key: "k"}, finished(job, status.JobSuccess),
			&message.JobSecretsRequest{JobRef: job, RequestID: "s"},
		}
		a.record(last...)
		if got := b.asked.list(); !slices.Equal(got[:2], []string{"emit done", "saved k"}) {
			t.Errorf("asked %v", got)
		}
		a.leave()
		again := b.member(register("one", message.InFlightJob{JobRef: job}))
		again.record(last...)
		synctest.Wait()
		if got := b.asked.list(); len(got) < 4 || got[len(got)-2] != "emit done" || got[len(got)-1] != "saved k" {
			t.Errorf("asked %v", got)
		}
		if answers := all[*message.JobSecretsResponse](again); len(answers) != 1 || answers[0].Error == "" {
			t.Errorf("secrets after the end: %+v", answers)
		}
	})
}
