package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

// TestFresh compares the committed files with what the commands and pages say
// now.
func TestFresh(t *testing.T) {
	t.Parallel()
	files, err := build(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is stale (%v): run `make generate` and commit the result", name, err)
		}
	}
}

func TestBuildRefusesStrayPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ readme, page, want string }{
		"not listed": {"| [A](a.md) | x |\n", "b.md", "docs/b.md is in no row"},
		"not there":  {"| [A](a.md) | x |\n| [B](b.md) | x |\n", "", "lists a page that is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, "docs", name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir(filepath.Join(dir, "docs"), 0o755); err != nil {
				t.Fatal(err)
			}
			write("README.md", c.readme)
			write("a.md", "# A\n")
			if c.page != "" {
				write(c.page, "# B\n")
			}
			if _, err := build(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err := run(dir); err == nil {
				t.Error("run hid the error")
			}
		})
	}
}

// TestLinks follows every link between pages, to the heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(pages) < 10 {
		t.Fatal(pages, err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	for _, p := range pages {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target := p
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(p), m[1])
			}
			to, err := os.ReadFile(target)
			if err != nil {
				t.Errorf("%s: %v", p, err)
			}
			if m[2] != "" && !hasHeading(string(to), m[2]) {
				t.Errorf("%s: %s has no heading %q", p, target, m[2])
			}
		}
	}
}

func hasHeading(page, slug string) bool {
	for line := range strings.Lines(page) {
		if head, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok && strings.ReplaceAll(strings.ToLower(head), " ", "-") == slug {
			return true
		}
	}
	return false
}
