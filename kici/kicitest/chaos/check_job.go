package chaos

import (
	"encoding/json"
	"fmt"

	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/state"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// terminal: every run and job is over, said so once, and the run's outcome is
// that of its jobs.
func (c *check) terminal() {
	succeeded := 0
	defer func() {
		if succeeded == 0 {
			c.fail(Exercised, "the jobs", "none of them succeeded")
		}
	}()
	for i := range c.s.Runs {
		r := &c.s.Runs[i]
		ends := map[string]int{}
		for _, e := range r.Events {
			if e.Kind == runs.KindRunFinished || e.Kind == runs.KindJobFinished {
				ends[e.Kind+string(e.Job)]++
			}
		}
		about := "run " + string(r.ID)
		if !r.Status.Terminal() {
			c.fail(Terminal, about, "is still %s", r.Status)
		} else if n := ends[runs.KindRunFinished]; n != 1 {
			c.fail(Terminal, about, "has ended %d times", n)
		}
		var outcomes []status.Job
		for j := range r.Jobs {
			job := &r.Jobs[j]
			about := "job " + string(job.ID)
			if !job.Status.Terminal() {
				c.fail(Terminal, about, "is still %s", job.Status)
			} else if n := ends[runs.KindJobFinished+string(job.ID)]; n != 1 {
				c.fail(Terminal, about, "has ended %d times", n)
			}
			outcomes = append(outcomes, job.Status)
			c.blame(job, &succeeded)
		}
		if want := status.RunOf(outcomes); r.Status.Terminal() && len(outcomes) > 0 && r.CancelledBy == "" && r.Status != want {
			c.fail(Terminal, about, "is %s, and its jobs make it %s", r.Status, want)
		}
	}
}

// blame: our jobs do not fail by themselves, so whoever failed was failed by what
// was done to the machines, and has to say so.
func (c *check) blame(job *StoredJob, succeeded *int) {
	switch job.Status {
	case status.JobSuccess:
		*succeeded++
	case status.JobFailed:
		var told jobspec.Result // by an agent, or by who waited for one
		if json.Unmarshal(job.Detail, &told) != nil || !told.Infrastructure {
			c.fail(Blameless, "job "+string(job.ID), "failed for another reason than its machine: %s", job.Reason)
		}
	case status.JobCancelled:
		if n := len(job.Attempts); n == 0 || !c.restarted(&job.Attempts[n-1]) {
			c.fail(Blameless, "job "+string(job.ID), "is cancelled, which nobody asked for: %s", job.Reason)
		}
	case status.JobTimedOut, status.JobDropped:
		c.fail(Blameless, "job "+string(job.ID), "is %s, which nobody asked for: %s", job.Status, job.Reason)
	}
}

// restarted: its agent was asked to end, which cancels what it has.
func (c *check) restarted(a *StoredAttempt) bool {
	for _, w := range c.windows() {
		if w.fault == Restart && w.node == string(a.Agent) && !w.from.After(a.EndedAt) && (w.to.IsZero() || !a.DispatchedAt.After(w.to)) {
			return true
		}
	}
	return false
}

// legal: what was announced is a walk through the table, and ends where the row
// is.
func (c *check) legal() {
	for i := range c.s.Runs {
		r := &c.s.Runs[i]
		at := map[string]status.Machine{}
		for _, e := range r.Events {
			who, to, ok := step(e.Kind, e.Data)
			if !ok {
				continue
			}
			about := fmt.Sprintf("run %s", r.ID)
			if who += string(e.Job); e.Job != "" {
				about = fmt.Sprintf("job %s", e.Job)
			}
			from, known := at[who]
			if !known {
				from = status.Pending
			}
			if !may(from, to, e.Kind) {
				c.fail(Legal, about, "went from %s to %s (%s, event %d)", from, to, e.Kind, e.Seq)
			}
			at[who] = to
		}
		if to, ok := at["run"]; ok && string(to) != string(r.Status) {
			c.fail(Legal, "run "+string(r.ID), "is %s, and was announced as %s", r.Status, to)
		}
		for j := range r.Jobs {
			job := &r.Jobs[j]
			if to, ok := at["job"+string(job.ID)]; ok && string(to) != string(job.Status) {
				c.fail(Legal, "job "+string(job.ID), "is %s, and was announced as %s", job.Status, to)
			}
		}
	}
}

// step is what an event says of a run's or a job's status.
func step(kind string, data []byte) (who string, to status.Machine, ok bool) {
	var said struct {
		Status status.Machine `json:"status"`
	}
	switch kind {
	case runs.KindRunCreated, runs.KindRunStarted, runs.KindRunFinished, runs.KindRunCancel:
		who = "run"
	case runs.KindJobCreated, runs.KindJobQueued, runs.KindJobStarted, runs.KindJobRequeued, runs.KindJobCancel, runs.KindJobRecover, runs.KindJobFinished:
		who = "job"
	default: // steps, and those that wait, whose status does not change
		return "", "", false
	}
	return who, said.Status, json.Unmarshal(data, &said) == nil
}

// may tells whether a status can follow: itself, what the table reaches (a
// transaction may take several moves and announce the last), or what lies
// outside the table.
func may(from, to status.Machine, kind string) bool {
	switch {
	case from.Terminal() || status.Job(from).Terminal():
		return false
	case status.Job(to) == status.JobTimedOut || status.Job(to) == status.JobDropped:
		return true
	case kind == runs.KindJobRequeued:
		return to == status.Queued && from != status.Cancelling
	}
	return from == to || reaches(from, to)
}

func reaches(from, to status.Machine) bool {
	seen := map[status.Machine]bool{from: true}
	for todo := []status.Machine{from}; len(todo) > 0; todo = todo[1:] {
		for _, e := range state.Valid(todo[0]) {
			next, err := state.Transition(todo[0], e)
			if err != nil || seen[next] {
				continue
			}
			if next == to {
				return true
			}
			seen[next] = true
			todo = append(todo, next)
		}
	}
	return false
}
