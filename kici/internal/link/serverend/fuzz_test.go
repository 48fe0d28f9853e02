package serverend_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
)

// play is a sequence of things that two agents do, each of three bytes: what, on
// which job, with what value.
type play struct {
	*bench
	run    engine.RunID
	agents [2]*agent
	left   time.Duration    // of the time that may pass
	refs   []message.JobRef // every one that was ever dispatched
}

var names = [2]string{"one", "two"}

// FuzzRecords: whatever agents say in whatever order, nothing panics, no connection
// ends by a fault of ours, every job ends once, and in the hands of an honest agent
// the run comes to its end.
func FuzzRecords(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 0, 2, 0, 1, 4, 0, 3, 3, 0, 0})
	f.Add([]byte{2, 0, 1, 5, 0, 0, 8, 0, 30, 3, 0, 1, 9, 0, 0, 3, 1, 2, 8, 0, 200})
	f.Add([]byte{9, 0, 1, 2, 0, 0, 3, 130, 0, 10, 0, 0, 10, 1, 1, 2, 2, 2, 5, 2, 0, 8, 0, 255})
	f.Add([]byte{2, 0, 0, 11, 0, 0, 8, 0, 20, 11, 0, 1, 3, 0, 4, 8, 0, 130, 6, 1, 9, 7, 3, 7})
	f.Fuzz(perform)
}

// TestRandomRecords is a little of that, every time.
func TestRandomRecords(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			script := make([]byte, 120)
			for i := range script {
				script[i] = byte(rnd.Uint32())
			}
			perform(t, script)
		})
	}
}

// Bounds of one play: a second of virtual time costs up to a millisecond.
const (
	longest  = 180
	patience = 5 * time.Minute
)

func perform(t *testing.T, script []byte) {
	in(t, func(b *bench) {
		p := &play{bench: b, run: b.run("a", "b", "c"), left: patience}
		p.agents = [2]*agent{b.member(register("one")), b.member(register("two"))}
		script = script[:min(len(script), longest)]
		for ; len(script) >= 3; script = script[3:] {
			p.step(script[0], script[1], script[2])
		}
		p.finish()
	})
}

// look learns what was dispatched.
func (p *play) look() {
	for _, a := range p.agents {
		for _, d := range all[*message.JobDispatch](a) {
			if !containsRef(p.refs, d.JobRef) {
				p.refs = append(p.refs, d.JobRef)
			}
		}
	}
}

func containsRef(all []message.JobRef, r message.JobRef) bool {
	for _, x := range all {
		if x == r {
			return true
		}
	}
	return false
}

// ref is one of the jobs, or something like one.
func (p *play) ref(which byte) message.JobRef {
	p.look()
	r := message.JobRef{RunID: string(p.run), JobID: "made up", Fence: 1}
	if n := len(p.refs); n > 0 {
		r = p.refs[int(which&0x1f)%n]
	}
	switch which >> 6 {
	case 1:
		r.Fence++
	case 2:
		r.RunID = "made up"
	}
	return r
}

var (
	numbers  = []int64{1, 2, 3, 0, -1, 1 << 19, math.MaxInt64, math.MinInt64}
	statuses = []status.Job{status.JobSuccess, status.JobFailed, status.JobCancelled, status.JobSkipped, status.JobTimedOut, status.JobRunning, "", "odd"}
)

func (p *play) step(what, which, value byte) {
	a, r, n := p.agents[which>>5&1], p.ref(which), numbers[value%8]
	s := statuses[value%8]
	switch what % 12 {
	case 0:
		a.record(&message.JobAck{JobRef: r})
	case 1:
		a.record(&message.JobStatus{JobRef: r, State: s})
	case 2:
		a.record(started(r)...)
	case 3:
		a.record(finished(r, s))
	case 4:
		c := chunk(r, n, "x", "y")
		c.StepIndex = int(numbers[value>>3%8])
		a.record(c)
	case 5:
		a.record(&message.JobReject{JobRef: r, Reason: message.RejectBusy})
	case 6:
		a.record(&message.StepStatus{JobRef: r, StepIndex: int(n), State: status.Step(s), Timestamp: numbers[value>>3%8], Data: &message.StepData{DurationMS: float64(n)}})
	case 7:
		a.record(&message.EventEmit{JobRef: r, RequestID: "q", EventName: "e"}, &message.JobSecretsRequest{JobRef: r, RequestID: "q"})
	case 8:
		d := min(time.Duration(value)*time.Second, p.left)
		p.left -= d
		<-time.After(d)
	case 9:
		_, _ = p.runs.Cancel(p.ctx, p.run, runs.Cancel{Force: value%2 == 1}) // it may be over
	case 10:
		p.reconnect(which>>5&1, r, value)
	case 11:
		a.record(&message.JobStatus{JobRef: r, State: s, Data: &message.JobData{Result: &jobspec.Result{
			Status: jobspec.Status(s), Outputs: []byte(`[1,{"a":null}]`), Prepared: &jobspec.Prepared{Skipped: value&8 > 0}}}})
	}
	if value&1 == 0 {
		synctest.Wait()
	}
}

// reconnect begins another life of an agent, which says it has a job, or not.
func (p *play) reconnect(i byte, r message.JobRef, value byte) {
	p.gone(p.agents[i])
	reg := register(names[i])
	if value%2 == 0 {
		reg.InFlightJobs = []message.InFlightJob{{JobRef: r}}
	}
	p.agents[i] = p.member(reg)
}

// gone ends a connection, which must not have ended before but by a rule.
func (p *play) gone(a *agent) {
	p.t.Helper()
	p.look()
	switch end := a.end(); {
	case end == nil || end.Code == transport.DispatchTimeout || end.Code == transport.Normal:
	default:
		p.t.Errorf("a connection ended with %v", end)
	}
	a.leave()
}

// finish leaves the run to an honest agent.
func (p *play) finish() {
	p.t.Helper()
	for _, a := range p.agents {
		p.gone(a)
	}
	honest := p.member(register("honest"))
	done := 0
	for range 60 {
		jobs := all[*message.JobDispatch](honest)
		for _, d := range jobs[done:] {
			honest.record(started(d.JobRef)...)
			honest.record(finished(d.JobRef, status.JobSuccess))
		}
		done = len(jobs)
		synctest.Wait()
		if p.over() {
			p.history(p.run)
			return
		}
		<-time.After(10 * time.Second)
	}
	for _, n := range []string{"a", "b", "c"} {
		j := p.job(p.run, n)
		p.t.Logf("%s: %s %s", n, j.Status, j.Reason)
	}
	p.t.Error("the run does not end")
}

// over tells whether the run has ended, and holds that its jobs have then.
func (p *play) over() (over bool) {
	p.must(p.store.View(p.ctx, func(tx store.Tx) error {
		run, err := tx.Runs().Get(p.ctx, p.run)
		if err != nil {
			return err
		}
		over = run.Status.Terminal()
		js, err := tx.Jobs().Of(p.ctx, p.run)
		for _, j := range js {
			if over && !j.Status.Terminal() {
				p.t.Errorf("the run is %s, and %s is %s", run.Status, j.Name, j.Status)
			}
		}
		return err
	}))
	return over
}
