package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

// docPage is a page of docs/: the files that its TypeScript blocks are, and the
// commands of the shell blocks marked to be run, in order.
type docPage struct {
	name   string
	files  map[string]string
	script string
	tells  int // shell blocks that are not run
}

var (
	fence = regexp.MustCompile("(?ms)^(<!-- run -->\n)?```([a-z]+)\n(.*?)^```$")
	named = regexp.MustCompile(`^// (\.kici/(?:workflows|tests)/[a-z-]+\.ts)\n`)
)

func docPages(t *testing.T) []docPage {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(paths) < 10 {
		t.Fatal(paths, err)
	}
	var out []docPage
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p := docPage{name: filepath.Base(path), files: map[string]string{}}
		for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
			run, language, code := m[1] != "", m[2], m[3]
			switch language {
			case "ts":
				name := named.FindStringSubmatch(code)
				if name == nil {
					t.Errorf("%s: a TypeScript block must begin with the file it is:\n%s", path, code)
					continue
				}
				if p.files[name[1]] != "" {
					t.Errorf("%s: two blocks are %s", path, name[1])
				}
				p.files[name[1]] = code
			case "bash":
				if run {
					p.script += code
				} else {
					p.tells++
				}
			case "text":
			case "go":
				if p.name != "testing.md" { // kici/kicitest tests the blocks of that page
					t.Errorf("%s: nobody compiles a block of Go", path)
				}
			default:
				t.Errorf("%s: what is a block of %q?", path, language)
			}
		}
		out = append(out, p)
	}
	return out
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDocsCompile compiles the TypeScript of every page as one project, without
// a warning, and loads its fixtures.
func TestDocsCompile(t *testing.T) {
	t.Parallel()
	blocks := 0
	for _, p := range docPages(t) {
		blocks += len(p.files)
		if len(p.files) == 0 {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, p.files)
			res, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			set, err := author.Fixtures(context.Background(), author.CompileOptions{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range append(res.Diagnostics, set.Diagnostics...) {
				t.Errorf("%s\n%s", d, d.Frame)
			}
			for name := range p.files {
				if strings.Contains(name, "/tests/") && len(set.Fixtures) == 0 {
					t.Errorf("%s exports no fixture", name)
				}
			}
		})
	}
	if blocks < 15 {
		t.Errorf("only %d TypeScript blocks were found", blocks)
	}
}

// TestDocsRun runs the marked commands of every page in a repository that holds
// the page's TypeScript.
func TestDocsRun(t *testing.T) {
	t.Parallel()
	need(t, "bash")
	need(t, "git")
	ran := 0
	for _, p := range docPages(t) {
		if p.script == "" {
			continue
		}
		ran++
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir, home := t.TempDir(), t.TempDir()
			script := "git init -q -b main\n"
			if strings.Contains(p.script, "kici init") {
				// The page's own workflow comes after it: init would refuse.
				head, rest, _ := strings.Cut(p.script, "kici compile\n")
				script += head + "cp -r ../own/.kici .\nkici compile\n" + rest
			} else {
				script += "cp -r ../own/.kici .\ngit add . && git commit -q -m page\n" + p.script
			}
			write(t, filepath.Join(dir, "own"), p.files)
			repo := filepath.Join(dir, "repo")
			write(t, repo, map[string]string{"README.md": "# project\n", "a file with spaces": "x\n", ".gitignore": ".kici/.secrets\n"})
			cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
			cmd.Dir = repo
			cmd.Env = append(os.Environ(), "CI=true", "HOME="+home, "XDG_CACHE_HOME="+home, "XDG_RUNTIME_DIR="+home,
				"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@localhost", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@localhost",
				"PATH="+filepath.Dir(binary(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
	if ran < 8 {
		t.Errorf("only %d pages have something to run", ran)
	}
}

// typescript is where the compiler is installed: once per machine, in the
// user's cache. Not the folder that other packages' tests use: they may be
// installing at this moment.
var typescript = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "kici-go-test", "typescript-5.9-docs")
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.Command("npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "typescript@5.9", "@types/node@24")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return dir, os.WriteFile(filepath.Join(dir, "done"), nil, 0o644)
})

// typecheck runs tsc --strict as an editor would, in a project that kici init
// made, and returns what it complains about.
func typecheck(t *testing.T, files map[string]string, initArgs ...string) string {
	t.Helper()
	need(t, "node")
	need(t, "npm")
	tools, err := typescript()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("no TypeScript: %v", err)
	}
	dir := t.TempDir()
	cmd := exec.Command(binary(t), append([]string{"init", "--skip-install"}, initArgs...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CI=true", "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("kici init: %v\n%s", err, out)
	}
	write(t, dir, files)
	if err := os.Symlink(filepath.Join(tools, "node_modules"), filepath.Join(dir, ".kici", "node_modules")); err != nil {
		t.Fatal(err)
	}
	check := exec.Command("node", filepath.Join(tools, "node_modules", "typescript", "bin", "tsc"), "-p", ".kici", "--strict", "--pretty", "false")
	check.Dir = dir
	out, err := check.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

// TestInitTypechecks: what kici init writes and every block of the docs are
// correct TypeScript in one project, and a mistake in it is seen.
func TestInitTypechecks(t *testing.T) {
	t.Parallel()
	all := map[string]string{}
	for _, p := range docPages(t) {
		for name, code := range p.files {
			folder, file := filepath.Split(name)
			all[folder+strings.TrimSuffix(p.name, ".md")+"-"+file] = code
		}
	}
	all[".kici/workflows/wrong.ts"] = "import { push } from '@kici-dev/sdk';\nexport const p = push({ branches: 7 });\n"
	out := typecheck(t, all, "--private-registry", "https://npm.pkg.github.com/", "--private-registry-scope", "@o")
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, ".kici/workflows/wrong.ts(2,") && !strings.HasPrefix(line, " ") {
			t.Error(line)
		}
	}
	if out == "" {
		t.Error("a mistake is not seen")
	}
}
