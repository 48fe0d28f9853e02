// Package kicitest tests workflows with `go test`: send an event, say what the
// commands do, ask what came of it. No process is started, no real time passes,
// and a push is green or red in milliseconds.
//
//	wf := kicitest.Load(t, "../.kici")
//	wf.Command("npm ci").Takes(time.Minute)
//	wf.Command("npm test").Prints("41 passed").Takes(10 * time.Minute)
//
//	run := wf.Push("main", kicitest.Files("src/cart.ts"))
//	run.WantSuccess().WantDuration(11 * time.Minute)
//	run.Job("test").WantLog("41 passed")
//
// # How a call flows
//
// [Load] and [Source] compile the workflows once, into a [Project]; what does
// not compile ends the test with the compiler's diagnostics. A method such as
// [Project.Push] makes the event, matches it against the triggers, plans the
// jobs and runs them with the very engine that `kici run local` and agents
// use, each in a JavaScript machine of its own inside this process. It returns
// a [Run] when everything is over, hooks included.
//
// A [Run] is data for comparisons ([Run.RunResult], [JobResult], …) and takes
// questions: methods named Want report to the test, with the tree of the run,
// the code that failed and the end of its output, and return what they were
// called on. [Run.Job] and its kin end the test when there is no such thing.
//
// # Commands
//
// A [Script] tells what a command does instead of running: what it prints,
// how long it takes, how it exits, whether it hangs or ignores signals. The
// newest script that fits is taken. A command that none fits cannot be started
// and fails the test by name, so that no test passes on a command it does not
// know; [AllowCommands] and [RealCommands] change that. All calls are recorded
// with their environment, folder and input. The same goes for fetch, see
// [Fetch].
//
// # Time
//
// An event runs in a bubble of [testing/synctest]: whenever everything waits,
// the clock jumps to what comes first. Timers of the workflow, time-outs of
// steps, jobs and hooks, grace periods and the time that commands take all
// happen at their exact instant. The clock stands still while something
// computes or a real command runs, so code that never waits is ended in real
// time ([Patience]), and time-outs of real commands need [WallClock]. A test
// that is in a bubble already cannot send events; it needs no bubble.
//
// # A whole house
//
// [InHouse] and [NewHouse] put the same workflows behind a real orchestrator and
// real agents that speak the real link in this process: what is played is the
// repository (files that [House.Push] commits) and the commands. Events are then
// under way ([Delivery]) until [Delivery.Wait] makes a [Run] of them; meanwhile a
// test cancels them, takes agents away and brings them back.
//
// # What a run cannot see
//
// Nothing of this machine: no environment ([Machine], [Env], [Variable]), no
// secrets but those given ([Secret]), no network ([Fetch], [RealNetwork]), no
// git, no caches of earlier runs ([CacheDir]), and a folder that holds what the
// test put there ([File], [Tree]) and is removed with the test. Two things are
// not a laptop's: jobs run all at a time ([Agents]), and one that fails does
// not stop the others ([FailFast]).
//
// The package decides nothing about workflows itself: it must never know
// better than the engine. It is safe in parallel tests; each subtest takes its
// view of a project with [Project.With].
package kicitest
