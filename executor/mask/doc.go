// Package mask removes secret values from everything that leaves a job: log
// streams, error texts, outputs and emitted events.
//
// A Set holds the values. Each value is expanded once, by forms, into every
// text under which it usually leaks: the value itself, its lines, its base64
// at all three byte alignments, its URL, JSON, shell and hexadecimal spellings. All
// forms of all values become one automaton (Aho-Corasick over byte classes),
// so that the cost of a byte does not depend on the number of secrets.
//
// A Stream feeds output through the automaton block by block. A byte leaves as
// soon as no form that is still in progress can cover it, so a secret that is
// cut by a chunk boundary is found, and a line that merely looks like the
// beginning of a 4 KiB key is not delayed by 4 KiB: only the suffix that may
// still grow into a secret is held back, until more output or Flush comes.
//
// A secret that is born while a job runs is added with Set.Add before the code
// that knows it goes on; every Stream of the Set uses it from the next byte,
// the held-back ones included.
//
// What is not masked, on purpose: values shorter than MinLength, and the lines
// of a multi-line value that are shorter than minLine or are PEM boundaries. A
// key whose last line is "==" would otherwise shred every log it appears in;
// the value as a whole, short lines included, is masked where it stands whole.
// The room holds no policy on which values are secret (executor/step decides).
package mask
