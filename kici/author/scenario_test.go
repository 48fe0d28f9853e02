package author_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/executor/runner"
	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici/author"
)

// scenarios is the folder whose README tells what the pairs mean.
const scenarios = "../kicitest/testdata/scenarios"

type expectation struct {
	Args      *[]string           `json:"args"`
	Env       map[string]string   `json:"env"`
	Change    map[string]*string  `json:"change"`
	Chmod     map[string]string   `json:"chmod"`
	Symlink   map[string]string   `json:"symlink"`
	Runtimes  []string            `json:"runtimes"`
	Exit      int                 `json:"exit"`
	Workflows map[string]string   `json:"workflows"`
	Jobs      map[string]string   `json:"jobs"`
	Steps     map[string][]string `json:"steps"`
	Rules     map[string][]string `json:"rules"`
	Log       map[string][]string `json:"log"`
	Order     []string            `json:"order"`
	Never     []string            `json:"never"`
	Error     map[string]string   `json:"error"`
	At        map[string]string   `json:"at"`
	Stderr    []string            `json:"stderr"`
	Tree      map[string]*string  `json:"tree"`
	Processes []string            `json:"processes"`
}

// TestScenarios runs every pair through RunLocal, in children of the test
// binary and in this process: both must agree with the pair, and so with each
// other.
func TestScenarios(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(scenarios)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		for _, way := range []string{"children", "in-process"} {
			if way == "in-process" && suicidal(e.Name()) {
				continue
			}
			t.Run(e.Name()+"/"+way, func(t *testing.T) {
				t.Parallel()
				s := &scenario{T: t, from: filepath.Join(scenarios, e.Name()), logs: map[string]*bytes.Buffer{}, inProcess: way == "in-process"}
				s.load()
				s.prepare()
				s.run()
				s.check()
			})
		}
	}
}

// suicidal scenarios end the process that runs them.
func suicidal(name string) bool {
	return strings.HasSuffix(name, "kills_its_parent")
}

type scenario struct {
	*testing.T
	from, repo, runDir string
	inProcess          bool
	want               expectation

	exit   int
	result *author.RunResult
	err    error

	mu   sync.Mutex // guards what the observer fills
	logs map[string]*bytes.Buffer
	all  bytes.Buffer
}

func (s *scenario) load() {
	s.Helper()
	data, err := os.ReadFile(filepath.Join(s.from, "expect.json"))
	s.must(err)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	s.must(dec.Decode(&s.want))
	if len(s.want.Runtimes) > 0 && !slices.Contains(s.want.Runtimes, "embedded") {
		s.Skip("not for the embedded runtime")
	}
}

// prepare makes the repository: everything committed but the secrets, then the
// changes that are not.
func (s *scenario) prepare() {
	s.Helper()
	s.repo = s.TempDir()
	s.write(".gitignore", ".kici/.secrets\n.kici/.env.local\n.kici/secrets.yaml\n.kici/kici.lock.json\n")
	s.must(filepath.WalkDir(s.from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "expect.json" {
			return err
		}
		rel, err := filepath.Rel(s.from, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if rel == "workflow.ts" {
			rel = ".kici/workflows/workflow.ts"
		}
		s.write(rel, string(data))
		return err
	}))
	s.git("init", "-q", "-b", "main")
	s.git("add", "-A")
	s.git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "first")
	for name, text := range s.want.Change {
		if text == nil {
			s.must(os.Remove(filepath.Join(s.repo, name)))
			continue
		}
		s.write(name, *text)
	}
	for name, mode := range s.want.Chmod {
		bits, err := strconv.ParseUint(mode, 8, 32)
		s.must(err)
		s.must(os.Chmod(filepath.Join(s.repo, name), fs.FileMode(bits)))
	}
	for name, target := range s.want.Symlink {
		s.must(os.Symlink(target, filepath.Join(s.repo, name)))
	}
}

