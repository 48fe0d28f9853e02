// Package route turns what a job asks of an agent into one key, and tells which
// agents may serve it.
//
// [Of] makes the key of a job from its runsOn labels and the ones it excludes;
// jobs that ask for the same share a key, so the queue can be asked for whole
// routes. [Match] compares a key with the labels of an agent and says why it
// does not fit. Labels are compared without regard to case.
//
// The package is pure: it knows neither the queue nor who is connected, which is
// engine/dispatch, and what a lock file may write in runsOn is lockfile's.
package route
