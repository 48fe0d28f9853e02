package expr

import (
	"errors"
	"fmt"
	"time"
)

// advice is the way out for functions that are too much for a worker.
const advice = "make the function impure (async, for example) to have an agent evaluate it"

var (
	// ErrDied: the worker ended in the middle of the evaluation, and not for
	// want of memory.
	ErrDied = errors.New("expr: the worker died during the evaluation")
	// ErrUnavailable: no worker was free in time. It says nothing about the
	// function; ask again later.
	ErrUnavailable = errors.New("expr: no worker is available")
	// ErrClosed: Run has ended.
	ErrClosed = errors.New("expr: evaluator is closed")
)

// TimeoutError: the function did not end in time.
type TimeoutError struct {
	Kind  Kind
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s: the function did not end within %v", e.Kind, e.Limit)
}

// Hint says what an author can do.
func (e *TimeoutError) Hint() string { return advice }

// MemoryError: the function wanted more memory than it may have.
type MemoryError struct {
	Kind  Kind
	Limit int64
}

func (e *MemoryError) Error() string {
	return fmt.Sprintf("%s: the function needs more than %d MiB of memory", e.Kind, e.Limit>>20)
}

// Hint says what an author can do.
func (e *MemoryError) Hint() string { return advice }

// ThrownError: the function threw, or its text is none.
type ThrownError struct {
	Kind    Kind
	Message string
}

func (e *ThrownError) Error() string {
	return fmt.Sprintf("%s: the function threw %s", e.Kind, e.Message)
}

// Hint says what an author can do.
func (e *ThrownError) Hint() string {
	return "the function has to give a value for every event that starts the workflow; `kici run local` with the same event shows the same error"
}

// ValueError: the function returned what the field cannot hold.
type ValueError struct {
	Kind    Kind
	Message string // continues the name of the field: "must be a string, not null"
}

func (e *ValueError) Error() string { return fmt.Sprintf("%s %s", e.Kind, e.Message) }

// Hint says what an author can do.
func (e *ValueError) Hint() string {
	if e.Kind == Env {
		return "return an object whose values are strings"
	}
	return "return a string for every event that starts the workflow"
}

// TooLargeError: the function or the event is larger than a worker takes.
type TooLargeError struct {
	Kind        Kind
	What        string
	Size, Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: %s has %d bytes, more than the %d of an inline evaluation", e.Kind, e.What, e.Size, e.Limit)
}

// Hint says what an author can do.
func (e *TooLargeError) Hint() string { return advice }

// DiedError is ErrDied with the worker's last words.
type DiedError struct {
	Kind Kind
	Said string
}

func (e *DiedError) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("%s: %v", e.Kind, ErrDied)
	}
	return fmt.Sprintf("%s: %v: %s", e.Kind, ErrDied, e.Said)
}

// Unwrap gives ErrDied.
func (e *DiedError) Unwrap() error { return ErrDied }

// Hint says what an author can do.
func (e *DiedError) Hint() string { return advice }
