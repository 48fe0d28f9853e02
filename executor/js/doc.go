// Package js runs JavaScript for the house. It alone knows goja: everybody
// else sees Programs, Modules, VMs, object handles and JSON.
//
// A Program is text made ready once (Compile, Lazy) and shared by any number
// of VMs. A VM is one runtime owned by one goroutine, the loop. Nothing else
// ever touches the runtime: Load, Require and Invoke hand the loop a task and
// wait for its answer, and a host module that works elsewhere (a timer, a
// process, a request) hands its result back the same way.
//
// The loop's single rule: asynchronous host work calls Host.Defer on the loop,
// works wherever it likes, and answers the function it got exactly once. The
// loop counts the unanswered ones. A call ends when its promise settles; when
// the queue is empty and nothing is registered (no unanswered Defer, no timer,
// not even an unreferenced one), no promise can settle any more, so every call
// still waiting fails with ErrNeverSettles instead of hanging. After a call has
// ended, work it left behind goes on, as on Node, until Close.
//
// Every turn of the loop remembers which call it serves, through promise
// reactions, timers and Defers. So an exception in a callback, or a rejection
// that nobody handles, fails the call that caused it; and when the context of
// a call ends, running JavaScript of that call is interrupted, its timers are
// dropped, the context its host functions got ends, and the VM stays usable
// for the next call. An interrupt also drops the promise jobs of the turn it
// hits.
//
// Modules are factories: Instance is called once per VM, on first import, so
// that no module can keep data of one job in a value shared with another. The
// module named "kici:prelude", when present, is instantiated by New; it brings
// the globals. executor/js/std assembles the whole host surface.
//
// The room contains no untrusted program: goja has no heap limit and cannot
// interrupt Go code, so jobs run in child processes (executor/runner). It does
// keep workflow code from panicking the process: every entry recovers, the
// call stack is limited, and source given to eval is measured first.
package js
