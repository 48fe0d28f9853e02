// Package status keeps the status vocabularies apart.
//
// A run, a job, a step, a queued item, a hold and a logged event each have their
// own words, and most of the words look alike; mixing them up is the classic
// bug of a CI server. So each vocabulary is its own type here, and going from
// one to another is a function with a name. The words are those of the wire, the
// database and the lock alike.
//
// Which status may follow which is decided by engine/state, never here.
package status
