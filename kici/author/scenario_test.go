package author_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/kici/kicitest/scenario"
)

// TestScenarios runs every pair through RunLocal, in children of the test
// binary and in this process: both must agree with the pair, and so with each
// other.
func TestScenarios(t *testing.T) {
	t.Parallel()
	pairs, err := scenario.All("../kicitest/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pairs {
		for _, way := range []string{"children", "in-process"} {
			if way == "in-process" && suicidal(p.Name) || !p.For("embedded") {
				continue
			}
			t.Run(p.Name+"/"+way, func(t *testing.T) {
				t.Parallel()
				s := &pairRun{T: t, pair: p, logs: map[string]*bytes.Buffer{}, inProcess: way == "in-process"}
				s.run()
				p.Check(t, s.outcome())
			})
		}
	}
}

// suicidal scenarios end the process that runs them.
func suicidal(name string) bool {
	return strings.HasSuffix(name, "kills_its_parent")
}

// pairRun is one way through one pair.
type pairRun struct {
	*testing.T
	pair      scenario.Pair
	repo      string
	inProcess bool

	exit   int
	result *author.RunResult
	err    error

	mu   sync.Mutex // guards what the observer fills
	logs map[string]*bytes.Buffer
	all  bytes.Buffer
}

func (s *pairRun) run() {
	s.Helper()
	s.repo = s.pair.Repository(s)
	o := author.RunOptions{Dir: s.repo}
	for k, v := range s.pair.Environ(s, os.Getenv("PATH")) {
		o.Environ = append(o.Environ, k+"="+v)
	}
	s.flags(&o, s.pair.Args())
	if s.inProcess {
		o.Runner = runner.InProcess(workflow.New(workflow.Options{}))
	}
	s.result, s.err = author.RunLocal(context.Background(), o, s.observe)
	var usage *author.RunUsageError
	switch {
	case errors.As(s.err, &usage):
		s.exit = 2
	case s.err != nil:
		s.exit = 1
	default:
		s.exit = s.result.Class.ExitCode()
	}
}

// flags reads the command line of a pair.
func (s *pairRun) flags(o *author.RunOptions, args []string) {
	s.Helper()
	for i := 0; i < len(args); i++ {
		value := func() string {
			i++
			if i >= len(args) {
				s.Fatalf("%s needs a value", args[i-1])
			}
			return args[i]
		}
		switch args[i] {
		case "--workflow":
			o.Workflow = value()
		case "--job":
			o.Job = value()
		case "--branch":
			o.Branch = value()
		case "--sha":
			o.SHA = value()
		case "--payload":
			data, err := os.ReadFile(filepath.Join(s.repo, value()))
			s.must(err)
			o.Payload = data
		case "--files":
			o.Files = append(o.Files, value())
		case "--env":
			o.Env = append(o.Env, value())
		case "--secret":
			o.Secrets = append(o.Secrets, value())
		case "--context":
			o.Contexts = append(o.Contexts, value())
		case "--concurrency":
			n, err := strconv.Atoi(value())
			s.must(err)
			o.Concurrency = n
		case "--keep-going":
			o.KeepGoing = true
		case "--in-place":
			o.InPlace = true
		case "--follow-events":
			o.FollowEvents = true
		case "--debug":
			o.Debug = true
		case "--keep":
			o.Keep = true
		default:
			if strings.HasPrefix(args[i], "-") || o.Event != "" {
				s.Skipf("argument %q belongs to the command", args[i])
			}
			o.Event = args[i]
		}
	}
}

func (s *pairRun) observe(e author.RunEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	say := func(job string, p []byte) {
		if s.logs[job] == nil {
			s.logs[job] = &bytes.Buffer{}
		}
		if s.logs[job].Len() < 16<<20 {
			s.logs[job].Write(p)
			s.all.Write(p)
		}
	}
	switch e := e.(type) {
	case author.RunOutput:
		say(e.Job, e.Data)
	case author.RunNotice:
		s.all.WriteString(e.Text + "\n")
	case author.RunEmitted:
		say(e.Job, []byte("emitted "+e.Emission.Name+"\n"))
	}
}

// outcome puts the result into the words of the pair.
func (s *pairRun) outcome() scenario.Outcome {
	s.Helper()
	o := scenario.Outcome{
		Repo: s.repo, Exit: s.exit, Workflows: map[string]string{}, Logs: map[string]string{},
		Output: s.all.String(), Told: s.told(), Shared: s.inProcess,
	}
	for job, log := range s.logs {
		o.Logs[job] = log.String()
	}
	if s.result == nil {
		return o
	}
	for _, wf := range s.result.Workflows {
		o.Workflows[wf.Name] = string(wf.Status)
		for _, j := range wf.Jobs {
			o.Jobs = append(o.Jobs, pairJob(j))
		}
	}
	return o
}

func pairJob(j author.RunJobResult) scenario.Job {
	out := scenario.Job{Name: j.Name, Status: string(j.Status), Errors: j.Reason}
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

// told is everything that a caller gets to see.
func (s *pairRun) told() string {
	encoded, err := json.Marshal(s.shown())
	s.must(err)
	text := s.all.String() + string(encoded)
	if s.result != nil && s.result.Compile != nil && s.result.Compile.Err() != nil {
		text += s.result.Compile.Err().Error()
	}
	if s.err != nil {
		text += s.err.Error()
		var usage *author.RunUsageError
		if errors.As(s.err, &usage) {
			text += usage.Hint
		}
	}
	return text
}

// shown is the result without the author's own source in it.
func (s *pairRun) shown() []author.RunWorkflowResult {
	if s.result == nil {
		return nil
	}
	bare := func(f *author.RunFailure) *author.RunFailure {
		if f == nil {
			return nil
		}
		out := *f
		out.Frame = ""
		return &out
	}
	var all []author.RunWorkflowResult
	for _, w := range s.result.Workflows {
		w.Failure = bare(w.Failure)
		w.Jobs = slices.Clone(w.Jobs)
		for i := range w.Jobs {
			j := &w.Jobs[i]
			j.Failure, j.Rows = bare(j.Failure), slices.Clone(j.Rows)
			for k := range j.Rows {
				j.Rows[k].Failure = bare(j.Rows[k].Failure)
			}
		}
		all = append(all, w)
	}
	return all
}

func (s *pairRun) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
