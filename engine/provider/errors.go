package provider

import (
	"errors"
	"strings"
)

// What callers branch on. Refusals of a delivery, with the HTTP status its
// sender gets:
var (
	// ErrSignature: signature or token are missing or wrong. 401.
	ErrSignature = errors.New("provider: the delivery is not signed by who may send it")
	// ErrForbidden: the sender's address is not one that may send. 403.
	ErrForbidden = errors.New("provider: the delivery comes from an address that may not send")
	// ErrMalformed: the body is not what the source's events look like. 400.
	ErrMalformed = errors.New("provider: the delivery is malformed")
	// ErrMisconfigured: the source cannot be used as it is configured. 500, and
	// the text is for the operator, not for the sender.
	ErrMisconfigured = errors.New("provider: the source is misconfigured")
)

// Answers about a repository, met after a delivery was accepted; no sender
// hears of them:
var (
	// ErrNoLockfile: the commit has no lock file. Nothing is started, and that is
	// no failure.
	ErrNoLockfile = errors.New("provider: the commit has no lock file")
	// ErrNoRepository: the repository does not exist, or not for these
	// credentials. Trying again does not help.
	ErrNoRepository = errors.New("provider: the repository is not there")
	// ErrNoCommit: the repository is there and the commit or ref is not: it is
	// empty, or history was rewritten since. Trying again does not help.
	ErrNoCommit = errors.New("provider: the commit is not in the repository")
	// ErrDenied: the repository's host refused the credentials or its key is not
	// the known one. Trying again helps after the source has been changed.
	ErrDenied = errors.New("provider: the repository's host denies access")
	// ErrTooLarge: the lock file or the repository is larger than its limit.
	ErrTooLarge = errors.New("provider: larger than allowed")
	// ErrUnavailable: the repository's host cannot be reached or did not answer
	// in time. Worth trying again.
	ErrUnavailable = errors.New("provider: the repository's host does not answer")
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Path    string // of the field: "verificationConfig.secret"
	Message string
}

// String is the problem as one line.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// ConfigError lists all that is wrong with a source's configuration. It is an
// [ErrMisconfigured].
type ConfigError struct{ Problems []Problem }

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return ErrMisconfigured.Error() + ": " + strings.Join(lines, "; ")
}

// Unwrap makes it an ErrMisconfigured.
func (e *ConfigError) Unwrap() error { return ErrMisconfigured }

// Config is the error for problems, nil for none.
func Config(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &ConfigError{problems}
}
