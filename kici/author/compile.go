package author

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/executor/js"
)

// What a compile answers. executor/compile documents the fields; these names
// are for programs that may import nothing below kici.
type (
	CompileResult = compile.Result
	CompileFile   = compile.File
	Diagnostic    = compile.Diagnostic
	Note          = compile.Note
	Severity      = compile.Severity
	Drift         = compile.Drift
	// CompileFailure is the error form of a result with errors in it.
	CompileFailure = compile.Failure
)

// The severities of a Diagnostic.
const (
	SeverityError   = compile.Error
	SeverityWarning = compile.Warning
)

// CompileOptions says which project to compile. Only Dir is required.
type CompileOptions struct {
	Dir     string // working directory
	KiciDir string // default .kici
	Check   bool   // validate, write nothing; Drift and warnings tell whether the lock is stale
	Locked  bool   // with Check: a stale lock is an error

	Environ []string      // KEY=VALUE, what top-level code of workflows sees
	Stdout  io.Writer     // what top-level code prints; nil drops it
	Stderr  io.Writer     //
	Timeout time.Duration // for loading one file; default 10s
	// Debounce is how long Watch waits for quiet; default 200ms.
	Debounce time.Duration
	Log      *slog.Logger
}

// Compile compiles the workflows of a project and writes the lock file, unless
// there are errors or Check is set. Mistakes of authors are Diagnostics in the
// result, all of them; the error is for a disk that cannot be written, for
// packages that cannot be installed after their lock file changed, and for the
// end of ctx.
func Compile(ctx context.Context, o CompileOptions) (*CompileResult, error) {
	if err := o.reinstall(ctx); err != nil {
		return nil, err
	}
	return compile.Compile(ctx, o.options())
}

// Watch compiles, and compiles again after every change of a workflow file or
// of anything it imports. show gets each outcome; Check is ignored. It returns
// ctx's cause.
func Watch(ctx context.Context, o CompileOptions, show func(*CompileResult, error)) error {
	return compile.Watch(ctx, o.options(), o.Debounce, show)
}

func (o CompileOptions) options() compile.Options {
	env := js.ParseEnv(o.Environ)
	agent, _ := env.Get("npm_config_user_agent")
	return compile.Options{
		Dir: o.Dir, KiciDir: o.KiciDir, Check: o.Check, Locked: o.Locked,
		Env: env, Output: o.output, UserAgent: agent, LoadTimeout: o.Timeout, Log: o.Log,
	}
}

func (o CompileOptions) output(stream js.Stream, p []byte) {
	w := o.Stdout
	if stream == js.Stderr {
		w = o.Stderr
	}
	if w != nil {
		_, _ = w.Write(p) // an author's print must not fail a compile
	}
}