func (s *scenario) run() {
	s.Helper()
	s.runDir = s.TempDir()
	o := author.RunOptions{Dir: s.repo, Environ: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.TempDir(), "TMPDIR=" + s.TempDir(), "KICI_RUN_DIR=" + s.runDir,
		"XDG_RUNTIME_DIR=" + s.TempDir(), "XDG_CACHE_HOME=" + s.TempDir(), "LANG=C.UTF-8",
	}}
	for k, v := range s.want.Env {
		o.Environ = append(o.Environ, k+"="+v)
	}
	args := []string{"push"}
	if s.want.Args != nil {
		args = *s.want.Args
	}
	s.flags(&o, args)
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
func (s *scenario) flags(o *author.RunOptions, args []string) {
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

func (s *scenario) observe(e author.RunEvent) {
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

func (s *scenario) check() {
	s.Helper()
	w := s.want
	if s.exit != w.Exit {
		s.Errorf("exit %d, want %d (%v)", s.exit, w.Exit, s.err)
	}
	workflows, jobs := map[string]string{}, map[string]string{}
	if s.result != nil {
		for _, wf := range s.result.Workflows {
			workflows[wf.Name] = string(wf.Status)
			for _, j := range wf.Jobs {
				jobs[j.Name] = string(j.Status)
				s.checkJob(j)
			}
		}
	}
	if w.Workflows != nil && !cmp.Equal(w.Workflows, workflows) {
		s.Errorf("workflows (-want +got):\n%s", cmp.Diff(w.Workflows, workflows))
	}
	if w.Jobs != nil && !cmp.Equal(w.Jobs, jobs) {
		s.Errorf("jobs (-want +got):\n%s", cmp.Diff(w.Jobs, jobs))
	}
	s.checkTexts()
	s.checkLeftovers()
	if s.Failed() {
		s.Logf("output:\n%s", tail(s.all.String()))
		if s.result != nil {
			for _, wf := range s.result.Workflows {
				s.Logf("workflow %s %s: %s", wf.Name, wf.Status, wf.Reason)
				for _, j := range wf.Jobs {
					s.Logf("job %s %s: %s %+v", j.Name, j.Status, j.Reason, j.Failure)
				}
			}
		}
	}
}

func (s *scenario) checkJob(j author.RunJobResult) {
	s.Helper()
	var steps, rules []string
	errs := j.Reason
	at := ""
	for _, r := range j.Rows {
		if r.Kind == author.RunRowStep || r.Status != author.RunSuccess {
			steps = append(steps, r.Name+"="+string(r.Status))
		}
		if r.Failure != nil {
			errs += "\n" + r.Failure.Message
			if at == "" {
				at = fmt.Sprintf("%s:%d", filepath.Base(r.Failure.File), r.Failure.Line)
			}
		}
	}
	for _, r := range j.Rules {
		rules = append(rules, r.Label+"="+strconv.FormatBool(r.Passed))
	}
	if want, ok := s.want.Steps[j.Name]; ok && !slices.Equal(want, steps) {
		s.Errorf("steps of %s: %q, want %q", j.Name, steps, want)
	}
	if want, ok := s.want.Rules[j.Name]; ok && !slices.Equal(want, rules) {
		s.Errorf("rules of %s: %q, want %q", j.Name, rules, want)
	}
	if want, ok := s.want.Error[j.Name]; ok && !strings.Contains(errs, want) {
		s.Errorf("failure of %s does not say %q:\n%s", j.Name, want, errs)
	}
	if want, ok := s.want.At[j.Name]; ok && want != at {
		s.Errorf("failure of %s is at %q, want %q", j.Name, at, want)
	}
}

// told is everything that a caller gets to see.
func (s *scenario) told() string {
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
func (s *scenario) shown() []author.RunWorkflowResult {
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

func (s *scenario) checkTexts() {
	s.Helper()
	for job, wants := range s.want.Log {
		text := ""
		if b := s.logs[job]; b != nil {
			text = b.String()
		}
		s.sequence("output of "+job, text, wants)
	}
	s.sequence("output", s.all.String(), s.want.Order)
	told := s.told()
	for _, never := range s.want.Never {
		if strings.Contains(told, never) {
			s.Errorf("%q is told", never)
		}
	}
	if want, ok := s.want.Error["*"]; ok && !strings.Contains(told, want) {
		s.Errorf("nothing says %q", want)
	}
}

// sequence wants the texts in this order, each after the one before.
func (s *scenario) sequence(where, text string, wants []string) {
	s.Helper()
	rest := text
	for _, want := range wants {
		i := strings.Index(rest, want)
		if i < 0 {
			s.Errorf("%s lacks %q (in this order: %q):\n%s", where, want, wants, tail(text))
			return
		}
		rest = rest[i+len(want):]
	}
}

func (s *scenario) checkLeftovers() {
	s.Helper()
	for name, want := range s.want.Tree {
		data, err := os.ReadFile(filepath.Join(s.repo, name))
		switch {
		case want == nil && !errors.Is(err, fs.ErrNotExist):
			s.Errorf("%s exists in the author's tree: %v", name, err)
		case want != nil && string(data) != *want:
			s.Errorf("%s of the author's tree: %q %v, want %q", name, data, err, *want)
		}
	}
	if len(s.want.Processes) > 0 && !s.inProcess { // both ways run at once
		for _, command := range s.want.Processes {
			if out, err := exec.Command("pgrep", "-f", "^"+command).Output(); err == nil {
				s.Errorf("%q is still running: %s", command, out)
			}
		}
	}
}

func tail(text string) string {
	const most = 2000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

func (s *scenario) write(name, text string) {
	s.Helper()
	path := filepath.Join(s.repo, name)
	s.must(os.MkdirAll(filepath.Dir(path), 0o755))
	s.must(os.WriteFile(path, []byte(text), 0o644))
}

func (s *scenario) git(args ...string) {
	s.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = s.repo
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

func (s *scenario) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
