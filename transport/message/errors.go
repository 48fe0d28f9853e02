package message

import "fmt"

// UnknownTypeError: a type that this build does not know. A newer peer may send
// it, so the receiver chooses between ignoring and refusing.
type UnknownTypeError struct{ Type string }

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("message: unknown type %q", clip(e.Type))
}

// DirectionError: a message that only the other side may send.
type DirectionError struct {
	Type string
	Way  Direction
}

func (e *DirectionError) Error() string {
	return fmt.Sprintf("message: %s does not travel from %s", e.Type, e.Way)
}

// FormatError: a frame that is no message. Type is empty when not even that
// could be read.
type FormatError struct {
	Type  string
	Cause error
}

func (e *FormatError) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("message: no message: %v", e.Cause)
	}
	return fmt.Sprintf("message: malformed %s: %v", clip(e.Type), e.Cause)
}

func (e *FormatError) Unwrap() error { return e.Cause }

// clip keeps what a stranger wrote from filling a log.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
