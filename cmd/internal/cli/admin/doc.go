// Package admin is the command line of kici-admin: an orchestrator's operator
// asks and tells it things over its admin API.
//
// root.go is the frame: the options that every command has, the client that they
// make, and the two ways to show an answer, as a table for people and as JSON for
// programs. Each subject is one file with a command of the same name, whose
// children make one or two calls of kici/adminclient and show what came; a new
// subject is a new file and one line in root.go.
//
// Nothing is decided here, and nothing but the API is touched: every command
// works from any machine that reaches the orchestrator. Values that are secret are
// read from files, standard input or the environment ("@file", "-", "env:NAME"),
// so that they need not stand in a command line.
package admin
