package author

import (
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

func TestDocs(t *testing.T) {
	t.Parallel()
	term := setup(t)
	if out := term.run(cli.ExitOK, "docs"); out != docsURL+"\n" || len(term.programs) != 0 {
		t.Errorf("without a terminal nothing is opened: %q %q", out, term.programs)
	}
	full := term.run(cli.ExitOK, "docs", "llm")
	contains(t, full, "# KiCI\n", "# Getting started\n", "# Command line\n", "kici run local --fixture push-main", "\n## kici docs llm\n")
	if strings.Contains(full, "<!--") {
		t.Error("the marks of our tests are printed")
	}
	index := term.run(cli.ExitOK, "docs", "llm", "--index")
	contains(t, index, "> KiCI is", "- [Fixtures](https://", "/fixtures.md): events with a name")
	contains(t, term.run(cli.ExitOK, "docs", "llm", "--out", "a/b.md"), "Wrote a/b.md")
	if term.read("a/b.md") != full {
		t.Error("--out wrote something else")
	}
	term.run(cli.ExitFailed, "docs", "llm", "--out", "a/b.md/c")
	term.run(cli.ExitUsage, "docs", "lm")
	contains(t, term.stderr.String(), "did you mean 'llm'?")
}

func TestDocsOpens(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{
		"firefox {url} --new": "firefox " + docsURL + " --new",
		"lynx":                "lynx " + docsURL,
		"none":                "",
	} {
		term := setup(t)
		term.state.StdinTTY, term.state.StdoutTTY = true, true
		delete(term.state.Env, "CI")
		term.state.Env["KICI_BROWSER_CMD"] = command
		term.run(cli.ExitOK, "docs")
		if got := strings.Join(term.programs, "; "); got != want {
			t.Errorf("%s: ran %q, want %q", command, got, want)
		}
		term.programs = nil
		term.run(cli.ExitOK, "docs", "--no-open")
		if len(term.programs) > 0 {
			t.Errorf("--no-open ran %q", term.programs)
		}
	}
}
