package author

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// sample is a run with every outcome in it.
func sample() *result {
	r := &result{Workflows: []workflowResult{
		{Name: "ci", Status: failed, DurationMs: 1234, Jobs: []jobResult{
			{Name: "lint", Status: succeeded, DurationMs: 100, Steps: []stepResult{{Name: "eslint", Status: succeeded, DurationMs: 99}}},
			{
				Name: "test (22, linux)", Status: failed, DurationMs: 900, MatrixValues: map[string]string{"node": "22", "os": "linux"},
				Steps: []stepResult{
					{Name: "install", Status: succeeded, DurationMs: 5},
					{Name: "unit", Status: failed, DurationMs: 890, Error: "exit code: 3", Failure: &stepFailure{
						File: ".kici/workflows/ci.ts", Line: 4, Column: 5, Command: "npm test -- --filter 'a b'", Output: "1) adds\n\x1b[31mexpected 2\x1b[0m\n",
					}},
				},
			},
			{Name: "docs", Status: skipped, RuleResults: []ruleResult{{Label: "touches docs", Passed: false}}, Reason: "rule: touches docs"},
			{Name: "deploy", Status: skipped, Reason: "dependency failed"},
			{Name: "slow", Status: cancelled, DurationMs: 50},
		}},
		{Name: "hello", Status: succeeded, DurationMs: 12, Jobs: []jobResult{{Name: "greet", Status: succeeded, DurationMs: 12, Steps: []stepResult{{Name: "hi", Status: succeeded, DurationMs: 12}}}}},
	}}
	r.Summary = summarise(r.Workflows)
	return r
}

func running(t *testing.T) *terminal {
	term := setup(t)
	term.write(".kici/workflows/ci.ts", "line one\nline two\nline three\n    await $`npm test`;\n  });\n")
	term.lib.runLocal = func(_ context.Context, _ *cli.State, _ runFlags, live *lines) (*result, error) {
		live.say("Running workflow: ci")
		live.tell("lint", "Starting...")
		live.tell("test (22, linux)", "-> unit")
		live.output("lint", []byte("half a "))
		live.output("test (22, linux)", []byte("one\r\ntwo\n10%\r50%\r100%\nthr"))
		live.output("lint", []byte("line\n"))
		live.tell("test (22, linux)", "✗ unit: exit code: 3")
		live.output("lint", []byte("no line end"))
		return sample(), nil
	}
	return term
}

func TestRunLocalPlain(t *testing.T) {
	t.Parallel()
	term := running(t)
	out := term.run(cli.ExitFailed, "run", "local", "push", "--branch", "main", "--env", "TOKEN=secret")
	golden(t, "run-local", out)
	if strings.Contains(out, "TOKEN=secret") {
		t.Error("a value given as --env is printed")
	}
}

func TestRunLocalQuiet(t *testing.T) {
	t.Parallel()
	out := running(t).run(cli.ExitFailed, "run", "local", "push", "--quiet")
	contains(t, out, "Status: FAILED", "Workflow: hello (12ms)")
	nothing := setup(t)
	contains(t, nothing.run(cli.ExitOK, "run", "local", "push", "--quiet"), "No workflow matches this event.")
	if strings.Contains(out, "Starting") || strings.Contains(out, "[lint] half") {
		t.Errorf("--quiet streams:\n%s", out)
	}
}

func TestRunLocalJSON(t *testing.T) {
	t.Parallel()
	term := running(t)
	out := term.run(cli.ExitFailed, "run", "local", "push", "--json")
	var got result
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatalf("stdout is not the result alone: %v\n%s", err, out)
	}
	if got.Summary != (summaryResult{TotalWorkflows: 2, Passed: 1, Failed: 1, TotalDurationMs: 1246}) {
		t.Errorf("summary %+v", got.Summary)
	}
	golden(t, "run-local-json", out)
	term.lib.runLocal = func(context.Context, *cli.State, runFlags, *lines) (*result, error) { return &result{}, nil }
	if out := term.run(cli.ExitOK, "run", "local", "push", "--json"); !json.Valid([]byte(out)) || !strings.Contains(out, `"totalWorkflows": 0`) {
		t.Errorf("a run that matches nothing prints an empty result, got %q", out)
	}
}

