// Command bench times whole processes of the built binary, as an author meets
// them: start to exit, with the peak memory of the largest process involved.
// It prints a Markdown table beside the figures of the original (the Node
// implementation, measured on the same kind of machine), ready for the README.
// Medians, because a shared machine has bad moments; beside the wall time the
// processor time of all processes, which other work on the machine hardly
// changes. It measures and never judges, so it is no test.
//
//	go run ./cmd/internal/bench [-n 11] [-only compile]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/measure"
)

func main() {
	runs := flag.Int("n", 11, "runs of each case; the median is shown")
	only := flag.String("only", "", "run only the cases whose name contains this")
	binary := flag.String("kici", "", "measure this binary instead of building one")
	act := flag.String("act", "", "compare with this binary of act instead of building one")
	flag.Parse()
	if err := bench(*runs, *only, *binary, *act); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(runs int, only, binary, act string) error {
	dir, err := os.MkdirTemp("", "kici-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if binary == "" {
		binary = filepath.Join(dir, "kici")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./cmd/kici")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build: %w", err)
		}
	}
	b := &bencher{dir: dir, kici: binary, act: act, runs: max(1, runs)}
	var rows []row
	for _, c := range cases() {
		if !strings.Contains(c.name, only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s...\n", c.name)
		r, err := c.measure(b)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		r.name, r.original, r.goal = c.name, c.original, c.goal
		rows = append(rows, r)
	}
	return table(rows)
}

func table(rows []row) error {
	lines := make([][]string, 0, len(rows))
	for _, r := range rows {
		lines = append(lines, []string{r.name, r.original, r.goal, r.figure()})
	}
	return measure.Table(os.Stdout, []string{"", "original", "goal", "KiCI in Go"}, lines)
}
