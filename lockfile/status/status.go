package status

// Machine is a state of the run, job and step machines.
type Machine string

// States of the machines.
const (
	Pending    Machine = "pending"
	Queued     Machine = "queued"
	Running    Machine = "running"
	Recovering Machine = "recovering"
	Cancelling Machine = "cancelling"
	Held       Machine = "held"
	Waiting    Machine = "waiting"
	Success    Machine = "success"
	Failed     Machine = "failed"
	Cancelled  Machine = "cancelled"
	Skipped    Machine = "skipped"
)

// Machines lists every state, transient ones first.
func Machines() []Machine {
	return []Machine{Pending, Queued, Running, Recovering, Cancelling, Held, Waiting, Success, Failed, Cancelled, Skipped}
}

// Terminal tells whether nothing can follow.
func (m Machine) Terminal() bool {
	switch m {
	case Success, Failed, Cancelled, Skipped:
		return true
	}
	return false
}

// Job is the status of a job as stored and sent.
type Job string

// Statuses of a job. The last two lie outside the state machine.
const (
	JobPending    Job = "pending"
	JobQueued     Job = "queued"
	JobRunning    Job = "running"
	JobRecovering Job = "recovering"
	JobCancelling Job = "cancelling"
	JobSuccess    Job = "success"
	JobFailed     Job = "failed"
	JobCancelled  Job = "cancelled"
	JobSkipped    Job = "skipped"
	JobTimedOut   Job = "timed_out_stale"
	JobDropped    Job = "drift_dropped"
)

// Jobs lists every status of a job.
func Jobs() []Job {
	return []Job{JobPending, JobQueued, JobRunning, JobRecovering, JobCancelling, JobSuccess, JobFailed, JobCancelled, JobSkipped, JobTimedOut, JobDropped}
}

// Terminal tells whether the job is over.
func (j Job) Terminal() bool {
	switch j {
	case JobSuccess, JobFailed, JobCancelled, JobSkipped, JobTimedOut, JobDropped:
		return true
	}
	return false
}

// Run is the status of a run.
type Run string

// Statuses of a run.
const (
	RunPending    Run = "pending"
	RunRunning    Run = "running"
	RunHeld       Run = "held"
	RunCancelling Run = "cancelling"
	RunSuccess    Run = "success"
	RunFailed     Run = "failed"
	RunCancelled  Run = "cancelled"
	// RunSkipped is a run whose workflow rules said no.
	RunSkipped Run = "skipped"
)

// Terminal tells whether the run is over.
func (r Run) Terminal() bool {
	switch r {
	case RunSuccess, RunFailed, RunCancelled, RunSkipped:
		return true
	}
	return false
}

// RunOf is the outcome of a run, given those of its jobs: a failed or timed-out
// job fails it, else a cancelled job cancels it, else it succeeded. Skipped jobs
// do not count, and neither do jobs that are not over.
func RunOf(jobs []Job) Run {
	out := RunSuccess
	for _, j := range jobs {
		switch j {
		case JobFailed, JobTimedOut:
			return RunFailed
		case JobCancelled:
			out = RunCancelled
		}
	}
	return out
}

// Step is the status of a step.
type Step string

// Statuses of a step.
const (
	StepPending   Step = "pending"
	StepRunning   Step = "running"
	StepSuccess   Step = "success"
	StepFailed    Step = "failed"
	StepSkipped   Step = "skipped"
	StepCancelled Step = "cancelled"
)

// Terminal tells whether the step is over.
func (s Step) Terminal() bool { return s != StepPending && s != StepRunning }

// Queue is the status of an entry of the dispatch queue.
type Queue string

// Statuses of a queue entry.
const (
	QueuePending    Queue = "pending"
	QueueDispatched Queue = "dispatched"
	QueueRecovering Queue = "recovering"
	QueueCompleted  Queue = "completed"
	QueueFailed     Queue = "failed"
	QueueCancelled  Queue = "cancelled"
	QueueExpired    Queue = "expired"
)

// Hold is the status of a held run or job.
type Hold string

// Statuses of a hold.
const (
	HoldPending  Hold = "pending"
	HoldApproved Hold = "approved"
	HoldRejected Hold = "rejected"
	HoldExpired  Hold = "expired"
	HoldReleased Hold = "released"
)

// Event is the status of an inbound event in the log.
type Event string

// Statuses of a logged event.
const (
	EventReceived        Event = "received"
	EventProcessed       Event = "processed"
	EventDuplicate       Event = "duplicate"
	EventLockfileMissing Event = "lockfile_missing"
	EventLockfileCorrupt Event = "lockfile_corrupt"
	EventFailed          Event = "failed"
)
