package author

import (
	"context"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// library is what the commands need of kici/author, in the shapes that they
// show. bridge.go is the real one; a test scripts its own, and so sees every
// outcome without running a workflow for it.
type library struct {
	compile  func(ctx context.Context, s *cli.State, o compileFlags) (compiled, error)
	watch    func(ctx context.Context, s *cli.State, o compileFlags, show func(compiled, error)) error
	runLocal func(ctx context.Context, s *cli.State, o runFlags, live *lines) (*result, error)
}
