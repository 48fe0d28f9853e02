package intake

import (
	"testing"

	"github.com/kici-dev/kici-go/lockfile/event"
)

func TestTrust(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{event.PullRequest, event.Review, event.ReviewComment} {
		for fork, want := range map[bool]string{true: Untrusted, false: Trusted} {
			if got := trust(&event.Event{Type: typ, IsForkPR: fork}); got != want {
				t.Errorf("%s, fork %v: got %s, want %s", typ, fork, got, want)
			}
		}
	}
}
