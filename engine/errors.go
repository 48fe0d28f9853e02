package engine

import "errors"

// What callers of several rooms branch on.
var (
	// ErrNotFound: nothing is stored under that id.
	ErrNotFound = errors.New("not found")
	// ErrExists: something is stored under that id already.
	ErrExists = errors.New("exists already")
	// ErrConflict: the record is no longer in the state the change was decided on.
	ErrConflict = errors.New("changed meanwhile")
	// ErrUnavailable: what was asked has no time now; asking again may help.
	ErrUnavailable = errors.New("not available at the moment")
	// ErrStale: the attempt has been superseded or has ended, and may not write.
	ErrStale = errors.New("attempt is out of date")
)