func TestRunLocalJUnit(t *testing.T) {
	t.Parallel()
	term := running(t)
	term.run(cli.ExitFailed, "run", "local", "push", "--json", "--junit", "out/results.xml")
	text := term.read("out/results.xml")
	golden(t, "run-local-junit", text)
	var suites junitSuites
	if err := xml.Unmarshal([]byte(text), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 6 || suites.Failures != 1 || len(suites.Suites) != 2 {
		t.Errorf("got %d tests, %d failures, %d suites", suites.Tests, suites.Failures, len(suites.Suites))
	}
	term.run(cli.ExitFailed, "run", "local", "push", "--junit", ".kici/workflows/ci.ts/impossible.xml")
	contains(t, term.stderr.String(), "error: ")
}

// TestJUnitOfOddTexts: whatever tools print and authors name things, the report
// is XML.
func TestJUnitOfOddTexts(t *testing.T) {
	t.Parallel()
	odd := "a\x00b\x1b[31mc\x1b]0;t\x07d\xff\x7f\r\n\te <&\"'> \ufffe\u2028]]>"
	r := result{Workflows: []workflowResult{{Name: odd, Status: failed, Jobs: []jobResult{{Name: odd, Status: failed, Error: odd}}}}}
	var out bytes.Buffer
	if err := writeJUnit(&out, r); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if text := got.Suites[0].Cases[0].Failure.Text; text != "abcd\ufffd\n  e <&\"'> \ufffd]]>" {
		t.Errorf("got %q", text)
	}
	if strings.ContainsFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f }) {
		t.Errorf("there are control characters: %q", &out)
	}
}

func TestRunLocalExitCodes(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		cli.ExitInterrupted: cli.ErrInterrupted,
		cli.ExitUsage:       &cli.UsageError{Message: "unknown event"},
		cli.ExitFailed:      fmt.Errorf("no git"),
	} {
		term := setup(t)
		term.lib.runLocal = func(context.Context, *cli.State, runFlags, *lines) (*result, error) { return nil, err }
		term.run(want, "run", "local", "push")
	}
}

// TestLinesKeepJobsApart lets eight jobs write in pieces at once: every line
// arrives whole, behind its own name, in its own order.
func TestLinesKeepJobsApart(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := newLines(&out, cli.Style{}, false)
	var jobs sync.WaitGroup
	for j := range 8 {
		jobs.Go(func() {
			name := fmt.Sprint("j", j)
			for i := range 200 {
				text := fmt.Sprintf("%s line %d\n", name, i)
				l.output(name, []byte(text[:4]))
				l.output(name, []byte(text[4:]))
			}
		})
	}
	jobs.Wait()
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	next := map[string]int{}
	for line := range strings.Lines(out.String()) {
		var prefix, name string
		var n int
		if _, err := fmt.Sscanf(line, "%s %s line %d", &prefix, &name, &n); err != nil || prefix != "["+name+"]" || n != next[name] {
			t.Fatalf("line %q: want number %d behind its own name (%v)", line, next[name], err)
		}
		next[name]++
	}
	if len(next) != 8 || next["j7"] != 200 {
		t.Errorf("lines were lost: %v", next)
	}
}

func BenchmarkLines(b *testing.B) {
	block := bytes.Repeat([]byte(strings.Repeat("x", 79)+"\n"), 400)
	b.SetBytes(int64(len(block)))
	l := newLines(new(discard), cli.Style{}, false)
	for b.Loop() {
		l.output("job", block)
	}
}

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }

func TestFrame(t *testing.T) {
	t.Parallel()
	term := setup(t)
	term.write("a.ts", "one\n\ttwo\nthree\nfour\n\nsix"+strings.Repeat("x", 400)+"\n")
	for name, p := range map[string]place{
		"frame-tab":   {File: "a.ts", Path: "a.ts", Line: 2, Column: 3},
		"frame-first": {File: "a.ts", Path: "a.ts", Line: 1, Column: 1},
		"frame-long":  {File: "a.ts", Path: "a.ts", Line: 6, Column: 300},
		"frame-gone":  {File: "b.ts", Path: "b.ts", Line: 7, Column: 2, LineText: "kept"},
	} {
		golden(t, name, frame(term.state.Disk, cli.Style{}, p))
	}
	for _, p := range []place{{}, {File: "a.ts", Path: "a.ts"}, {File: "a.ts", Path: "a.ts", Line: 99, Column: 1}, {Path: "nope", Line: 1}} {
		if got := frame(term.state.Disk, cli.Style{}, p); got != "" {
			t.Errorf("%+v: drew %q", p, got)
		}
	}
}
