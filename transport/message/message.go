package message

import "encoding/json"

// Message is one message of a link. All of them are pointers to structs of this
// package.
type Message interface {
	// Type is the discriminator on the wire.
	Type() string
}

// Direction is the way a frame travels.
type Direction uint8

// The directions of the links. They are bits: a message may travel both ways, and
// over several links.
const (
	ToOrchestrator Direction = 1 << iota // an agent wrote it
	ToAgent                              // an orchestrator wrote it to an agent
	ToRelay                              // an orchestrator wrote it to a relay
	FromRelay                            // a relay wrote it to an orchestrator
)

func (d Direction) String() string {
	switch d {
	case ToOrchestrator:
		return "agent to orchestrator"
	case ToAgent:
		return "orchestrator to agent"
	case ToRelay:
		return "orchestrator to relay"
	case FromRelay:
		return "relay to orchestrator"
	}
	return "unknown direction"
}

// Numbering is what transport/session writes on a message of record.
type Numbering struct {
	// Seq counts from 1 within a session; 0 is a message outside of it.
	Seq int64 `json:"seq"`
	// First is the lowest number the sender still holds, and Session its name.
	// A sender writes both until it has been acknowledged on this connection:
	// they tell a receiver that has never heard of the session, or has
	// forgotten it, where to start.
	First   int64  `json:"first"`
	Session string `json:"session"`
}

// Envelope is a message and its number.
type Envelope struct {
	Numbering
	Message Message
}

// JobRef says which job a message is about, and which attempt at it. Attempt and
// Fence are additions: an agent that does not know them leaves them empty.
type JobRef struct {
	RunID   string `json:"runId"`
	JobID   string `json:"jobId"`
	Attempt string `json:"attempt,omitempty"`
	Fence   int64  `json:"fence,omitempty"`
}

// Job is the reference itself, for code that treats all messages about a job
// alike.
func (r JobRef) Job() JobRef { return r }

// AboutJob is every message about a job.
type AboutJob interface {
	Message
	Job() JobRef
}

// Strings and List are lists that are never null on the wire.
type (
	Strings     []string
	List[T any] []T
)

// MarshalJSON writes [] for nil.
func (s Strings) MarshalJSON() ([]byte, error) { return appendStrings(nil, s), nil }

// MarshalJSON writes [] for nil.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]T(l))
}
