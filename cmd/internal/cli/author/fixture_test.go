package author

import (
	"encoding/json"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/lockfile/event"
)

func TestFixture(t *testing.T) {
	t.Parallel()
	for url, want := range map[string][2]string{
		"git@github.com:acme/shop.git":       {"acme", "acme/shop"},
		"https://github.com/acme/shop":       {"acme", "acme/shop"},
		"https://gitlab.com/acme/other.git":  {"", ""},
		"ssh://git@github.com/acme/shop.git": {"acme", "acme/shop"},
	} {
		term := setup(t)
		term.git["git config --get remote.origin.url"] = url
		var got struct {
			Repository struct {
				FullName string `json:"full_name"`
				Owner    struct{ Login string }
			}
		}
		if err := json.Unmarshal([]byte(term.run(cli.ExitOK, "fixture", "push")), &got); err != nil {
			t.Fatal(err)
		}
		if want[1] != "" && (got.Repository.FullName != want[1] || got.Repository.Owner.Login != want[0]) {
			t.Errorf("%s: got %+v", url, got)
		}
	}
}

// TestFixtureOfEveryEvent prints what the help lists, and nothing but JSON.
func TestFixtureOfEveryEvent(t *testing.T) {
	t.Parallel()
	for _, name := range event.Names() {
		out := setup(t).run(cli.ExitOK, "fixture", name)
		var v map[string]any
		if err := json.Unmarshal([]byte(out), &v); err != nil || len(v) == 0 {
			t.Errorf("fixture %s: %v\n%s", name, err, out)
		}
	}
}

func TestFixtureToFile(t *testing.T) {
	t.Parallel()
	term := setup(t)
	contains(t, term.run(cli.ExitOK, "fixture", "pr:open", "--output", "fixtures/pr.json"), "✓ Wrote fixtures/pr.json")
	if text := term.read("fixtures/pr.json"); !json.Valid([]byte(text)) {
		t.Errorf("not JSON: %s", text)
	}
	term.run(cli.ExitUsage, "fixture", "pul_request")
	contains(t, term.stderr.String(), `unknown event "pul_request"`, "hint: ")
	term.run(cli.ExitUsage, "fixture")
	term.write("file", "")
	term.run(cli.ExitFailed, "fixture", "push", "--output", "file/below.json")
}

func TestEventCompletion(t *testing.T) {
	t.Parallel()
	out := setup(t).run(cli.ExitOK, "__complete", "run", "local", "p")
	contains(t, out, "push\n", "pr:opened\n")
}
