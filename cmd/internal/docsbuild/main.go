// Command docsbuild is the house's generator for its documentation: it writes
// the command-line page of docs/ from the commands themselves, and packs all
// pages into the two texts that `kici docs llm` prints. go generate calls it;
// its own test builds the same again and compares. It is never part of a
// shipped binary.
//
//	docsbuild MODULE_ROOT
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: docsbuild MODULE_ROOT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(root string) error {
	files, err := build(root)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
