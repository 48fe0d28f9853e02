package author

import (
	"context"

	"github.com/kici-dev/kici-go/executor/compile"
)

// Fixture is one exported fixture of `.kici/tests`, and FixtureSet all of a
// project; executor/compile documents the fields.
type (
	Fixture    = compile.Fixture
	FixtureSet = compile.FixtureSet
)

// Fixtures loads the fixtures of a project. Of the options Dir, KiciDir,
// Environ, Stdout, Stderr, Timeout and Log count. RunLocal finds the one that
// RunOptions.Fixture names by itself; this is for who wants to list them.
// Mistakes of authors are Diagnostics of the set.
func Fixtures(ctx context.Context, o CompileOptions) (*FixtureSet, error) {
	return compile.Fixtures(ctx, o.options())
}
