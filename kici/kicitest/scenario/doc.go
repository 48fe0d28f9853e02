// Package scenario reads the pairs of workflow and expected outcome that lie in
// kici/kicitest/testdata/scenarios, whose README tells what they mean.
//
// There is more than one way to run a workflow: the whole command, the library
// with children, the library in one process, an agent. Each way has a test of
// its own that does the running; All, Repository, Environ and Args give it the
// pair, and Check holds what came of it, put into an Outcome, against what was
// expected. So all ways are held to the same words.
//
// The package runs no workflow itself and knows none of the ways.
package scenario
