// Package workflow is the author's code as the step engine drives it.
//
// An [Engine] is an executor.Runner: it takes one job, makes a fresh VM for it
// with the host surface, the SDK and the guest (src/guest.ts), loads the job's
// program there and lets executor/step run the job over the guest's methods.
// What may be shared between jobs is shared through the Engine: parsed programs
// of the house's own modules, made once by Warm, and of bundles, kept by hash.
// Nothing an author's code can reach outlives its job.
//
// The guest finds workflow and job again by their place, because functions
// cannot travel, and builds the objects that the author's functions get. What
// these objects do is asked of the engine through the module kici:engine, JSON
// both ways, so that a Node process can be a guest of the same shape.
//
// Errors are translated here: an exception becomes an executor.Failure that
// carries the author's file, line and column, the source around it, and the
// command when one failed.
package workflow
