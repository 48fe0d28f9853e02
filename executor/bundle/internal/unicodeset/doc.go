// Package unicodeset expands the Unicode properties of JavaScript's regular
// expressions (\p{Letter}, \P{Script=Greek}) into plain classes of code
// points, because goja takes \p for the letter p and then silently matches
// nothing.
//
// Expand reads a pattern, replaces what it must and leaves the rest alone; the
// meaning under the flags i and u stays that of the standard, since the
// complement is taken before case is folded. General categories and scripts
// come from Go's own tables; the properties that Go lacks, Emoji among them,
// from tables_gen.go, which gen/main.mjs reads out of Node.
//
// It does not validate regular expressions otherwise, and it knows nothing of
// JavaScript's syntax around them: executor/bundle finds the patterns.
package unicodeset
