// Package jstest runs JavaScript in tests. Run takes one line of script and
// fails the test when it throws; Eval gives its value as JSON; Folder runs
// every file of a folder as TypeScript, through the same bundler and the same
// VM that a workflow meets, each file asserting with the module "assert".
//
// Every VM is closed at the end of its test, and Close failing fails the test:
// so each test is also a check that nothing is left behind. Where Node is
// installed, Folder runs the same files there, so that what a file asserts is
// Node's behaviour and not our opinion of it.
//
// The package is for tests only; nothing outside a _test.go imports it, which
// is why it may reach into executor/bundle.
package jstest
