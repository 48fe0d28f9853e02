// Package sandboxtest is the suite that a sandbox is held to: any place in which an
// agent runs jobs, that is an executor.Runner.
//
// [Run] gives the runner real jobs, written in TypeScript and bundled as an agent
// would, and looks at what a user of the place may rely on: how jobs end and with
// which words, outputs, the workspace on both sides, the environment and nothing
// besides, events that are sent from inside, output that is neither lost nor
// read faster than it is taken, cancellation with hooks and by force, and that
// nothing a job has started outlives it. A runner that starts our engine
// somewhere else (runner.Serve over a pipe) passes almost by itself.
//
// Masking, uploads and checkouts are the agent's, so nothing of them is asked
// here; what is special to one kind of place belongs into the tests of that place.
//
//	func TestSandbox(t *testing.T) {
//		sandboxtest.Run(t, func(t testing.TB) sandboxtest.Subject {
//			return sandboxtest.Subject{Runner: open(t), Environ: os.Environ()}
//		})
//	}
package sandboxtest
