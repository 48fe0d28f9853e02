package state

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/lockfile/status"
)

// Event moves a machine from one state to the next.
type Event string

// Events of the machines.
const (
	Enqueue        Event = "ENQUEUE"
	Start          Event = "START"
	Succeed        Event = "SUCCEED"
	Fail           Event = "FAIL"
	Cancel         Event = "CANCEL"
	CancelGraceful Event = "CANCEL_GRACEFUL"
	CancelForce    Event = "CANCEL_FORCE"
	Complete       Event = "COMPLETE"
	Skip           Event = "SKIP"
	Recover        Event = "RECOVER"
	Hold           Event = "HOLD"
	Approve        Event = "APPROVE"
	Reject         Event = "REJECT"
	Expire         Event = "EXPIRE"
	Wait           Event = "WAIT"
	TimerDone      Event = "TIMER_DONE"
)

// Events lists every event.
func Events() []Event {
	return []Event{Enqueue, Start, Succeed, Fail, Cancel, CancelGraceful, CancelForce, Complete, Skip, Recover,
		Hold, Approve, Reject, Expire, Wait, TimerDone}
}

// move is one row of the table.
type move struct {
	from status.Machine
	on   Event
	to   status.Machine
}

// table is the whole machine. The diagram in doc.go is generated from it, and a
// test walks every state with every event.
var table = []move{
	{status.Pending, Enqueue, status.Queued},
	{status.Pending, Cancel, status.Cancelled},
	{status.Pending, Skip, status.Skipped},
	{status.Pending, Hold, status.Held},
	{status.Pending, Wait, status.Waiting},
	{status.Pending, Fail, status.Failed},
	{status.Held, Approve, status.Queued},
	{status.Held, Reject, status.Cancelled},
	{status.Held, Expire, status.Cancelled},
	{status.Held, Cancel, status.Cancelled},
	{status.Held, Fail, status.Failed},
	{status.Waiting, TimerDone, status.Queued},
	{status.Waiting, Cancel, status.Cancelled},
	{status.Waiting, Fail, status.Failed},
	{status.Queued, Start, status.Running},
	{status.Queued, Fail, status.Failed},
	{status.Queued, Cancel, status.Cancelled},
	{status.Queued, Skip, status.Skipped},
	{status.Running, Succeed, status.Success},
	{status.Running, Fail, status.Failed},
	{status.Running, Cancel, status.Cancelled},
	{status.Running, CancelGraceful, status.Cancelling},
	{status.Running, Recover, status.Recovering},
	{status.Running, Skip, status.Skipped},
	{status.Cancelling, CancelForce, status.Cancelled},
	{status.Cancelling, Complete, status.Cancelled},
	{status.Cancelling, Fail, status.Failed},
	{status.Recovering, Start, status.Running},
	{status.Recovering, Fail, status.Failed},
	{status.Recovering, Cancel, status.Cancelled},
}

// ErrInvalid is what every *InvalidError unwraps to.
var ErrInvalid = errors.New("state: no such transition")

// InvalidError says that an event cannot happen in a state.
type InvalidError struct {
	State status.Machine
	Event Event
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("state: %s is not possible while %s", e.Event, e.State)
}

// Unwrap gives ErrInvalid.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

// Transition is the state after an event. The error is an *InvalidError.
func Transition(from status.Machine, on Event) (status.Machine, error) {
	for _, m := range table {
		if m.from == from && m.on == on {
			return m.to, nil
		}
	}
	return from, &InvalidError{from, on}
}

// Can tells whether an event is possible in a state.
func Can(from status.Machine, on Event) bool {
	_, err := Transition(from, on)
	return err == nil
}

// Valid lists the events possible in a state, in table order.
func Valid(from status.Machine) []Event {
	var out []Event
	for _, m := range table {
		if m.from == from {
			out = append(out, m.on)
		}
	}
	return out
}

// IsTerminal tells whether no event is possible any more.
func IsTerminal(s status.Machine) bool { return s.Terminal() }

// Mermaid draws the table.
func Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> pending\n")
	for _, m := range table {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", m.from, m.to, m.on)
	}
	for _, s := range status.Machines() {
		if s.Terminal() {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	return b.String()
}
