package transport

import (
	"errors"
	"fmt"
)

// Code says why a connection ended.
type Code int

// Codes of the WebSocket standard that the house uses.
const (
	Normal    Code = 1000 // done; a dialer does not come back
	GoingAway Code = 1001 // shutting down; come back
	NoStatus  Code = 1005 // the other side gave none; never sent
	Abnormal  Code = 1006 // the connection was lost; never sent
	TooBig    Code = 1009 // a frame beyond the limit
)

// Codes of the house.
const (
	Unauthorized     Code = 4001
	AuthTimeout      Code = 4002 // no auth.request or no registration in time
	InvalidMessage   Code = 4003
	HeartbeatTimeout Code = 4004
	ProtocolError    Code = 4005 // and a version that is too old
	InternalError    Code = 4006
	AgentAuthFailed  Code = 4010 // a bad agent token: coming back is of no use
	ClusterName      Code = 4011 // reserved
	PlanLimit        Code = 4020
	RunNotFound      Code = 4030
	DispatchTimeout  Code = 4031 // a dispatch was not answered in time
)

var codeNames = map[Code]string{
	Normal: "normal", GoingAway: "going away", NoStatus: "no status", Abnormal: "connection lost", TooBig: "frame too big",
	Unauthorized: "unauthorized", AuthTimeout: "authentication timeout", InvalidMessage: "invalid message",
	HeartbeatTimeout: "heartbeat timeout", ProtocolError: "protocol error", InternalError: "internal error",
	AgentAuthFailed: "agent authentication failed", ClusterName: "cluster name conflict", PlanLimit: "plan limit",
	RunNotFound: "run not found", DispatchTimeout: "dispatch acknowledgement timeout",
}

func (c Code) String() string {
	if name, ok := codeNames[c]; ok {
		return fmt.Sprintf("%d %s", int(c), name)
	}
	return fmt.Sprintf("%d", int(c))
}

// Sendable tells whether a side may put the code on the wire: some only describe
// what a side observed.
func (c Code) Sendable() bool {
	return c >= 3000 && c < 5000 || c >= 1000 && c <= 1014 && c != 1004 && c != NoStatus && c != Abnormal
}

var (
	// ErrClosed is what a connection or listener says that was closed on this
	// side.
	ErrClosed = errors.New("transport: closed")
	// ErrDead is the cause of an Abnormal end: no sign of life in time.
	ErrDead = errors.New("no sign of life")
)

// CloseError is the end of a connection as the other side, or the network, gave
// it.
type CloseError struct {
	Code   Code
	Reason string
	Cause  error // what the network said, for Abnormal
}

func (e *CloseError) Error() string {
	s := "transport: " + e.Code.String()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *CloseError) Unwrap() error { return e.Cause }

// CodeOf is the code an error ended a connection with: Normal for nil and for
// one that was closed here, Abnormal for what is no end but a failure.
func CodeOf(err error) Code {
	var end *CloseError
	switch {
	case errors.As(err, &end):
		return end.Code
	case err == nil, errors.Is(err, ErrClosed):
		return Normal
	}
	return Abnormal
}

// Ended tells whether an error is the end of a connection, from either side, and
// not that of a context.
func Ended(err error) bool {
	var end *CloseError
	return errors.As(err, &end) || errors.Is(err, ErrClosed)
}
