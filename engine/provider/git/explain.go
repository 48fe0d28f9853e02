package git

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/internal/repository"
)

// saying is what git and ssh print when a forge says no, in small letters, and
// what it means. Git has no error codes; LC_ALL=C keeps the words as they are.
type saying struct {
	means error
	words []string
}

func sayings() []saying {
	return []saying{
		{provider.ErrNoCommit, []string{"not our ref", "couldn't find remote ref", "unadvertised object", "no such remote ref"}},
		{provider.ErrDenied, []string{"authentication failed", "could not read username", "could not read password", "returned error: 401", "returned error: 403",
			"permission denied (", "host key verification failed", "error in libcrypto", "invalid format", "too many authentication failures"}},
		{provider.ErrNoRepository, []string{"does not appear to be a git repository", "' not found", "repository not found", "returned error: 404", "returned error: 410",
			"returned error: 301", "returned error: 302", "returned error: 307", "returned error: 308", "no such repository", "project you were looking for could not be found",
			"does not exist"}},
		{provider.ErrUnavailable, []string{"could not resolve host", "connection refused", "failed to connect", "couldn't connect", "timed out", "connection reset",
			"connection closed", "returned error: 5", "returned error: 429", "unable to access", "early eof", "the remote end hung up", "network is unreachable", "no route to host", "rpc failed",
			"server certificate", "ssl", "cannot run ssh", "empty reply"}},
	}
}

// explain finds out what git's words mean for the caller.
func explain(err error) error {
	var g *repository.Error
	if err == nil || !errors.As(err, &g) || explained(err) {
		return err
	}
	said := strings.ToLower(g.Stderr)
	for _, s := range sayings() {
		if slices.ContainsFunc(s.words, func(w string) bool { return strings.Contains(said, w) }) {
			return fmt.Errorf("%w: %w", s.means, err)
		}
	}
	return err
}

// explained tells whether the error says already what it means.
func explained(err error) bool {
	return slices.ContainsFunc([]error{provider.ErrNoCommit, provider.ErrDenied, provider.ErrNoRepository, provider.ErrUnavailable, provider.ErrNoLockfile, provider.ErrTooLarge},
		func(known error) bool { return errors.Is(err, known) })
}
