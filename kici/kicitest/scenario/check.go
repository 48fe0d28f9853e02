package scenario

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Outcome is what came of running a pair, in the words of expect.json.
type Outcome struct {
	Repo      string // the author's repository
	Exit      int
	Workflows map[string]string // name → status
	Jobs      []Job
	Output    string            // everything the run printed, in order
	Logs      map[string]string // by job, its part of the output
	Told      string            // everything a caller gets to see, the author's source aside
	Home      string            // the run's own HOME, by which its processes are known; empty: not looked for
}

// Job is what became of one job.
type Job struct {
	Name, Status string
	Steps        []string // name=status
	Rules        []string // label=verdict
	Errors       string   // its failure, its reason and those of its steps
	At           string   // file:line of the first failure
}

// Check holds an outcome against the pair.
func (p Pair) Check(t testing.TB, o Outcome) {
	t.Helper()
	c := check{t, p.Expect, o}
	if o.Exit != p.Expect.Exit {
		c.Errorf("exit %d, want %d", o.Exit, p.Expect.Exit)
	}
	jobs := map[string]string{}
	for _, j := range o.Jobs {
		jobs[j.Name] = j.Status
		c.job(j)
	}
	c.statuses("workflows", p.Expect.Workflows, o.Workflows)
	c.statuses("jobs", p.Expect.Jobs, jobs)
	c.texts()
	c.leftovers()
	if c.Failed() {
		c.Logf("told:\n%s", clip(o.Told))
	}
}

type check struct {
	testing.TB
	want Expect
	got  Outcome
}

func (c check) statuses(what string, want, got map[string]string) {
	c.Helper()
	if want != nil && !maps.Equal(want, got) {
		c.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (c check) job(j Job) {
	c.Helper()
	if want, ok := c.want.Steps[j.Name]; ok && !slices.Equal(want, j.Steps) {
		c.Errorf("steps of %s: got %q, want %q", j.Name, j.Steps, want)
	}
	if want, ok := c.want.Rules[j.Name]; ok && !slices.Equal(want, j.Rules) {
		c.Errorf("rules of %s: got %q, want %q", j.Name, j.Rules, want)
	}
	if want, ok := c.want.Error[j.Name]; ok && !strings.Contains(j.Errors, want) {
		c.Errorf("failure of %s does not say %q:\n%s", j.Name, want, j.Errors)
	}
	if want, ok := c.want.At[j.Name]; ok && want != j.At {
		c.Errorf("failure of %s is at %q, want %q", j.Name, j.At, want)
	}
}

func (c check) texts() {
	c.Helper()
	for job, wants := range c.want.Log {
		c.sequence("output of "+job, c.got.Logs[job], wants)
	}
	c.sequence("output", c.got.Output, c.want.Order)
	for _, never := range c.want.Never {
		if strings.Contains(c.got.Told, never) {
			c.Errorf("%q is told", never)
		}
	}
	for _, want := range c.want.Stderr {
		if !strings.Contains(c.got.Told, want) {
			c.Errorf("the errors do not mention %q", want)
		}
	}
	if want, ok := c.want.Error["*"]; ok && !strings.Contains(c.got.Told, want) {
		c.Errorf("nothing says %q", want)
	}
}

// sequence wants the texts in this order, each after the one before.
func (c check) sequence(where, text string, wants []string) {
	c.Helper()
	rest := text
	for _, want := range wants {
		i := strings.Index(rest, want)
		if i < 0 {
			c.Errorf("%s lacks %q (in this order: %q):\n%s", where, want, wants, clip(text))
			return
		}
		rest = rest[i+len(want):]
	}
}

func (c check) leftovers() {
	c.Helper()
	for name, want := range c.want.Tree {
		data, err := os.ReadFile(filepath.Join(c.got.Repo, name))
		switch {
		case want == nil && !errors.Is(err, fs.ErrNotExist):
			c.Errorf("%s exists in the author's tree: %v", name, err)
		case want != nil && string(data) != *want:
			c.Errorf("%s of the author's tree: %q %v, want %q", name, data, err, *want)
		}
	}
	if c.got.Home == "" {
		return
	}
	for _, command := range c.want.Processes {
		// The same pair may run beside this one; what it started has another
		// HOME, or names it in its command line. The kernel shows environments
		// on Linux only.
		out, _ := exec.Command("pgrep", "-f", "^"+command).Output() // none found is an exit status
		for _, pid := range strings.Fields(string(out)) {
			env, _ := os.ReadFile("/proc/" + pid + "/environ") // one that has gone is not running
			args, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			if strings.Contains(string(env), "HOME="+c.got.Home+"\x00") || strings.Contains(string(args), c.got.Home) {
				c.Errorf("%q is still running as process %s", command, pid)
			}
		}
	}
}

func clip(text string) string {
	const longest = 4000
	if len(text) > longest {
		return "…" + text[len(text)-longest:]
	}
	return text
}
