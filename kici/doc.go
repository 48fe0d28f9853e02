// Package kici is the facade of the house: what a program embeds.
//
// Today it holds the entry of child processes. Jobs run in children of the
// program that runs them, and such a child is the program itself, started
// again; so every main calls ServeChild before anything else:
//
//	if handled, err := kici.ServeChild(ctx, os.Args, os.Stdin, os.Stdout); handled {
//		exit(err)
//	}
//
// A program that ships a runner of its own instead says so with a child
// command. The package assembles and holds no machinery: running jobs is
// executor's, the author's half lives in kici/author.
package kici
