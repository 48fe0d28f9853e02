// Package chaos breaks a running KiCI in every way it can think of and then
// proves, from what the clients saw and what the stores hold, that every promise
// was kept.
//
// A [Topology] says, as data, which services there are and which links run
// between them; [Run] starts the real programs on it, each link through a [Link]
// of ours, a TCP proxy that can be cut, held and slowed in either direction and
// that understands enough of what passes to act at a point of the conversation
// (a commit on its way, a job being handed over). A [Plan], drawn from a seed,
// says after how many deliveries which fault begins, at what point, and how long
// it lasts; the same seed is the same plan. Clients send deliveries meanwhile,
// some of them twice, some out of order, and write down what they were told
// ([History]). In the end everything is healed, the house comes to rest, is
// stopped and its store read ([Snapshot]).
//
// [Check] is a pure function of the two. It starts nothing and asks no clock, so
// that it can be tested with planted bugs, each of which it must catch; a history
// that a run has written to disk can be judged again.
//
// The room starts processes and so must leave none: every child dies with the
// thread that started it (a parent-death signal), also when the harness is
// killed. It decides nothing for the product and is linked into none of its
// programs: cmd/internal/chaos is its main, and the tests here run a short form.
package chaos
