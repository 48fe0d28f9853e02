// Package workflows holds example repositories, a folder each, whose workflows
// show one part of the SDK; README.md lists them. They contain no Go: the test
// beside this file makes each a git repository, compiles it and runs it, so
// that what a reader copies is known to work. An example uses only what is on
// any developer's machine (a shell, git), never the network.
package workflows
