// Package house holds the tests that keep the house in order: which room may
// import which, who owns a third-party library, what a package must explain,
// and what no package may do. It has no production code; a failure here names
// the file, the rule and the reason for the rule.
//
// A call flows like this: load runs `go list` once for the whole module and
// parses every file once, each check is a pure function from that picture to a
// list of complaints, and each check has a twin test that feeds it a tree which
// breaks the rule, because a rule that cannot fail protects nobody.
//
// The package decides nothing about behaviour: what a room does is tested in
// the room. When a rule stands in the way of better code, change the table here
// and say why beside the entry, in the same commit.
package house
