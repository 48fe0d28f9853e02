package engine

import (
	"time"

	"github.com/kici-dev/kici-go/lockfile/status"
)

// Attempt is one time a job was given to an agent.
type Attempt struct {
	ID     AttemptID
	Job    JobID
	Run    RunID
	Fence  Fence
	Agent  AgentID
	Status status.Queue // dispatched, recovering, or how it ended
	Reason string
	// Cancel is why the agent is to cancel the job; empty while it is not.
	Cancel string
	// DispatchedAt to EndedAt are its life; a zero time has not happened.
	DispatchedAt time.Time
	AckDeadline  time.Time
	AckedAt      time.Time
	StartedAt    time.Time // its first step
	SeenAt       time.Time // last sign of life
	EndedAt      time.Time
}

// Token is what an attempt shows to be allowed to write.
type Token struct {
	Job   JobID
	Fence Fence
}

// Token of the attempt.
func (a *Attempt) Token() Token { return Token{a.Job, a.Fence} }

// Entry is a job in the dispatch queue. It stays there while the job is out, so
// that it can be put back, and knows how often that has happened.
type Entry struct {
	Job         JobID
	Run         RunID
	Route       Route
	Status      status.Queue
	Fence       Fence
	Tries       int // how often it was dispatched, rejections not counted
	LastError   string
	EnqueuedAt  time.Time
	AvailableAt time.Time // not before
	ExpiresAt   time.Time // zero: never
}

// Step is a step, hook or pseudo-step of an attempt.
type Step struct {
	Attempt AttemptID
	Index   int
	Kind    string // "step", "hook:cleanup", …: hooks of a step share its index
	Name    string
	Status  status.Step
	Error   string
	Data    []byte // JSON
	// LogBytes were streamed while it ran.
	LogBytes   int64
	StartedAt  time.Time
	FinishedAt time.Time
}

// Chunk is some log lines of a step, packed by engine/logs. Attempt, Step and
// First are its key: a log has each of its lines once.
type Chunk struct {
	Attempt AttemptID
	Step    int   // -1: the prepare bucket
	First   int64 // number of its first line, from 0
	Lines   int
	// Seq is the sequence number of the last frame that lies in it: frames up to
	// there were stored and may be forgotten by whoever sent them.
	Seq    int64
	Offset int64 // bytes of text before it in the step's log
	Bytes  int   // of text in it
	Place  int64 // given by the store, rising within an attempt
	At     time.Time
	Data   []byte
}

// LogEnd is where the log of a step has got to.
type LogEnd struct {
	Seq   int64 // of the last frame; 0: nothing was logged
	Lines int64
	Bytes int64
}

// StepLog is the log of a step as a whole.
type StepLog struct {
	Step int
	LogEnd
	Place int64 // of its last chunk; 0 when all is sealed
}

// End is where the log goes on after the chunk.
func (c *Chunk) End() LogEnd {
	return LogEnd{Seq: c.Seq, Lines: c.First + int64(c.Lines), Bytes: c.Offset + int64(c.Bytes)}
}

// Seal says where the finished log of a step lies, or its beginning: chunks
// after LogEnd are in the store.
type Seal struct {
	Attempt AttemptID
	Step    int
	Blob    string
	LogEnd
	At time.Time
}
