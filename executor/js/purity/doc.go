// Package purity decides whether the text of a JavaScript function may travel
// in the lock file and be evaluated by whoever dispatches the job, instead of
// on an agent that first has to fetch the repository.
//
// It owns that verdict and nothing else. [Analyze] takes the text of a function
// as the engine prints it, parses it with goja's parser (which is why the
// package lives below executor/js), resolves every name and stops at the first
// thing that reaches outside of the function: a foreign name, a side effect, a
// form the evaluator withholds. The answer is either an expression to write
// down or a reason in words that complete the sentence "this function …".
// Nothing here runs JavaScript: executor/expr evaluates, executor/compile turns
// reasons into warnings.
//
// # The rule
//
// Pure means: the value depends on the arguments only, nothing outside can be
// changed, and the work can be bounded from outside. A wrong "impure" costs a
// few seconds of an agent's time; a wrong "pure" fails a job at dispatch or lets
// a stranger's text do harm on an orchestrator. So doubt means impure: whatever
// does not parse, whatever is unknown, whatever is too large.
//
// The verdicts follow the published ones. Where this analysis is kinder (it
// resolves nested functions, renames and methods instead of refusing them) or
// stricter (it walks default values, and refuses the roads back to the Function
// constructor, unbounded regular expressions and writes to the frozen event),
// testdata/verdicts.txt lists the case and the reason.
package purity
