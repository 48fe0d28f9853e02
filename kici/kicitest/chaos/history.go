package chaos

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// Kinds of what is written down.
const (
	Sent       = "sent"       // a client begins to send a delivery
	Answered   = "answered"   // it got an answer, with a status
	Unanswered = "unanswered" // it got none: what became of the delivery is not known
	Began      = "began"      // a fault begins
	Over       = "over"       // a fault is over
	Botched    = "botched"    // a fault could not be made
	Started    = "started"    // a process was started
	Ready      = "ready"      // it says that it works
	Ended      = "ended"      // it is gone
	Locked     = "locked"     // a second process was refused the store, as it should be
	Led        = "led"        // somebody holds the leadership of a name; Node is its connection
	Vacant     = "vacant"     // nobody holds it
	Acked      = "acked"      // an agent was told that log lines are stored
	Followed   = "followed"   // a reader saw log lines
	Rested     = "rested"     // nothing is under way any more; what ends from now on was stopped
	Stalled    = "stalled"    // the machine stood still for Took
)

// Event is one thing that a client, or the harness, saw. Fields that do not
// belong to its kind are empty.
type Event struct {
	At   time.Time     `json:"at"`
	Kind string        `json:"kind"`
	Node string        `json:"node,omitempty"`
	Took time.Duration `json:"took,omitempty"`

	// Key is the client's name of a delivery, ID the server's.
	Key       string `json:"key,omitempty"`
	ID        string `json:"id,omitempty"`
	Event     string `json:"event,omitempty"`
	Lines     int    `json:"lines,omitempty"` // that each of its jobs prints
	Status    int    `json:"status,omitempty"`
	Duplicate bool   `json:"duplicate,omitempty"`

	// Fault is what was done to a node, and Point where in a conversation.
	Fault string `json:"fault,omitempty"`
	Point Point  `json:"point,omitempty"`

	// Attempt, Step and Text are log lines that were acknowledged or read; who reads
	// sees the run (ID) and the job instead of the attempt.
	Attempt string   `json:"attempt,omitempty"`
	Job     string   `json:"job,omitempty"`
	Step    int      `json:"step,omitempty"`
	Text    []string `json:"text,omitempty"`
}

// History is what was seen, in the order in which it was.
type History struct {
	// Expect says which workflows an event starts.
	Expect map[string][]string `json:"expect"`
	// Foreign: the ids that clients got are those of somebody in front, who keeps
	// them; only the clients' own names lead to the store.
	Foreign bool    `json:"foreign,omitempty"`
	Events  []Event `json:"events"`
}

// recorder takes events from everywhere, and copies them to a file as they come
// so that a harness that dies leaves them behind.
type recorder struct {
	mu     sync.Mutex // guards what follows
	events []Event
	copy   io.Writer
}

func (r *recorder) add(e Event) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	if r.copy != nil {
		line, err := json.Marshal(e)
		if err == nil {
			_, _ = r.copy.Write(append(line, '\n')) // the history in memory is what counts
		}
	}
}

func (r *recorder) all() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Event(nil), r.events...)
}

// ReadEvents reads a history that a run has written, one event a line.
func ReadEvents(from io.Reader) ([]Event, error) {
	var out []Event
	s := bufio.NewScanner(from)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var e Event
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("chaos: line %d of the history: %w", len(out)+1, err)
		}
		out = append(out, e)
	}
	return out, s.Err()
}
