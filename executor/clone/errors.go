package clone

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong. errors.Is finds them in an *Error.
var (
	ErrGone        = errors.New("the repository does not exist or is not visible")
	ErrAuth        = errors.New("the repository refused the credentials")
	ErrHostKey     = errors.New("the host key of the repository's server is not trusted")
	ErrEmpty       = errors.New("the repository is empty")
	ErrNoCommit    = errors.New("the repository does not have the commit")
	ErrUnreachable = errors.New("the repository's server cannot be reached")
	ErrInvalid     = errors.New("the checkout coordinates are not usable")
	ErrNoGit       = errors.New("the program git was not found")
	ErrFailed      = errors.New("git failed") // everything else
)

// Error says why there is no work tree.
type Error struct {
	Kind   error  // one of the sentinels above
	URL    string // never with credentials
	Detail string // what exactly
	Hint   string // what to do about it
	Output string // the end of what git said, secrets masked
}

func (e *Error) Error() string {
	text := "clone: " + e.Kind.Error()
	if e.URL != "" {
		text = fmt.Sprintf("clone: %s: %v", e.URL, e.Kind)
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	if e.Output != "" {
		text += "\n" + e.Output
	}
	return text
}

func (e *Error) Unwrap() error { return e.Kind }

func invalid(format string, args ...any) *Error {
	return &Error{Kind: ErrInvalid, Detail: fmt.Sprintf(format, args...)}
}

// verdicts read git's English. The first that is found wins, so what is more
// telling stands further up: ssh reports a refused key and then git the
// repository it "could not read".
func verdicts() []struct {
	kind error
	any  []string
} {
	return []struct {
		kind error
		any  []string
	}{
		{ErrHostKey, []string{"host key verification failed", "remote host identification has changed"}},
		{ErrAuth, []string{
			"authentication failed", "permission denied (", "could not read username", "could not read password",
			"returned error: 401", "returned error: 403", "http basic: access denied", "too many authentication failures", "error in libcrypto", "invalid format",
		}},
		{ErrNoCommit, []string{"not our ref", "couldn't find remote ref", "unadvertised object", "invalid reference: ", "could not parse object", "not a valid object name"}},
		{ErrUnreachable, []string{
			"could not resolve host", "connection refused", "connection timed out", "network is unreachable", "no route to host",
			"failed to connect", "operation too slow", "connection reset", "the remote end hung up unexpectedly", "returned error: 50",
		}},
		{ErrGone, []string{"not found", "does not appear to be a git repository", "does not exist", "no such file", "returned error: 404", "returned error: 410"}},
	}
}

func classify(output string) error {
	text := strings.ToLower(output)
	for _, v := range verdicts() {
		for _, s := range v.any {
			if strings.Contains(text, s) {
				return v.kind
			}
		}
	}
	return ErrFailed
}

// hint is advice for a kind of error.
func hint(kind error, a *Auth) string {
	switch kind {
	case ErrGone:
		return "check the URL, and whether the token or deploy key may read this repository: servers hide what they do not show"
	case ErrAuth:
		if a == nil {
			return "no credentials were given; add a token or a deploy key to the source"
		}
		return "the token or deploy key was refused: check that it is not expired and may read this repository"
	case ErrHostKey:
		if a != nil && a.HostKeys == HostKeysPinned {
			return "compare the source's pinned known_hosts with the key that the server shows now"
		}
		return "the key that was stored for this host is another: find out why, then remove the old line from known_hosts"
	case ErrEmpty:
		return "push a commit first"
	case ErrNoCommit:
		return "it was probably removed by a force push, or the branch is gone"
	case ErrUnreachable:
		return "check the address, the network and the proxy of this machine"
	case ErrNoGit:
		return "install git on this machine"
	}
	return ""
}
