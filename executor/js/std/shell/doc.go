// Package shell is the module kici:shell: createShell and with it the $ that
// every step gets. All of it is TypeScript over the primitives of std/child;
// this Go file only joins the two.
//
// A template becomes the text of one bash command: every value is quoted into
// exactly one word (quote.ts), arrays into one word an element. ProcessPromise
// starts it at once, ProcessOutput tells how it ended and what it printed. The
// job's environment is read when a command starts, not when the shell is made,
// so setEnv, addPath and expose take effect at once.
//
// Three things are kinder than zx, on purpose. A command that is awaited while
// nobody has touched its input reads end of file and does not hang; .stdin can
// be called with the whole input; and when the right side of a pipe stops
// reading, the left side ends as in a shell and does not fail the chain. What
// a command prints goes to the step's log as it comes, unless it is quiet,
// piped or ignored. Ending commands at a time-out of the step or the job is
// done by executor/step through proc.Host, not here.
package shell
