package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// story is a small history of which every promise was kept: four deliveries of
// one job each, the last of them at its second agent because the first died.
type story struct {
	h *History
	s *Snapshot
	t time.Time
}

const storyLines = 3

func (y *story) at(seconds float64) time.Time {
	return y.t.Add(time.Duration(seconds * float64(time.Second)))
}

func (y *story) tell(seconds float64, e Event) {
	e.At = y.at(seconds)
	y.h.Events = append(y.h.Events, e)
}

func sound() *story {
	y := &story{h: &History{Expect: map[string][]string{"one": {"one"}, "none": nil}}, s: &Snapshot{}, t: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	y.tell(0, Event{Kind: Vacant, ID: "dispatch"})
	y.tell(1, Event{Kind: Led, ID: "dispatch", Node: "orchestrator-1"})
	for i := range 4 {
		y.deliver(i, i == 3)
	}
	y.tell(8, Event{Kind: Followed, ID: "R0", Job: "only", Text: []string{"line k0 1"}})
	y.tell(9, Event{Kind: Sent, Key: "quiet", Event: "none"})
	y.tell(9.1, Event{Kind: Answered, Key: "quiet", ID: "D-quiet", Status: 202})
	y.s.Deliveries = append(y.s.Deliveries, engine.Delivery{ID: "D-quiet", Key: "quiet", Status: status.EventProcessed})
	y.tell(14.2, Event{Kind: Began, Fault: Kill, Node: "agent-1"})
	y.tell(60, Event{Kind: Over, Fault: Kill, Node: "agent-1"})
	return y
}

// deliver adds a delivery with its run; lost is one whose first agent dies when
// it has acknowledged the job.
func (y *story) deliver(i int, lost bool) {
	base, key := float64(i)*4+2, fmt.Sprintf("k%d", i)
	id := func(kind string) string { return kind + fmt.Sprint(i) }
	y.tell(base, Event{Kind: Sent, Key: key, Event: "one", Lines: storyLines})
	y.tell(base+0.01, Event{Kind: Answered, Key: key, ID: id("D"), Status: 202})
	y.tell(base+0.02, Event{Kind: Answered, Key: key, ID: id("D") + "-again", Status: 202, Duplicate: true})
	y.s.Deliveries = append(y.s.Deliveries,
		engine.Delivery{ID: engine.DeliveryID(id("D")), Key: key, Status: status.EventProcessed, Matched: 1},
		engine.Delivery{ID: engine.DeliveryID(id("D") + "-again"), Key: key, Status: status.EventDuplicate})
	r := StoredRun{Run: engine.Run{ID: engine.RunID(id("R")), Delivery: engine.DeliveryID(id("D")), Workflow: "one", Status: status.RunSuccess}}
	j := StoredJob{Job: engine.Job{ID: engine.JobID(id("J")), Run: r.ID, Name: "only", Status: status.JobSuccess}, Queue: &engine.Entry{Status: status.QueueCompleted}}
	r.say(y.at(base), "", runs.KindRunCreated, "pending")
	r.say(y.at(base), j.ID, runs.KindJobCreated, "pending")
	r.say(y.at(base), j.ID, runs.KindJobQueued, "queued")
	agent, dispatched := engine.AgentID("agent-1"), base+0.1
	if lost {
		j.Attempts = append(j.Attempts, StoredAttempt{Attempt: engine.Attempt{ID: engine.AttemptID(id("A") + "-lost"), Job: j.ID, Run: r.ID, Fence: 1, Agent: agent,
			Status: status.QueueFailed, DispatchedAt: y.at(dispatched), AckedAt: y.at(dispatched), EndedAt: y.at(dispatched + 14)}, Logs: map[int][]string{-1: {"checked out"}}})
		r.say(y.at(dispatched+14), j.ID, runs.KindJobRequeued, "queued")
		agent, dispatched = "agent-2", dispatched+14.1
	}
	r.say(y.at(dispatched), j.ID, runs.KindJobStarted, "running")
	r.say(y.at(dispatched), "", runs.KindRunStarted, "running")
	a := StoredAttempt{Attempt: engine.Attempt{ID: engine.AttemptID(id("A")), Job: j.ID, Run: r.ID, Fence: engine.Fence(len(j.Attempts) + 1), Agent: agent,
		Status: status.QueueCompleted, DispatchedAt: y.at(dispatched), AckedAt: y.at(dispatched), StartedAt: y.at(dispatched + 0.1), EndedAt: y.at(dispatched + 1)},
		Steps: []engine.Step{{Name: "say", Status: status.StepSuccess}}, Logs: map[int][]string{-1: {"checked out"}}}
	for n := range storyLines {
		a.Logs[0] = append(a.Logs[0], fmt.Sprintf("line %s %d", key, n))
	}
	y.tell(dispatched+0.5, Event{Kind: Acked, Node: string(agent), Attempt: string(a.ID), Step: 0, Text: slices.Clone(a.Logs[0])})
	r.say(y.at(dispatched+1), j.ID, runs.KindJobFinished, "success")
	r.say(y.at(dispatched+1), "", runs.KindRunFinished, "success")
	j.Attempts = append(j.Attempts, a)
	r.Jobs = []StoredJob{j}
	y.s.Runs = append(y.s.Runs, r)
	y.s.Witness = append(y.s.Witness, Execution{Agent: string(agent), Run: r.ID, Job: "only", Key: key, Ended: true})
}

func (r *StoredRun) say(at time.Time, job engine.JobID, kind, state string) {
	r.Events = append(r.Events, engine.Event{Seq: int64(len(r.Events) + 1), Run: r.ID, Job: job, Kind: kind, At: at, Data: []byte(`{"status":"` + state + `"}`)})
}

func TestSound(t *testing.T) {
	t.Parallel()
	y := sound()
	if vs := Check(y.h, y.s); len(vs) > 0 {
		t.Errorf("found where nothing is: %v", vs)
	}
}

// bug is planted in a sound story.
type bug struct {
	name    string
	promise string
	plant   func(y *story)
}

func job(y *story, i int) *StoredJob { return &y.s.Runs[i].Jobs[0] }

func last(y *story, i int) *StoredAttempt { return &job(y, i).Attempts[len(job(y, i).Attempts)-1] }

func bugs() []bug {
	return []bug{
		{"an accepted delivery is not stored", Durable, func(y *story) { y.s.Deliveries = y.s.Deliveries[2:] }},
		{"an accepted delivery was never worked through", Durable, func(y *story) { y.s.Deliveries[0].Status = status.EventReceived }},
		{"an accepted delivery failed", Durable, func(y *story) { y.s.Deliveries[0].Status = status.EventFailed }},
		{"an accepted delivery has no run", Durable, func(y *story) { y.s.Runs = y.s.Runs[1:] }},
		{"a delivery has the run of another workflow", Durable, func(y *story) { y.s.Runs[0].Workflow = "two" }},
		{"a delivery that matches nothing has a run", Durable, func(y *story) { y.h.Expect["one"] = nil }},
		{"the answer named an id that does not exist", Durable, func(y *story) { y.s.Deliveries[0].ID = "D-other" }},
		{"a delivery started its run twice", Once, func(y *story) {
			r := y.s.Runs[0]
			r.ID, r.Jobs = "R-twin", nil
			y.s.Runs = append(y.s.Runs, r)
		}},
		{"a delivery was accepted twice", Once, func(y *story) {
			y.tell(50, Event{Kind: Answered, Key: "k0", ID: "D0-again", Status: 202})
		}},
		{"a delivery is stored twice", Once, func(y *story) { y.s.Deliveries[1].Status = status.EventProcessed }},
		{"a job hangs", Terminal, func(y *story) { job(y, 0).Status = status.JobRunning }},
		{"a run hangs", Terminal, func(y *story) { y.s.Runs[0].Status = status.RunRunning }},
		{"a job ended twice", Terminal, func(y *story) {
			y.s.Runs[0].say(y.at(30), "J0", runs.KindJobFinished, "success")
		}},
		{"a run never said that it ended", Terminal, func(y *story) { y.s.Runs[0].Events = y.s.Runs[0].Events[:len(y.s.Runs[0].Events)-1] }},
		{"a run is green over a red job", Terminal, func(y *story) { job(y, 0).Status = status.JobFailed }},
		{"a finished job stands in the queue", Terminal, func(y *story) { job(y, 0).Queue.Status = status.QueuePending }},
		{"an attempt of a finished job is open", Terminal, func(y *story) { last(y, 0).EndedAt = time.Time{} }},
		{"a job failed for no reason of its machine", Blameless, func(y *story) {
			job(y, 0).Status, y.s.Runs[0].Status = status.JobFailed, status.RunFailed
		}},
		{"a job timed out though nobody asked", Blameless, func(y *story) { job(y, 0).Status = status.JobTimedOut }},
		{"a job was cancelled and nobody asked", Blameless, func(y *story) {
			job(y, 0).Status, y.s.Runs[0].Status = status.JobCancelled, status.RunCancelled
		}},
		{"two attempts wrote steps", Fenced, func(y *story) {
			job(y, 3).Attempts[0].Steps = []engine.Step{{Name: "say", Status: status.StepRunning}}
		}},
		{"two attempts wrote lines of steps", Fenced, func(y *story) { job(y, 3).Attempts[0].Logs[0] = []string{"line k3 0"} }},
		{"two attempts completed a job", Fenced, func(y *story) { job(y, 3).Attempts[0].Status = status.QueueCompleted }},
		{"a fence went back", Fenced, func(y *story) { job(y, 3).Attempts[0].Fence = 2 }},
		{"a job was given out while it was out", Fenced, func(y *story) { last(y, 3).DispatchedAt = y.at(20) }},
		{"two agents ran one attempt", Fenced, func(y *story) {
			y.s.Witness = append(y.s.Witness, Execution{Agent: "agent-2", Run: "R0", Job: "only", Key: "k0"})
		}},
		{"an agent ran a job that it never had", Fenced, func(y *story) { y.s.Witness[0].Agent = "agent-9" }},
		{"a job succeeded and nobody ran it", Fenced, func(y *story) { y.s.Witness = y.s.Witness[1:] }},
		{"a line is missing", Logged, func(y *story) { last(y, 0).Logs[0] = slices.Delete(last(y, 0).Logs[0], 1, 2) }},
		{"a line is there twice", Logged, func(y *story) { last(y, 0).Logs[0] = slices.Insert(last(y, 0).Logs[0], 1, "line k0 0") }},
		{"lines changed places", Logged, func(y *story) { slices.Reverse(last(y, 0).Logs[0]) }},
		{"a line is another's", Logged, func(y *story) { last(y, 0).Logs[0][1] = "line k1 1" }},
		{"the last line of a success is missing", Logged, func(y *story) { last(y, 0).Logs[0] = last(y, 0).Logs[0][:2] }},
		{"a success has no log", Logged, func(y *story) { last(y, 0).Logs = nil }},
		{"an acknowledged line is gone", Logged, func(y *story) {
			y.tell(2.5, Event{Kind: Acked, Node: "agent-1", Attempt: "A0", Step: -1, Text: []string{"hello"}})
		}},
		{"a line that was read is gone", Logged, func(y *story) {
			y.tell(50, Event{Kind: Followed, ID: "R0", Job: "only", Text: []string{"line k0 9"}})
		}},
		{"lines were acknowledged of an attempt that is not stored", Logged, func(y *story) {
			y.tell(50, Event{Kind: Acked, Attempt: "A-none", Text: []string{"x"}})
		}},
		{"unstarted work of a dead agent waited for half a minute", Noticed, func(y *story) {
			job(y, 3).Attempts[0].EndedAt = y.at(44)
			last(y, 3).DispatchedAt = y.at(44.1)
		}},
		{"started work of a dead agent was not missed for half a minute", Noticed, func(y *story) {
			a := &job(y, 3).Attempts[0]
			a.StartedAt, a.EndedAt = y.at(14.15), y.at(44)
			last(y, 3).DispatchedAt = y.at(44.1)
			for i := range y.s.Runs[3].Events {
				y.s.Runs[3].Events[i].At = y.at(44)
			}
		}},
		{"nobody led for half a minute", Sessions, func(y *story) {
			y.tell(61, Event{Kind: Vacant, ID: "dispatch"})
			y.tell(91, Event{Kind: Led, ID: "dispatch", Node: "orchestrator-2"})
		}},
		{"nobody leads in the end", Sessions, func(y *story) {
			y.tell(61, Event{Kind: Vacant, ID: "dispatch"})
			y.tell(91, Event{Kind: Rested})
		}},
		{"a leader that froze leads for half a minute", Sessions, func(y *story) {
			y.tell(61, Event{Kind: Began, Fault: Pause, Node: "orchestrator-1"})
			y.tell(91, Event{Kind: Over, Fault: Pause, Node: "orchestrator-1"})
		}},
		{"a store was locked by a dead process", Sessions, func(y *story) {
			y.tell(61, Event{Kind: Started, Node: "orchestrator-1"})
			y.tell(91, Event{Kind: Ready, Node: "orchestrator-1"})
		}},
		{"two processes had one store", Sessions, func(y *story) { y.tell(61, Event{Kind: Locked, Node: "orchestrator-2", Status: 1}) }},
		{"a job came back from its end", Legal, func(y *story) {
			y.s.Runs[0].say(y.at(30), "J0", runs.KindJobStarted, "running")
			job(y, 0).Status = status.JobRunning
		}},
		{"a job went back without being queued again", Legal, func(y *story) {
			es := y.s.Runs[0].Events
			es[slices.IndexFunc(es, func(e engine.Event) bool { return e.Kind == runs.KindRunStarted })] =
				engine.Event{Job: "J0", Kind: runs.KindJobQueued, Data: []byte(`{"status":"queued"}`)}
		}},
		{"a row changed in silence", Legal, func(y *story) { job(y, 0).Status = status.JobSkipped }},
		{"a process is left", Spotless, func(y *story) { y.s.Left = []string{"process 7: kici-agent"} }},
		{"nothing was done at all", Exercised, func(y *story) { *y.h, *y.s = History{}, Snapshot{} }},
		{"a fault could not be made", Exercised, func(y *story) { y.tell(50, Event{Kind: Botched, Node: "agent-1", Fault: Fill}) }},
		{"no job succeeded", Exercised, func(y *story) {
			for i := range y.s.Runs {
				job(y, i).Status = status.JobFailed
			}
		}},
	}
}

// Every bug is caught, under the name of the promise that it breaks.
func TestPlantedBugs(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, b := range bugs() {
		covered[b.promise] = true
		t.Run(strings.ReplaceAll(b.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			y := sound()
			b.plant(y)
			if got := Promises(Check(y.h, y.s)); !slices.Contains(got, b.promise) {
				t.Errorf("%s was not seen to be broken, but %v", b.promise, got)
			}
		})
	}
	for _, p := range []string{Durable, Once, Terminal, Blameless, Fenced, Logged, Noticed, Sessions, Legal, Spotless, Exercised} {
		if !covered[p] {
			t.Errorf("no planted bug breaks the promise %q", p)
		}
	}
}

// What looks late is not, when the machine stood still or nobody was there to
// notice; that much is granted and no more.
func TestHonestClock(t *testing.T) {
	t.Parallel()
	late := func(y *story, by float64) {
		job(y, 3).Attempts[0].EndedAt = y.at(34.2 + by)
		last(y, 3).DispatchedAt = y.at(34.3 + by)
	}
	for _, c := range []struct {
		name string
		late float64
		why  func(y *story)
		kept bool
	}{
		{"in time", -0.1, func(*story) {}, true},
		{"late", 0.1, func(*story) {}, false},
		{"the machine stalled", 3.9, func(y *story) { y.tell(20, Event{Kind: Stalled, Took: 4 * time.Second}) }, true},
		{"for less than that", 4.1, func(y *story) { y.tell(20, Event{Kind: Stalled, Took: 4 * time.Second}) }, false},
		{"it was missed already", 20, func(y *story) {
			r := &y.s.Runs[3]
			r.Events = slices.Insert(r.Events, 3, engine.Event{Job: "J3", Kind: runs.KindJobRecover, At: y.at(14.19), Data: []byte(`{"status":"recovering"}`)})
		}, true},
		{"long before", 3.9, func(y *story) { y.tell(10, Event{Kind: Stalled, Took: 4 * time.Second}) }, false},
		{"the database was away", 9.9, func(y *story) {
			y.tell(20, Event{Kind: Began, Fault: Kill, Node: "postgres"})
			y.tell(24.2, Event{Kind: Over, Fault: Kill, Node: "postgres"})
		}, true},
		{"and for no longer", 10.1, func(y *story) {
			y.tell(20, Event{Kind: Began, Fault: Kill, Node: "postgres"})
			y.tell(24.2, Event{Kind: Over, Fault: Kill, Node: "postgres"})
		}, false},
		{"another agent was away", 1, func(y *story) {
			y.tell(20, Event{Kind: Began, Fault: Kill, Node: "agent-7"})
			y.tell(24.2, Event{Kind: Over, Fault: Kill, Node: "agent-7"})
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			y := sound()
			late(y, c.late)
			c.why(y)
			if got := Promises(Check(y.h, y.s)); slices.Contains(got, Noticed) == c.kept {
				t.Errorf("kept: want %v, broken are %v", c.kept, got)
			}
		})
	}
}
