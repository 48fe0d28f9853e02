package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kici-dev/kici-go/kici/author"
)

// Transcript listens to a run of the library and puts its outcome into the
// words of a pair. The zero value is ready.
type Transcript struct {
	mu   sync.Mutex // guards what follows
	logs map[string]*strings.Builder
	all  strings.Builder
}

// most bounds what is kept of a job's output.
const most = 16 << 20

// Observe is an author.Observer.
func (t *Transcript) Observe(e author.RunEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := e.(type) {
	case author.RunOutput:
		t.say(e.Job, string(e.Data))
	case author.RunNotice:
		t.all.WriteString(e.Text + "\n")
	case author.RunEmitted:
		t.say(e.Job, "emitted "+e.Emission.Name+"\n")
	}
}

func (t *Transcript) say(job, text string) {
	if t.logs == nil {
		t.logs = map[string]*strings.Builder{}
	}
	if t.logs[job] == nil {
		t.logs[job] = &strings.Builder{}
	}
	if t.logs[job].Len() < most {
		t.logs[job].WriteString(text)
		t.all.WriteString(text)
	}
}

// Outcome is that of a run which ended with this result and error.
func (t *Transcript) Outcome(result *author.RunResult, err error) Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	o := Outcome{Exit: exitCode(result, err), Workflows: map[string]string{}, Logs: map[string]string{}, Output: t.all.String()}
	o.Told = o.Output + told(result, err)
	for job, log := range t.logs {
		o.Logs[job] = log.String()
	}
	if result == nil {
		return o
	}
	for _, w := range result.Workflows {
		o.Workflows[w.Name] = string(w.Status)
		for _, j := range w.Jobs {
			o.Jobs = append(o.Jobs, jobOf(j))
		}
	}
	return o
}

func exitCode(result *author.RunResult, err error) int {
	var usage *author.RunUsageError
	switch {
	case errors.As(err, &usage):
		return 2
	case err != nil:
		return 1
	}
	return result.Class.ExitCode()
}

func jobOf(j author.RunJobResult) Job {
	out := Job{Name: j.Name, Status: string(j.Status), Errors: j.Reason}
	for _, r := range j.Rows {
		if r.Kind == author.RunRowStep || r.Status != author.RunSuccess {
			out.Steps = append(out.Steps, r.Name+"="+string(r.Status))
		}
		if r.Failure != nil {
			out.Errors += "\n" + r.Failure.Message
			if out.At == "" {
				out.At = fmt.Sprintf("%s:%d", filepath.Base(r.Failure.File), r.Failure.Line)
			}
		}
	}
	for _, r := range j.Rules {
		out.Rules = append(out.Rules, r.Label+"="+strconv.FormatBool(r.Passed))
	}
	return out
}

// told is everything beside the output that a caller gets to see, without the
// author's own source.
func told(result *author.RunResult, err error) string {
	var b strings.Builder
	if result != nil {
		encoded, jsonErr := json.Marshal(shown(result.Workflows))
		if jsonErr != nil {
			b.WriteString(jsonErr.Error())
		}
		b.Write(encoded)
		if result.Compile != nil && result.Compile.Err() != nil {
			b.WriteString(result.Compile.Err().Error())
		}
	}
	if err != nil {
		b.WriteString(err.Error())
		var usage *author.RunUsageError
		if errors.As(err, &usage) {
			b.WriteString(usage.Hint)
		}
	}
	return b.String()
}

func shown(workflows []author.RunWorkflowResult) []author.RunWorkflowResult {
	all := slices.Clone(workflows)
	for i := range all {
		w := &all[i]
		w.Failure = bare(w.Failure)
		w.Jobs = slices.Clone(w.Jobs)
		for k := range w.Jobs {
			j := &w.Jobs[k]
			j.Failure, j.Rows = bare(j.Failure), slices.Clone(j.Rows)
			for n := range j.Rows {
				j.Rows[n].Failure = bare(j.Rows[n].Failure)
			}
		}
	}
	return all
}

func bare(f *author.RunFailure) *author.RunFailure {
	if f == nil {
		return nil
	}
	out := *f
	out.Frame = ""
	return &out
}
