// Package compile turns a project's TypeScript workflows into its lock file.
//
// It owns the way from `.kici/workflows` to the bytes of kici.lock.json, and
// every complaint an author can get on it. A compile finds the files, has
// executor/bundle make one program of each, loads the programs one after the
// other into a single VM of executor/js with the real SDK, and lets describe.ts
// (the part that needs live objects) report each workflow as JSON in the shape
// of the lock. Go then checks everything, decides which dynamic values are
// pure (executor/js/purity), resolves hashFiles, hashes, and encodes.
//
// Problems are data: a [Diagnostic] has a code, a position in the author's own
// file, a code frame and advice. A compile reports all it can find instead of
// stopping at the first; only when no diagnostic is an error is the lock
// written, atomically, so that a failure leaves the old one untouched.
//
// The package prints nothing, knows no flags and never runs a job: kici/author
// calls it, cmd formats what it returns, executor/workflow loads the same
// programs to run them ([Result.Programs] saves a local run the second bundle).
// The lock's layout and hashes belong to package lockfile, matching rules to
// lockfile/pattern.
//
//	result, err := compile.Compile(ctx, compile.Options{Dir: cwd, Modules: modules})
//	for _, d := range result.Diagnostics { fmt.Println(d) }
package compile

//go:generate go run github.com/kici-dev/kici-go/cmd/internal/tsbuild src/describe.ts describe_gen.js
