package chaos

import (
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// fenced: the attempts of a job follow each other, one of them wrote, and one
// agent ran each.
func (c *check) fenced() {
	ran := map[string][]Execution{} // by run and job
	for _, w := range c.s.Witness {
		ran[string(w.Run)+" "+w.Job] = append(ran[string(w.Run)+" "+w.Job], w)
	}
	for i := range c.s.Runs {
		r := &c.s.Runs[i]
		for j := range r.Jobs {
			job := &r.Jobs[j]
			c.attempts(job)
			c.witnessed(job, ran[string(r.ID)+" "+job.Name])
		}
	}
}

func (c *check) attempts(job *StoredJob) {
	var wrote []engine.AttemptID
	completed := 0
	for k := range job.Attempts {
		a := &job.Attempts[k]
		about := "attempt " + string(a.ID)
		if a.writes() {
			wrote = append(wrote, a.ID)
		}
		if a.Status == status.QueueCompleted {
			completed++
		}
		if a.EndedAt.IsZero() && job.Status.Terminal() {
			c.fail(Terminal, about, "is open although its job is %s", job.Status)
		}
		if k == 0 {
			continue
		}
		before := &job.Attempts[k-1]
		if a.Fence <= before.Fence {
			c.fail(Fenced, about, "has the fence %d after %d", a.Fence, before.Fence)
		}
		if before.EndedAt.IsZero() || a.DispatchedAt.Before(before.EndedAt) {
			c.fail(Fenced, about, "was given out before attempt %s had ended", before.ID)
		}
	}
	if len(wrote) > 1 {
		c.fail(Fenced, "job "+string(job.ID), "%d attempts wrote steps: %v", len(wrote), wrote)
	}
	if completed > 1 {
		c.fail(Fenced, "job "+string(job.ID), "%d attempts completed it", completed)
	}
	if q := job.Queue; q != nil && job.Status.Terminal() {
		switch q.Status {
		case status.QueuePending, status.QueueDispatched, status.QueueRecovering:
			c.fail(Terminal, "job "+string(job.ID), "is %s and stands in the queue as %s", job.Status, q.Status)
		}
	}
}

// writes tells whether an attempt wrote more than the lines from before its
// first step, which one that was taken back may have.
func (a *StoredAttempt) writes() bool {
	if !a.StartedAt.IsZero() || len(a.Steps) > 0 {
		return true
	}
	for step, lines := range a.Logs {
		if step >= 0 && len(lines) > 0 {
			return true
		}
	}
	return false
}

// witnessed compares with what jobs wrote down themselves. An attempt that was
// cut off may have begun unseen; one more than there were attempts may not.
func (c *check) witnessed(job *StoredJob, ran []Execution) {
	about := "job " + string(job.ID)
	if len(ran) > len(job.Attempts) {
		c.fail(Fenced, about, "was run %d times in %d attempts", len(ran), len(job.Attempts))
	}
	by := map[string]int{}
	for k := range job.Attempts {
		by[string(job.Attempts[k].Agent)]++
	}
	for _, w := range ran {
		if by[w.Agent]--; by[w.Agent] < 0 {
			c.fail(Fenced, about, "was run by %s, which did not have it", w.Agent)
		}
	}
	if job.Status != status.JobSuccess || strings.HasPrefix(job.Name, "__") {
		return
	}
	for _, w := range ran {
		if w.Ended {
			return
		}
	}
	c.fail(Fenced, about, "succeeded, and no agent ran it to its end")
}

// logged: lines are numbered by whoever printed them.
func (c *check) logged() {
	known := c.sent()
	stored := map[string]*StoredAttempt{}
	shown := map[string]map[string]bool{} // what whoever reads can see, by run, job and step
	for i := range c.s.Runs {
		r := &c.s.Runs[i]
		for j := range r.Jobs {
			job := &r.Jobs[j]
			for k := range job.Attempts {
				a := &job.Attempts[k]
				stored[string(a.ID)] = a
				c.numbered(job, a, known)
				for step, lines := range a.Logs {
					where := fmt.Sprintf("run %s job %s step %d", r.ID, job.Name, step)
					if shown[where] == nil {
						shown[where] = map[string]bool{}
					}
					for _, l := range lines {
						shown[where][l] = true
					}
				}
			}
		}
	}
	for i := range c.h.Events {
		e := &c.h.Events[i]
		if e.Kind == Followed {
			where := fmt.Sprintf("run %s job %s step %d", e.ID, e.Job, e.Step)
			for _, l := range e.Text {
				if !shown[where][l] {
					c.fail(Logged, where, "does not have the line %q, which was read", l)
				}
			}
		}
		if e.Kind != Acked {
			continue
		}
		a := stored[e.Attempt]
		if a == nil {
			c.fail(Logged, "attempt "+e.Attempt, "had lines acknowledged and is not stored")
			continue
		}
		c.contains(a, e)
	}
}

// numbered: what is stored of an attempt is the beginning of what was printed,
// and all of it when the job succeeded.
func (c *check) numbered(job *StoredJob, a *StoredAttempt, known map[string]*sent) {
	for _, step := range a.steps() {
		next, key := 0, ""
		for _, line := range a.Logs[step] {
			k, n, ok := parseLine(line)
			if !ok {
				continue
			}
			if n != next || key != "" && k != key {
				c.fail(Logged, fmt.Sprintf("attempt %s step %d", a.ID, step), "has the line %q where line %d was due", line, next)
				return
			}
			next, key = n+1, k
		}
		if s := known[key]; s != nil && job.Status == status.JobSuccess && a.Status == status.QueueCompleted && next != s.lines {
			c.fail(Logged, fmt.Sprintf("attempt %s step %d", a.ID, step), "succeeded with %d lines of %d", next, s.lines)
		}
	}
	if job.Status == status.JobSuccess && a.Status == status.QueueCompleted && !strings.HasPrefix(job.Name, "__") && len(a.Logs[0]) == 0 {
		c.fail(Logged, "attempt "+string(a.ID), "succeeded without a log")
	}
}

// contains: lines that somebody was told of stand there, in that order.
func (c *check) contains(a *StoredAttempt, e *Event) {
	if a.Status != status.QueueCompleted && !a.EndedAt.IsZero() && e.At.After(a.EndedAt) {
		return // the attempt had been taken back: its agent is told to forget, not that it was heard
	}
	lines := a.Logs[e.Step]
	for _, want := range e.Text {
		found := false
		for len(lines) > 0 && !found {
			found, lines = lines[0] == want, lines[1:]
		}
		if !found {
			c.fail(Logged, fmt.Sprintf("attempt %s step %d", a.ID, e.Step), "does not have the line %q, which was acknowledged", want)
			return
		}
	}
}

// lineMark begins every line that jobs of ours print: "line KEY NUMBER".
const lineMark = "line "

func parseLine(text string) (key string, n int, ok bool) {
	rest, ok := strings.CutPrefix(text, lineMark)
	if !ok {
		return "", 0, false
	}
	_, err := fmt.Sscanf(rest, "%s %d", &key, &n)
	return key, n, err == nil
}
