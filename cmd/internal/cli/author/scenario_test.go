package author

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/kicitest/scenario"
)

// TestScenarios runs every pair as a user would: the whole command, real git,
// real children, nothing scripted.
func TestScenarios(t *testing.T) {
	t.Parallel()
	pairs, err := scenario.All("../../../../kici/kicitest/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			if !p.For("embedded") {
				t.Skip("not for the embedded runtime")
			}
			p.Check(t, runPair(t, p))
		})
	}
}

func runPair(t *testing.T, p scenario.Pair) scenario.Outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	var res *result
	env := p.Environ(t, os.Getenv("PATH"))
	o := scenario.Outcome{Repo: p.Repository(t), Home: env["HOME"], Workflows: map[string]string{}, Logs: map[string]string{}}
	state := (&cli.State{
		Args: append([]string{"run", "local"}, p.Args()...), Env: env,
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Signals: func() (<-chan os.Signal, func()) { return make(chan os.Signal), func() {} },
		Exec: func(string, []string, io.Writer, io.Writer, string, ...string) error {
			return errors.New("no programs here")
		},
	}).At(o.Repo)
	lib := authorLibrary()
	inner := lib.runLocal
	lib.runLocal = func(ctx context.Context, st *cli.State, f runFlags, live *lines) (_ *result, err error) {
		res, err = inner(ctx, st, f, live)
		return res, err
	}
	o.Exit = run(state, lib)
	o.Output = stdout.String()
	encoded, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	o.Told = o.Output + stderr.String() + string(encoded)
	if res == nil {
		return o
	}
	for _, wf := range res.Workflows {
		o.Workflows[wf.Name] = word(wf.Status)
		for _, j := range wf.Jobs {
			o.Jobs = append(o.Jobs, pairJob(j))
			o.Logs[j.Name] = outputOf(o.Output, j.Name)
		}
	}
	return o
}

func pairJob(j jobResult) scenario.Job {
	out := scenario.Job{Name: j.Name, Status: word(j.Status), Errors: j.Error + "\n" + j.Reason}
	for _, st := range j.Steps {
		out.Steps = append(out.Steps, st.Name+"="+word(st.Status))
		out.Errors += "\n" + st.Error
		if st.Failure != nil && out.At == "" {
			out.At = filepath.Base(st.Failure.File) + ":" + strconv.Itoa(st.Failure.Line)
		}
	}
	for _, r := range j.RuleResults {
		out.Rules = append(out.Rules, r.Label+"="+strconv.FormatBool(r.Passed))
	}
	return out
}

// outputOf are the lines of a job, without the prefix.
func outputOf(out, job string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		if text, ok := strings.CutPrefix(line, "["+job+"] "); ok {
			b.WriteString(text)
		}
	}
	return b.String()
}

// word is a status as expect.json spells it.
func word(status string) string {
	if status == failed {
		return "failed"
	}
	return status
}
