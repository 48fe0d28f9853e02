package author

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func TestCompileShowsEverything(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.lib.compile = func(context.Context, *cli.State, compileFlags) (compiled, error) {
		return compiled{Failed: true, Findings: []finding{
			{
				Place: place{File: ".kici/workflows/ci.ts", Line: 3, Column: 9}, Code: "E101", Message: "job \"test\" needs \"lnt\"\nwhich is no job",
				Suggestion: "did you mean 'lint'?", Frame: "    2 | const a\n  > 3 |   needs: ['lnt'],\n      |         ^\n",
			},
			{Place: place{File: ".kici/workflows"}, Code: "E001", Message: "no workflows"},
			{Place: place{File: ".kici/workflows/ci.ts", Line: 9, Column: 1}, Warning: true, Code: "W101", Message: "no runsOn", Notes: []string{"it will run on default"}},
		}}, nil
	}
	out := term.run(cli.ExitFailed, "compile")
	golden(t, "compile-errors", "--- stdout\n"+out+"--- stderr\n"+term.stderr.String())
}

func TestCompileSucceeds(t *testing.T) {
	t.Parallel()
	term := setup(t)
	for args, want := range map[string]string{
		"":        "✓ Compiled workflows → .kici/kici.lock.json (1 workflow)\n",
		"--check": "✓ Workflows are valid (1 workflow)\n",
	} {
		line := []string{"compile"}
		if args != "" {
			line = append(line, args)
		}
		contains(t, term.run(cli.ExitOK, line...), want)
	}
	term.lib.compile = func(context.Context, *cli.State, compileFlags) (compiled, error) {
		return compiled{Workflows: 2, Details: []string{"bundled in 3ms"}}, nil
	}
	contains(t, term.run(cli.ExitOK, "compile", "--verbose"), "(2 workflows)", "bundled in 3ms")
}

func TestCompilePassesFlags(t *testing.T) {
	t.Parallel()
	term := setup(t)
	var got compileFlags
	term.lib.compile = func(_ context.Context, _ *cli.State, o compileFlags) (compiled, error) {
		got = o
		return compiled{}, nil
	}
	term.run(cli.ExitOK, "compile", "--check", "--locked", "--kici-dir", "a/.kici", "--verbose")
	if want := (compileFlags{KiciDir: "a/.kici", Check: true, Locked: true, Verbose: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCompileError(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.lib.compile = func(context.Context, *cli.State, compileFlags) (compiled, error) {
		return compiled{}, &cli.HintedError{Err: errors.New("the disk is full"), Hint: "make room"}
	}
	term.run(cli.ExitFailed, "compile")
	contains(t, term.stderr.String(), "error: the disk is full", "hint: make room")
}

// TestWatch sees a failure, goes on, and ends at the first interrupt with exit
// code 0.
func TestWatch(t *testing.T) {
	t.Parallel()
	term := setup(t)
	signals := make(chan os.Signal, 1)
	term.state.Signals = func() (<-chan os.Signal, func()) { return signals, func() {} }
	term.state.StdoutTTY = true
	term.state.Env["NO_COLOR"] = "1"
	term.lib.watch = func(ctx context.Context, _ *cli.State, _ compileFlags, show func(compiled, error)) error {
		show(compiled{Failed: true, Findings: []finding{{Code: "E003", Message: "broken"}}}, nil)
		show(compiled{Workflows: 1}, nil)
		signals <- os.Interrupt
		<-ctx.Done()
		return ctx.Err()
	}
	out := term.run(cli.ExitOK, "compile", "--watch")
	contains(t, term.stderr.String(), "broken")
	contains(t, out, "Ctrl+C ends.\n"+clearScreen+"✓ Compiled")
}
