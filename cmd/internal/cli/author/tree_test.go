package author

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/cmd/internal/cli/terminaltest"
)

// watched is a tree on a terminal, with a clock that stands still.
func watched(width, height int) (*tree, *terminaltest.Terminal, *time.Time) {
	term := terminaltest.New(width, height)
	now := time.Unix(0, 0)
	screen := cli.NewScreen(term, func() (int, int, bool) { return term.Width(), term.Height(), true })
	return newTree(cli.Style{}, screen, func() time.Time { return now }), term, &now
}

func TestTree(t *testing.T) {
	t.Parallel()
	tr, term, now := watched(60, 12)
	show := func(name string) {
		t.Helper()
		golden(t, "tree-"+name, term.Text()+"\n")
	}
	tr.say("\nRunning workflow: ci")
	tr.workflow(4)
	tr.jobStarted("lint")
	tr.jobStarted("unit (22, linux)")
	tr.jobStarted("__x__")
	*now = now.Add(1500 * time.Millisecond)
	tr.stepStarted("lint", "eslint")
	tr.stepStarted("unit (22, linux)", "vitest")
	tr.output("lint", []byte("checking a.ts\nchecking b.t"))
	tr.output("unit (22, linux)", []byte("10%\r\x1b[32m50%\x1b[0m\r99%\n\n  \n"))
	tr.output("nobody", []byte("x"))
	tr.tick()
	show("running")
	term.Resize(24, 12)
	tr.tick()
	show("narrow")
	term.Resize(60, 3)
	tr.tick()
	show("low")
	term.Resize(60, 12)
	tr.jobEnded("lint", "✓ lint 1.5s", false, true)
	for i := range 20 {
		tr.output("unit (22, linux)", fmt.Appendf(nil, "line %d\n", i))
	}
	tr.jobEnded("unit (22, linux)", "✗ unit (22, linux) exit code: 1", true, true)
	*now = now.Add(100 * time.Minute)
	tr.tick()
	show("ended")
	if err := tr.close(); err != nil {
		t.Fatal(err)
	}
	show("closed")
}

// TestTreeSurvivesFloods lets jobs write megabytes at once while the picture is
// drawn, in pieces that end anywhere.
func TestTreeSurvivesFloods(t *testing.T) {
	t.Parallel()
	tr, term, _ := watched(50, 10)
	tr.start()
	var jobs sync.WaitGroup
	for j := range 20 {
		jobs.Go(func() {
			name := fmt.Sprint("job-", j)
			tr.jobStarted(name)
			line := []byte(strings.Repeat("日\x1b[3", 3000))
			for i := range 100 {
				tr.output(name, line[i:])
			}
			tr.output(name, []byte("\nlast words\n"))
			tr.jobEnded(name, "✗ "+name, true, true)
		})
	}
	jobs.Wait()
	if err := tr.close(); err != nil {
		t.Fatal(err)
	}
	history := term.History()
	for j := range 20 {
		if n := strings.Count(history, fmt.Sprintf("✗ job-%d\n", j)); n != 1 {
			t.Errorf("job-%d is there %d times", j, n)
		}
	}
	if n := strings.Count(history, "│ last words"); n != 20 {
		t.Errorf("%d jobs show the end of their output", n)
	}
}

func TestElapsed(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0.0s", 1234 * time.Millisecond: "1.2s", 99 * time.Second: "99.0s", 100 * time.Second: "1m40s", 99*time.Minute + 59*time.Second: "99m59s", 26 * time.Hour: "26h00m",
	} {
		if got := elapsed(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestWantsTree(t *testing.T) {
	t.Parallel()
	terminal := func(env ...string) *app {
		s := &cli.State{StdoutTTY: true, Size: func() (int, int, bool) { return 80, 24, true }, Env: map[string]string{"TERM": "xterm"}}
		for i := 0; i < len(env); i += 2 {
			s.Env[env[i]] = env[i+1]
		}
		return &app{State: s}
	}
	if !terminal().wantsTree(runFlags{}) {
		t.Error("a terminal gets the tree")
	}
	for _, o := range []runFlags{{JSON: true}, {Quiet: true}, {Debug: true}} {
		if terminal().wantsTree(o) {
			t.Errorf("%+v gets lines", o)
		}
	}
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb", "CI=true", "KICI_DEBUG=true"} {
		k, v, _ := strings.Cut(env, "=")
		if terminal(k, v).wantsTree(runFlags{}) {
			t.Errorf("%s gets lines", env)
		}
	}
	piped := terminal()
	piped.StdoutTTY = false
	if piped.wantsTree(runFlags{}) {
		t.Error("a pipe gets lines")
	}
}

func BenchmarkTreeOutput(b *testing.B) {
	block := bytes.Repeat([]byte(strings.Repeat("x", 79)+"\n"), 400)
	b.SetBytes(int64(len(block)))
	tr, _, _ := watched(80, 24)
	tr.jobStarted("job")
	for b.Loop() {
		tr.output("job", block)
	}
}
