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
		want := strings.Join(thirdParty(p), "\n") + "\n"
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
		report(t, checkDeps(p, string(got)))
	}
	if found == 0 {
		t.Fatal("no binary under cmd was found")
	}
}

// thirdParty lists what a binary links from others, sorted.
func thirdParty(p *pkg) []string {
	var out []string
	for _, d := range p.Deps {
		if strings.Contains(firstElement(d), ".") && !covers(modulePath, d) {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

func checkDeps(p *pkg, committed string) []string {
	third := thirdParty(p)
	if committed == strings.Join(third, "\n")+"\n" {
		return nil
	}
	listed := strings.Fields(committed)
	return []string{fmt.Sprintf("%s links other third-party packages than deps.txt says. New: %v. Gone: %v. If that is meant: go test ./kici/internal/house -run TestDeps -update",
		p.Rel, missing(third, listed), missing(listed, third))}
}

func TestDepsCanFail(t *testing.T) {
	t.Parallel()
	p := &pkg{Rel: "cmd/x", Deps: []string{"fmt", "github.com/b/b", modulePath + "/kici", "github.com/a/a", "internal/bytealg"}}
	if complaints := checkDeps(p, "github.com/a/a\ngithub.com/b/b\n"); complaints != nil {
		t.Errorf("the right list: %q", complaints)
	}
	mustComplain(t, checkDeps(p, "github.com/a/a\n"), "New: [github.com/b/b]. Gone: []")
	mustComplain(t, checkDeps(p, "github.com/a/a\ngithub.com/b/b\ngithub.com/c/c\n"), "New: []. Gone: [github.com/c/c]")
	mustComplain(t, checkDeps(p, "github.com/b/b\ngithub.com/a/a\n"), "cmd/x links other") // the order is the list's
	mustComplain(t, checkDeps(p, ""), "cmd/x")
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
	complaints, err := checkBundle(dir, entry, output)
	if err != nil {
		t.Fatal(err)
	}
	report(t, complaints)
}

func checkBundle(dir, entry, output string) ([]string, error) {
	abs := filepath.Join(dir, entry)
	want, err := bundle.Library(filepath.Dir(abs), abs)
	if err != nil {
		return nil, err
	}
	committed, err := os.ReadFile(filepath.Join(dir, output))
	if err != nil {
		return nil, err
	}
	var out []string
	head, got, _ := bytes.Cut(committed, []byte("\n"))
	if !bytes.Contains(head, []byte("DO NOT EDIT")) {
		out = append(out, output+" does not open with the generator's line")
	}
	if !bytes.Equal(got, want) {
		out = append(out, output+" is stale: run `make generate` and commit the result")
	}
	return out, nil
}

func TestGeneratedCanFail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func() []string {
		t.Helper()
		complaints, err := checkBundle(dir, "a.ts", "a_gen.js")
		if err != nil {
			t.Fatal(err)
		}
		return complaints
	}
	write("a.ts", "export const a: number = 1;\n")
	if _, err := checkBundle(dir, "a.ts", "a_gen.js"); err == nil {
		t.Error("a file that was never generated is an error")
	}
	fresh, err := bundle.Library(dir, filepath.Join(dir, "a.ts"))
	if err != nil {
		t.Fatal(err)
	}
	const head = "// Code generated. DO NOT EDIT.\n"
	write("a_gen.js", head+string(fresh))
	if complaints := check(); complaints != nil {
		t.Errorf("a fresh file: %q", complaints)
	}
	write("a.ts", "export const a: number = 2;\n")
	mustComplain(t, check(), "a_gen.js is stale")
	write("a_gen.js", "// by hand\n"+string(fresh))
	mustComplain(t, check(), "does not open with the generator's line")
}
