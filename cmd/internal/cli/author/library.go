package author

import (
	"context"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
)

// library is what the commands need of kici/author, in the shapes that they
// show. bridge.go is the real one; a test scripts its own, and so sees every
// outcome without running a workflow for it.
type library struct {
	compile  func(ctx context.Context, s *cli.State, o compileFlags) (compiled, error)
	watch    func(ctx context.Context, s *cli.State, o compileFlags, show func(compiled, error)) error
	runLocal func(ctx context.Context, s *cli.State, o runFlags, live *lines) (*result, error)
	devOnce  func(ctx context.Context, s *cli.State, o devFlags, live *lines) (*result, error)
	dev      func(ctx context.Context, a *app, o devFlags) error

	devTrigger func(ctx context.Context, s *cli.State, o devFlags) (*author.DevTriggered, error)
}
