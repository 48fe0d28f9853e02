package author

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
)

// stage shows a dev on the terminal: runs as local runs are shown, and around
// them what arrived and how it ended.
type stage struct {
	a    *app
	o    devFlags
	live *lines

	mu     sync.Mutex // guards what follows
	active int        // runs that are being shown
	out    *json.Encoder
}

var _ author.DevAudience = (*stage)(nil)

func newStage(a *app, live *lines, o devFlags) *stage {
	s := &stage{a: a, o: o, live: live, out: json.NewEncoder(a.Stdout)}
	s.out.SetEscapeHTML(false)
	return s
}

func (s *stage) Ready(r author.DevReady) {
	style := s.live.style
	s.live.say("%s watches %s: %s, %s", style.Bold("kici dev"), r.Repo, branches(r.Branches), plural(r.Tags, "tag"))
	s.live.say("%s", style.Dim("at "+r.URL+", state in "+r.State))
	s.live.say("%s", style.Dim("A commit runs what a push starts; 'kici dev trigger <event>' runs anything else. Ctrl+C ends."))
}

func branches(n int) string {
	if n == 1 {
		return "1 branch"
	}
	return fmt.Sprintf("%d branches", n)
}

// Arrived says what an event does. Deletions that nobody listens to are not
// worth a word.
func (s *stage) Arrived(d author.DevArrival) {
	style := s.live.style
	title := style.Cyan("»") + " " + style.Bold(join(" ", d.Event, d.Ref)) + " " + style.Dim(short(d.SHA))
	switch {
	case d.Err != nil:
		s.live.say("\n%s: %s %v", title, style.Red("nothing runs:"), d.Err)
		if hint := cli.Hint(devError(d.Err)); hint != "" {
			s.live.say("  %s %s", style.Cyan("hint:"), hint)
		}
	case d.Runs > 0:
		s.live.say("\n%s: %s", title, plural(d.Runs, "workflow"))
	case !strings.HasPrefix(d.Event, "delete") || s.o.Debug:
		s.live.say("\n%s: no workflow matches", title)
		for _, w := range d.Decisions {
			s.live.say("  %s: %s", w.WorkflowName, w.Summary)
		}
	}
}

func short(sha string) string { return sha[:min(len(sha), 7)] }

// Begin gives a run the terminal; while it shares it with others, the names of
// its jobs say whose they are.
func (s *stage) Begin(r author.DevRun) author.Observer {
	s.mu.Lock()
	defer s.mu.Unlock()
	prefix := ""
	if s.active > 0 {
		prefix = fmt.Sprintf("%s@%s/", r.Workflow, short(r.SHA))
	}
	s.active++
	if r.Earlier {
		s.live.say("\n%s", s.live.style.Dim("left by an earlier kici dev:"))
	}
	v := &viewer{state: s.a.State, live: s.live, debug: s.o.Debug, silent: s.o.JSON || s.o.Quiet}
	return func(e author.RunEvent) {
		if e = among(e, prefix); e != nil {
			v.observe(e)
		}
	}
}

// among renames the jobs of an event. Of what counts jobs only one run at a time
// can be shown, so the others' is left out.
func among(e author.RunEvent, prefix string) author.RunEvent {
	if prefix == "" {
		return e
	}
	switch e := e.(type) {
	case author.RunPlanned, author.RunWorkflowStarted:
		return nil
	case author.RunJobStarted:
		e.Job = prefix + e.Job
		return e
	case author.RunStepStarted:
		e.Job = prefix + e.Job
		return e
	case author.RunOutput:
		e.Job = prefix + e.Job
		return e
	case author.RunRuleEvaluated:
		e.Job = prefix + e.Job
		return e
	case author.RunStepFinished:
		e.Job = prefix + e.Job
		return e
	case author.RunJobFinished:
		e.Result.Name = prefix + e.Result.Name
		return e
	}
	return e
}

// devRunResult is one line of dev --json.
type devRunResult struct {
	Run   string `json:"run"`
	Event string `json:"event,omitempty"`
	Ref   string `json:"ref,omitempty"`
	SHA   string `json:"sha,omitempty"`
	Logs  string `json:"logs"`
	workflowResult
}

// End says how a run ended, and helps with what failed.
func (s *stage) End(r author.DevRun, w author.RunWorkflowResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	shown := toWorkflow(w)
	if s.o.JSON {
		_ = s.out.Encode(devRunResult{r.ID, r.Event, r.Ref, r.SHA, r.Logs, shown}) // who reads may have gone; a dev goes on
		return
	}
	var text bytes.Buffer
	s.a.showFailures(&text, result{Workflows: []workflowResult{shown}}, func(workflow, job string) string {
		return againCommand(argument(r.Event), workflow, job, nil)
	})
	style := s.live.style
	fmt.Fprintf(&text, "%s %s %s %s", mark(style, shown.Status), style.Bold(w.Name), elapsed(w.Duration), style.Dim(r.Logs))
	if shown.Status != succeeded && shown.Error != "" {
		fmt.Fprintf(&text, "\n  %s", indentRest(shown.Error))
	}
	s.print(text.String())
}

// print shows outcomes, which --quiet leaves.
func (s *stage) print(text string) {
	if s.o.Quiet {
		fmt.Fprintln(s.a.Stdout, text)
		return
	}
	s.live.say("%s", text)
}

// Notice is said to whoever reads errors when nobody reads the rest.
func (s *stage) Notice(text string) {
	if s.o.JSON || s.o.Quiet {
		s.mu.Lock()
		defer s.mu.Unlock()
		cli.Explain(s.a.Stderr, s.live.style, errors.New(text))
		return
	}
	s.live.say("%s", text)
}

// argument is an event as it is typed.
func argument(event string) string {
	name, action, _ := strings.Cut(event, " ")
	if name == "pull_request" {
		name = "pr"
	}
	if action != "" {
		return name + ":" + action
	}
	return name
}
