// Package inline evaluates the text of one pure function, as the lock file
// carries it, on one event.
//
// It owns the realm such a text sees: a VM made for this evaluation and thrown
// away after it, with the globals that a pure function may name and no others,
// without the roads to the Function constructor, without a clock and without
// chance. Nothing of the house is in there, so whoever climbs prototypes finds
// the language's own objects and loses them at the end. [Evaluate] parses the
// text as a single function (source maps off, because the parser would read
// files for them), hands it the event, and takes out a value of the shape that
// [Kind] asks for. Large parts of an event are parsed when somebody looks.
//
// Time and memory are watched beside the evaluation: JavaScript is interrupted,
// the few built-ins that can ask for much memory in one step are asked how much
// first. That is not enough for hostile text. Built-ins written in Go (a
// sort, a backtracking regular expression) cannot be interrupted and know no
// heap limit. So this package is called in a worker process only, and
// executor/expr, its parent half, kills what does not answer.
//
// What makes a function pure is decided at compile time by executor/js/purity.
// Nothing here relies on that verdict: lock files are written by strangers.
package inline
