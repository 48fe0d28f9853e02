package author

import (
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func TestHelpTeaches(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "compile", "test", "run", "run local", "init", "fixture", "endpoints", "hook", "hook install", "docs", "docs llm", "completion", "version"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			args := append(strings.Fields(path), "--help")
			out := setup(t).run(cli.ExitOK, args...)
			contains(t, out, "Usage:", "Examples:", "kici "+path)
			name := strings.ReplaceAll("help "+path, " ", "-")
			golden(t, strings.TrimSuffix(name, "-"), out)
		})
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	cases := []struct{ args, message, hint string }{
		{"compil", `unknown command "compil"`, "did you mean 'compile'?"},
		{"run locl", `unknown command "locl" for "kici run"`, "did you mean 'local'?"},
		{"compil --help", `unknown command "compil"`, "did you mean 'compile'?"},
		{"help compil", `unknown command "compil"`, "did you mean 'compile'?"},
		{"run locl --help", `unknown command "locl" for "kici run"`, "did you mean 'local'?"},
		{"help run locl", `unknown command "locl" for "kici run"`, "did you mean 'local'?"},
		{"run local push --concurrency x", `invalid argument "x" for --concurrency: expected a whole number`, "'kici run local --help' lists"},
		{"run local push --keep=maybe", `invalid argument "maybe" for --keep: expected true or false`, "'kici run local --help' lists"},
		{"compile --chek", "unknown flag: --chek", "did you mean '--check'?"},
		{"compile --zzz", "unknown flag: --zzz", "'kici compile --help' lists the options"},
		{"compile extra", "takes no arguments", ""},
		{"compile --locked", "--locked needs --check", "kici compile --check --locked"},
		{"run local", "which event?", "--pick"},
		{"run local pus", `unknown event "pus"`, "did you mean 'push'?"},
		{"run local push tag", "takes one event", ""},
		{"run local push --pick --workflow ci", "exclude each other", ""},
		{"run local push --concurrency 0", "at least one job", ""},
		{"run local push --concurrency many", "invalid argument", ""},
		{"run local push --env NOPE", "KEY=VALUE", ""},
		{"run local push --env =1", "KEY=VALUE", ""},
		{"run local push --context A=1", "CONTEXT.KEY=VALUE", ""},
		{"init --package-manager bun", `unknown package manager "bun"`, "npm, pnpm, yarn"},
		{"init --private-registry-secret TOKEN", "environment:NAME", ""},
		{"completion tcsh", `unknown shell "tcsh"`, "bash"},
		{"completion", "needs one shell", ""},
	}
	for _, c := range cases {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			term := setup(t)
			if out := term.run(cli.ExitUsage, strings.Fields(c.args)...); out != "" {
				t.Errorf("a usage error prints nothing on stdout, got %q", out)
			}
			contains(t, term.stderr.String(), "error: ", c.message, c.hint)
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if got, want := setup(t).run(cli.ExitOK, "--version"), cli.ThisBuild().Version+"\n"; got != want {
		t.Errorf("--version prints %q, want %q", got, want)
	}
	contains(t, setup(t).run(cli.ExitOK, "version"), "kici v"+cli.ThisBuild().Version, "go1.")
	contains(t, setup(t).run(cli.ExitOK, "version", "--json"), `"version": "`)
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for shell, sign := range map[string]string{"bash": "__start_kici", "zsh": "#compdef kici", "fish": "complete -c kici", "powershell": "Register-ArgumentCompleter"} {
		contains(t, setup(t).run(cli.ExitOK, "completion", shell), sign)
	}
}

func TestBannerRule(t *testing.T) {
	t.Parallel()
	banner := "kici v" + cli.ThisBuild().Version + "\n"
	for args, want := range map[string]bool{
		"compile": true, "run local push": true, "run local push --json": false, "run local push --quiet": false,
		"--version": false, "completion bash": false,
	} {
		if got := strings.HasPrefix(setup(t).run(cli.ExitOK, strings.Fields(args)...), banner); got != want {
			t.Errorf("kici %s: banner %v, want %v", args, got, want)
		}
	}
}

func TestColour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		tty  bool
		env  map[string]string
		want bool
	}{
		{"no terminal", false, nil, false},
		{"terminal", true, nil, true},
		{"NO_COLOR wins over a terminal", true, map[string]string{"NO_COLOR": "1"}, false},
		{"NO_COLOR wins over FORCE_COLOR", true, map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, false},
		{"dumb terminal", true, map[string]string{"TERM": "dumb"}, false},
		{"forced", false, map[string]string{"FORCE_COLOR": "1"}, true},
	} {
		term := setup(t)
		term.state.StdoutTTY = c.tty
		for k, v := range c.env {
			term.state.Env[k] = v
		}
		if got := strings.Contains(term.run(cli.ExitOK, "compile"), "\x1b["); got != c.want {
			t.Errorf("%s: colour %v, want %v", c.name, got, c.want)
		}
	}
}
