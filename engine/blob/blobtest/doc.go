// Package blobtest is the conformance suite of blob.Store: whoever writes a back
// end runs it, and is done when it passes.
//
// [Run] takes a function that opens an empty store under a clock of the test's.
// The suite checks that objects come back as they were put, by range and whole,
// that a body which fails leaves what was there, that hostile keys stay apart
// from each other, and that writers, readers and deleters at the same time see
// whole objects only.
//
// What is peculiar to a back end (files, links, power cuts) it tests itself.
package blobtest
