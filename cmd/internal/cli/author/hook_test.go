package author

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func TestHookInstall(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		files      map[string]string
		args       []string
		runs       string
	}{
		{"raw", ".git/hooks/pre-commit", nil, []string{"--git"}, ""},
		{"raw-append", ".git/hooks/pre-commit", map[string]string{".git/hooks/pre-commit": "#!/bin/bash\nexisting"}, []string{"--git"}, ""},
		{"husky", ".husky/pre-commit", map[string]string{".husky/pre-commit": "npm test\n"}, nil, ""},
		{"lefthook-new", "lefthook.yml", map[string]string{"lefthook.yml": "pre-push:\n  commands:\n    x:\n      run: y"}, nil, "lefthook install"},
		{"lefthook-section", "lefthook.yml", map[string]string{"lefthook.yml": "# mine\npre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: eslint\npre-push:\n  parallel: true\n"}, nil, "lefthook install"},
		{"lefthook-no-commands", ".lefthook.yml", map[string]string{".lefthook.yml": "pre-commit:\n  parallel: true\n"}, nil, "lefthook install"},
		{"pre-commit", ".pre-commit-config.yaml", map[string]string{".pre-commit-config.yaml": "repos:\n  - repo: https://example.com/x\n    rev: v1\n    hooks:\n      - id: y\n"}, nil, "pre-commit install"},
		{"prek", ".pre-commit-config.yaml", map[string]string{"prek.toml": ""}, nil, "prek install"},
		{"lint-staged", "package.json", map[string]string{"package.json": "{\n  \"name\": \"x\",\n  \"lint-staged\": {\n    \"*.ts\": \"eslint\"\n  }\n}\n"}, nil, ""},
		{"lint-staged-empty", ".lintstagedrc.json", map[string]string{".lintstagedrc.json": "{}\n"}, nil, ""},
		{"several", ".husky/pre-commit", map[string]string{".husky/_/x": "", "lefthook.yml": ""}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			term := setup(t)
			term.write(".git/HEAD", "ref: refs/heads/main\n")
			for name, text := range c.files {
				term.write(name, text)
			}
			args := append([]string{"hook", "install"}, c.args...)
			contains(t, term.run(cli.ExitOK, args...), "✓ Installed")
			text := term.read(c.file)
			golden(t, "hook-"+c.name, text)
			if got := strings.Join(term.programs, "; "); got != c.runs {
				t.Errorf("ran %q, want %q", got, c.runs)
			}
			mustParse(t, c.file, text)
			contains(t, term.run(cli.ExitOK, args...), "already installed")
			if again := term.read(c.file); again != text {
				t.Errorf("a second install changed the file:\n%s", again)
			}
		})
	}
}

// mustParse reads the edited file as its tool would.
func mustParse(t *testing.T, file, text string) {
	t.Helper()
	var v any
	switch filepath.Ext(file) {
	case ".yml", ".yaml":
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	case ".json":
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: %v\n%s", file, err, text)
		}
	}
}

func TestHookMode(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.write(".git/hooks/pre-commit", "#!/bin/sh\n")
	term.run(cli.ExitOK, "hook", "install", "--git")
	info, err := os.Stat(filepath.Join(term.state.Dir, ".git/hooks/pre-commit"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v: git would not run it", info.Mode(), err)
	}
}

func TestHookInWorktree(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.write("main/.git/worktrees/w/commondir", "../..\n")
	term.write("w/.git", "gitdir: ../main/.git/worktrees/w\n")
	term.write("w/sub/x", "")
	root := term.state.Dir
	term.state.At(filepath.Join(root, "w", "sub"))
	term.run(cli.ExitOK, "hook", "install", "--git")
	term.state.At(root)
	contains(t, term.read("main/.git/hooks/pre-commit"), hookCommand)
}

func TestHookWithoutTool(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.run(cli.ExitFailed, "hook", "install")
	contains(t, term.stderr.String(), "is not in a git repository")
	term.write(".git/HEAD", "")
	contains(t, term.run(cli.ExitOK, "hook", "install"), "nothing was installed")
	if term.state.Disk.Has(".git/hooks") {
		t.Error("something was written")
	}
}

func TestHookThatCannotBeEdited(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.write(".git/HEAD", "")
	term.write(".lintstagedrc", "'*.js': eslint\n")
	term.run(cli.ExitFailed, "hook", "install")
	contains(t, term.stderr.String(), "add the command yourself")
}
