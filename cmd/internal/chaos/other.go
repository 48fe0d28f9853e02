//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "chaos: only on Linux can the harness be sure to leave no process behind")
	os.Exit(2)
}
