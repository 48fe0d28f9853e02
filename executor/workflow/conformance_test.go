package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/bundle"
	"github.com/kici-dev/kici-go/executor/node"
	"github.com/kici-dev/kici-go/executor/workflow"
)

// TestConformance runs every file of testdata/conformance on both runtimes.
// They must agree in everything an author can see: statuses, outputs, the log
// in its order, and the place and words of a failure. What a file says about
// itself in its last comment ("expect: failed") keeps both from being wrong in
// the same way.
func TestConformance(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/conformance/*.ts")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	engine := workflow.New(workflow.Options{})
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ts"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, expected := expectations(string(text))
			check := func(runtime executor.RuntimeName) string {
				got := play(t, engine, file, runtime).String()
				for _, e := range append(expected, "status "+want) {
					if !strings.Contains(got, e) {
						t.Errorf("%s lacks %q\n%s", runtime, e, got)
					}
				}
				if strings.Contains(string(text), "\n// compare: status") {
					_, got, _ = strings.Cut(got, "\nstatus ")
					got, _, _ = strings.Cut(got, "\n")
				}
				return got
			}
			if strings.Contains(string(text), "\n// only: node") {
				needNode(t)
				check(executor.Node)
				return
			}
			embedded := check(executor.Embedded)
			needNode(t)
			if diff := cmp.Diff(embedded, check(executor.Node)); diff != "" {
				t.Errorf("Node differs (-embedded +node):\n%s", diff)
			}
		})
	}
}

func needNode(t testing.TB) {
	t.Helper()
	if _, err := node.Find(os.Environ()); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// expectations are the comments at the end of a file: "// expect: failed" and
// "// says: text" for what the transcript holds.
func expectations(text string) (status string, says []string) {
	status = "success"
	for line := range strings.SplitSeq(text, "\n") {
		if s, ok := strings.CutPrefix(line, "// expect: "); ok {
			status = s
		}
		if s, ok := strings.CutPrefix(line, "// says: "); ok {
			says = append(says, s)
		}
	}
	return status, says
}

func program(t testing.TB, file string, runtime executor.RuntimeName) (*executor.Program, string) {
	t.Helper()
	abs, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(abs)
	built, err := bundle.Build(context.Background(), bundle.Options{Root: root, Entries: []string{abs}})
	if err != nil || built.HasErrors() {
		t.Fatal(err, built)
	}
	p := built.Programs[0]
	return &executor.Program{Entry: p.Entry, Code: p.Code, Map: p.Map, Hash: p.Hash, Runtime: runtime}, root
}

func play(t testing.TB, engine *workflow.Engine, file string, runtime executor.RuntimeName) *transcript {
	t.Helper()
	p, root := program(t, file, runtime)
	dir := t.TempDir()
	h := &transcript{dir: dir}
	job := &executor.Job{
		Kind: executor.KindJob, Run: "r", Workflow: "w", Name: "job", Base: "job", Origin: executor.Origin{Export: "#default"},
		Event: json.RawMessage(`{"type":"push","payload":{"ref":"refs/heads/main"},"targetBranch":"main"}`),
		Dir:   dir, Source: root, System: os.Environ(), Meta: map[string]string{"KICI_RUN_ID": "r"},
		Variables: map[string]string{"ORG": "acme"},
		Secrets:   []executor.Secret{{Key: "TOKEN", Value: "s3cr3t-value", Backend: "file", Scope: "org"}, {Key: "PEM", Value: "line1\nline2"}},
		Needs:     []string{"build"}, Upstream: map[string]json.RawMessage{"build": json.RawMessage(`{"image":"app:1"}`)},
		Cookie: fmt.Sprintf("conformance%d%p", time.Now().UnixNano(), h), Program: p,
		Limits: executor.Limits{Grace: time.Second},
	}
	h.result = engine.Run(context.Background(), executor.Task{Job: job, Host: h})
	return h
}

// transcript is a Host that writes down what an author sees.
type transcript struct {
	dir    string
	result *executor.Result

	mu   sync.Mutex // guards what follows
	text strings.Builder
	last string // where the last output went
}

func (h *transcript) line(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != "" && !strings.HasSuffix(h.text.String(), "\n") {
		h.text.WriteString("\n")
	}
	h.last = ""
	fmt.Fprintf(&h.text, format+"\n", args...)
}

func (h *transcript) Begin(r executor.Row) {
	h.line("begin %d %s %s:%d", r.Index, r.Name, r.File, r.Line)
}

func (h *transcript) Log(row int, stream executor.Stream, p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := fmt.Sprintf("%d.%d ", row, stream)
	for _, l := range strings.SplitAfter(string(p), "\n") {
		if l == "" {
			continue
		}
		if h.last != at || strings.HasSuffix(h.text.String(), "\n") {
			h.text.WriteString(at)
		}
		h.text.WriteString(l)
		h.last = at
	}
}

func (h *transcript) Rule(row int, r executor.RuleResult) {
	h.line("rule %d %s %v %s", row, r.Label, r.Passed, r.Error)
}

func (h *transcript) End(r executor.RowResult) {
	h.line("end %d %s %s %s", r.Index, r.Name, r.Status, r.Outputs)
	if f := r.Failure; f != nil {
		exit := "-"
		if f.Exit != nil {
			exit = fmt.Sprint(*f.Exit)
		}
		h.line("failure %s %s: %s\nat %s:%d:%d exit %s %s", f.Kind, f.Name, f.Message, f.File, f.Line, f.Column, exit, f.Signal)
	}
}

func (h *transcript) Emit(_ context.Context, e executor.Emission) (string, error) {
	h.line("emit %s %s %s", e.Name, e.Payload, e.Target)
	return "delivery-1", nil
}
func (h *transcript) Reveal(values []string) { h.line("reveal %q", values) }
func (h *transcript) Secrets(_ context.Context, env string) ([]executor.Secret, error) {
	h.line("secrets of %s", env)
	return []executor.Secret{{Key: "DEPLOY", Value: "for-" + env}}, nil
}
func (h *transcript) RestoreCache(_ context.Context, _ string, c executor.Cache) (executor.CacheHit, error) {
	h.line("restore %s", c.Key)
	return executor.CacheHit{Hit: c.Key == "warm", MatchedKey: c.Key}, nil
}
func (h *transcript) SaveCache(_ context.Context, _ string, c executor.Cache) error {
	h.line("save %s", c.Key)
	return nil
}

// String leaves out what is different at every run.
func (h *transcript) String() string {
	text := h.text.String()
	r := h.result
	text += fmt.Sprintf("\nstatus %s %s\noutputs %s\nenvironment %s\nread %v published %v\n", r.Status, r.Reason, r.Outputs, r.Environment, r.SecretsRead, r.Secrets)
	if r.Failure != nil {
		text += "failure " + r.Failure.Message + "\n" + r.Failure.Frame
	}
	text = strings.ReplaceAll(text, h.dir, "DIR")
	text = regexp.MustCompile(`\d+ ms and \d+ attempts`).ReplaceAllString(text, "N ms")
	text = regexp.MustCompile(`/tmp/[^\s"']*kici-job-\d+`).ReplaceAllString(text, "TMP")
	return text
}
