package house

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/bundle"
)

var update = flag.Bool("update", false, "rewrite cmd/*/deps.txt")

// mainLines bounds a main: it starts, it does not do.
const mainLines = 25

func checkLayout(tr *tree) []string {
	rooms := []string{"", "kici", "engine", "lockfile", "transport", "executor", "examples", "cmd"}
	vague := []string{"util", "utils", "common", "helpers", "types", "models", "base", "misc"}
	var out []string
	for _, p := range tr.Pkgs {
		if !slices.Contains(rooms, firstElement(p.Rel)) {
			out = append(out, p.Rel+": the top level is fixed: kici engine lockfile transport executor examples cmd")
		}
		if name := p.Rel[strings.LastIndex(p.Rel, "/")+1:]; slices.Contains(vague, name) {
			out = append(out, p.Rel+": a package is named for what it owns")
		}
		if p.Main && strings.HasPrefix(p.Rel, "cmd/") && !strings.Contains(p.Rel, "/internal/") {
			for _, f := range p.Files {
				if !f.Test && f.Lines > mainLines {
					out = append(out, fmt.Sprintf("%s: %d lines; a main has at most %d, the rest belongs in cmd/internal/cli", f.Path, f.Lines, mainLines))
				}
			}
		}
	}
	return out
}

func TestLayout(t *testing.T) { t.Parallel(); report(t, checkLayout(house(t))) }

func TestLayoutCanFail(t *testing.T) {
	t.Parallel()
	tr := sketch(t, map[string]string{
		"pkg/thing/a.go":         "package thing",
		"engine/util/a.go":       "package util",
		"cmd/kici/main.go":       "package main\n" + strings.Repeat("\n", mainLines),
		"cmd/internal/x/main.go": "package main\n" + strings.Repeat("\n", 200),
	})
	complaints := checkLayout(tr)
	mustComplain(t, complaints, "pkg/thing", "engine/util", "cmd/kici/main.go: 26 lines")
	if len(complaints) != 3 {
		t.Errorf("want 3 complaints, got %q", complaints)
	}
}

// TestDeps compares every shipped binary's third-party packages with the
// committed list, so that a new one is seen in review.
func TestDeps(t *testing.T) {
	t.Parallel()
	tr := house(t)
	found := 0
	for _, p := range tr.Pkgs {
		if !p.Main || !strings.HasPrefix(p.Rel, "cmd/") || strings.Contains(p.Rel, "/internal/") {
			continue
		}
		found++
		var third []string
		for _, d := range p.Deps {
			if strings.Contains(firstElement(d), ".") && !covers(modulePath, d) {
				third = append(third, d)
			}
		}
		slices.Sort(third)
		want := strings.Join(third, "\n") + "\n"
		path := filepath.Join(tr.Root, filepath.FromSlash(p.Rel), "deps.txt")
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s links other third-party packages than deps.txt says. New: %v. Gone: %v. If that is meant: go test ./kici/internal/house -run TestDeps -update",
				p.Rel, missing(third, strings.Fields(string(got))), missing(strings.Fields(string(got)), third))
		}
	}
	if found == 0 {
		t.Fatal("no binary under cmd was found")
	}
}

func missing(from, in []string) []string {
	var out []string
	for _, s := range from {
		if !slices.Contains(in, s) {
			out = append(out, s)
		}
	}
	return out
}

// TestGenerated rebuilds every committed bundle of our own TypeScript and
// compares it with what is committed.
func TestGenerated(t *testing.T) {
	t.Parallel()
	tr := house(t)
	line := regexp.MustCompile(`^//go:generate go run \S*/cmd/internal/tsbuild (\S+) (\S+)$`)
	for _, p := range tr.Pkgs {
		for _, f := range p.Files {
			for _, group := range f.Ast.Comments {
				for _, c := range group.List {
					m := line.FindStringSubmatch(c.Text)
					if m == nil {
						continue
					}
					t.Run(p.Rel+"/"+m[2], func(t *testing.T) {
						t.Parallel()
						verifyBundle(t, filepath.Join(tr.Root, filepath.FromSlash(p.Rel)), m[1], m[2])
					})
				}
			}
		}
	}
}

func verifyBundle(t *testing.T, dir, entry, output string) {
	t.Helper()
	abs := filepath.Join(dir, entry)
	want, err := bundle.Library(filepath.Dir(abs), abs)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join(dir, output))
	if err != nil {
		t.Fatal(err)
	}
	head, got, _ := bytes.Cut(committed, []byte("\n"))
	if !bytes.Contains(head, []byte("DO NOT EDIT")) {
		t.Errorf("%s does not open with the generator's line", output)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run `make generate` and commit the result", output)
	}
}
