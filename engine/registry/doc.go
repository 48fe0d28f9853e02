// Package registry knows who listens to events that come from no commit: the
// lock files of default branches, and the triggers in them.
//
// A registration is written by engine/intake when a default branch is pushed to.
// [Registry.Listeners] gives all of them with their triggers and without the
// rest; it asks the store only which have changed, so that it may be called for
// every event and once a second. What is to be started needs the whole lock file,
// which [Registry.Lock] reads.
//
// The room decides nothing: what matches is engine/trigger's, when a schedule
// fires engine/cron's, and what a finished run says engine/event's.
package registry
