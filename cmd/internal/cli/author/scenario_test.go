package author

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// scenarios is the folder whose README tells what the pairs mean.
const scenarios = "../../../../kici/kicitest/testdata/scenarios"

type expectation struct {
	Args     *[]string          `json:"args"`
	Env      map[string]string  `json:"env"`
	Change   map[string]*string `json:"change"`
	Chmod    map[string]string  `json:"chmod"`
	Symlink  map[string]string  `json:"symlink"`
	Runtimes []string           `json:"runtimes"`

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

// TestScenarios runs every pair as a user would: the whole command, real git,
// real children, nothing scripted.
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
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			s := &scenario{T: t, from: filepath.Join(scenarios, e.Name())}
			s.load()
			s.prepare()
			s.run()
			s.check()
		})
	}
}

type scenario struct {
	*testing.T
	from string // folder of the pair
	repo string
	want expectation

	exit           int
	stdout, stderr bytes.Buffer
	result         *result
}

func (s *scenario) load() {
	s.Helper()
	data, err := os.ReadFile(filepath.Join(s.from, "expect.json"))
	if err != nil {
		s.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s.want); err != nil {
		s.Fatalf("expect.json: %v", err)
	}
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
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": s.TempDir(), "TMPDIR": s.TempDir(), "KICI_RUN_DIR": s.TempDir(),
		"XDG_RUNTIME_DIR": s.TempDir(), "XDG_CACHE_HOME": s.TempDir(), "LANG": "C.UTF-8",
	}
	for k, v := range s.want.Env {
		env[k] = v
	}
	args := []string{"push"}
	if s.want.Args != nil {
		args = *s.want.Args
	}
	state := (&cli.State{
		Args: append([]string{"run", "local"}, args...), Env: env,
		Stdin: strings.NewReader(""), Stdout: &s.stdout, Stderr: &s.stderr,
		Signals: func() (<-chan os.Signal, func()) { return make(chan os.Signal), func() {} },
		Exec: func(string, []string, io.Writer, io.Writer, string, ...string) error {
			return errors.New("no programs here")
		},
	}).At(s.repo)
	lib := authorLibrary()
	inner := lib.runLocal
	lib.runLocal = func(ctx context.Context, st *cli.State, o runFlags, live *lines) (*result, error) {
		res, err := inner(ctx, st, o, live)
		s.result = res
		return res, err
	}
	s.exit = run(state, lib)
}

func (s *scenario) check() {
	s.Helper()
	w := s.want
	if s.exit != w.Exit {
		s.Errorf("exit %d, want %d", s.exit, w.Exit)
	}
	workflows, jobs := map[string]string{}, map[string]string{}
	if s.result != nil {
		for _, wf := range s.result.Workflows {
			workflows[wf.Name] = word(wf.Status)
			for _, j := range wf.Jobs {
				jobs[j.Name] = word(j.Status)
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
		s.Logf("stdout:\n%s\nstderr:\n%s", tail(s.stdout.String()), tail(s.stderr.String()))
	}
}

func (s *scenario) checkJob(j jobResult) {
	s.Helper()
	var steps, rules []string
	errs := j.Error + "\n" + j.Reason
	at := ""
	for _, st := range j.Steps {
		steps = append(steps, st.Name+"="+word(st.Status))
		errs += "\n" + st.Error
		if st.Failure != nil && at == "" {
			at = filepath.Base(st.Failure.File) + ":" + strconv.Itoa(st.Failure.Line)
		}
	}
	for _, r := range j.RuleResults {
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

func (s *scenario) checkTexts() {
	s.Helper()
	out := s.stdout.String()
	whole := out + s.stderr.String()
	encoded, err := json.Marshal(s.result)
	s.must(err)
	for job, wants := range s.want.Log {
		s.sequence("output of "+job, outputOf(out, job), wants)
	}
	s.sequence("output", out, s.want.Order)
	for _, never := range s.want.Never {
		if strings.Contains(whole, never) || strings.Contains(string(encoded), never) {
			s.Errorf("%q is told", never)
		}
	}
	for _, want := range s.want.Stderr {
		if !strings.Contains(whole, want) {
			s.Errorf("the errors do not mention %q", want)
		}
	}
	if want, ok := s.want.Error["*"]; ok && !strings.Contains(whole+string(encoded), want) {
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
	for _, command := range s.want.Processes {
		if out, err := exec.Command("pgrep", "-f", "^"+command).Output(); err == nil {
			s.Errorf("%q is still running: %s", command, out)
		}
	}
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

func tail(text string) string {
	const most = 4000
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
