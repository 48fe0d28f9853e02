package chaos

import (
	"fmt"
	"time"
)

// Report is what a run was and what it proved.
type Report struct {
	History    *History
	Snapshot   *Snapshot
	Violations []Violation
	Took       time.Duration
	Dir        string // where all of it lies
}

// Summary counts what a run was made of.
func (r *Report) Summary() string {
	kinds, attempts, retried, succeeded := map[string]int{}, 0, 0, 0
	for i := range r.History.Events {
		kinds[r.History.Events[i].Kind]++
	}
	for i := range r.Snapshot.Runs {
		for j := range r.Snapshot.Runs[i].Jobs {
			job := &r.Snapshot.Runs[i].Jobs[j]
			attempts += len(job.Attempts)
			retried += max(0, len(job.Attempts)-1)
			if job.Status == "success" {
				succeeded++
			}
		}
	}
	return fmt.Sprintf("%d deliveries in %d requests (%d without an answer), %d runs, %d attempts (%d repeated), %d jobs succeeded, %d faults, %d chunks of log acknowledged, %d stalls of the machine",
		kinds[Sent], kinds[Answered]+kinds[Unanswered], kinds[Unanswered], len(r.Snapshot.Runs), attempts, retried, succeeded, kinds[Began], kinds[Acked], kinds[Stalled])
}
