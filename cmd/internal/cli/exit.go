package cli

import "errors"

// Exit codes of every command.
const (
	ExitOK          = 0
	ExitFailed      = 1   // a run or a compile failed
	ExitUsage       = 2   // the command line cannot be right
	ExitInterrupted = 130 // 128 + SIGINT, as shells expect
)

// ErrReported ends a command with exit code 1 when it has already shown what
// went wrong.
var ErrReported = errors.New("failed")

// ErrUnwell ends a command with exit code 2 that has shown that what it looked
// at does not work.
var ErrUnwell = errors.New("does not work")

// ErrInterrupted ends a command that the user stopped.
var ErrInterrupted = errors.New("interrupted")

// UsageError is a command line that cannot be right: exit code 2, with a
// suggestion where there is one.
type UsageError struct {
	Message string
	Hint    string // a whole sentence or command, empty when there is none
}

func (e *UsageError) Error() string { return e.Message }

// HintedError is a failure with advice (exit code 1).
type HintedError struct {
	Err  error
	Hint string
}

func (e *HintedError) Error() string { return e.Err.Error() }
func (e *HintedError) Unwrap() error { return e.Err }

// ExitCode maps what a command returned to what the process returns.
func ExitCode(err error) int {
	var usage *UsageError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &usage), errors.Is(err, ErrUnwell):
		return ExitUsage
	case errors.Is(err, ErrInterrupted):
		return ExitInterrupted
	default:
		return ExitFailed
	}
}

// Hint is the advice an error carries, if any.
func Hint(err error) string {
	var usage *UsageError
	if errors.As(err, &usage) {
		return usage.Hint
	}
	var hinted *HintedError
	if errors.As(err, &hinted) {
		return hinted.Hint
	}
	return ""
}
