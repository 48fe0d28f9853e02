package author

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
)

// wantsTree: a live tree is for somebody who watches. Everything else gets
// lines, which can be searched, piped and read aloud.
func (a *app) wantsTree(o runFlags) bool {
	switch {
	case o.JSON, o.Quiet, o.Debug, a.Env["KICI_DEBUG"] == "true":
		return false
	case !a.StdoutTTY, a.Size == nil, a.Env["NO_COLOR"] != "", a.Env["TERM"] == "dumb", a.Env["CI"] == "true":
		return false
	}
	// The old console of Windows prints control sequences instead of obeying.
	return runtime.GOOS != "windows" || a.Env["WT_SESSION"] != "" || a.Env["TERM"] != ""
}

// ownJob tells the jobs around the author's: what asks for rules and matrices
// before, and the hooks of the workflow after.
func ownJob(name string) bool { return strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") }

func jobTitle(name string) string {
	switch name {
	case "__prepare__":
		return "preparing"
	case "__finally__":
		return "workflow hooks"
	}
	return name
}

// watch shows an event in the tree; false leaves it to the lines, which are
// what scrolls above it.
func (v *viewer) watch(e author.RunEvent) bool {
	t := v.live.tree
	switch e := e.(type) {
	case author.RunWorkflowStarted:
		t.workflow(0)
		return false
	case author.RunPlanned:
		t.workflow(len(e.Plan.Jobs))
	case author.RunJobStarted:
		t.jobStarted(jobTitle(e.Job))
	case author.RunStepStarted:
		t.stepStarted(jobTitle(e.Job), e.Row.Name)
	case author.RunOutput:
		t.output(jobTitle(e.Job), e.Data)
	case author.RunJobFinished:
		v.branchEnded(t, e.Result)
	case author.RunEmitted:
		t.say(fmt.Sprintf("%s %s: %s", v.live.style.Cyan("»"), e.Job, emitted(e)))
	case author.RunRuleEvaluated, author.RunStepFinished: // the summary has them
	default:
		return false
	}
	return true
}

func (v *viewer) branchEnded(t *tree, j author.RunJobResult) {
	style := v.live.style
	title, took := jobTitle(j.Name), style.Dim(elapsed(j.Duration))
	why := ""
	switch {
	case j.ByNeeds:
		why = ": dependency failed"
	case j.Reason != "":
		why = ": " + cli.Visible(j.Reason)
	}
	var text string
	switch status := statusWord(j.Status); {
	case status == succeeded && ownJob(j.Name):
	case status == succeeded:
		text = fmt.Sprintf("%s %s %s", style.Green("✓"), title, took)
	case status == skipped || status == cancelled:
		text = fmt.Sprintf("%s %s %s", style.Yellow("○"), title, style.Dim(status+why))
	default:
		text = fmt.Sprintf("%s %s %s %s", style.Red("✗"), style.Bold(title), took, cli.Visible(jobText(j)))
	}
	t.jobEnded(title, text, statusWord(j.Status) == failed, !ownJob(j.Name))
}

// longestPayload bounds what is shown of an emitted event.
const longestPayload = 200

// emitted is an event of the author's in words.
func emitted(e author.RunEmitted) string {
	text := fmt.Sprintf("emitted event %q", e.Emission.Name)
	if payload := string(e.Emission.Payload); payload != "" && payload != "{}" && payload != "null" {
		text += " " + cli.Fit(cli.Visible(payload), longestPayload)
	}
	if e.Followed {
		return text + ", which is followed"
	}
	return text
}

// waiting says for whom a run waits, and for how long already.
func waiting(e author.RunWaiting) string {
	text := fmt.Sprintf("waiting for concurrency group %q of workflow %q", e.Group, e.Workflow)
	if e.Job != "" {
		text = fmt.Sprintf("waiting for concurrency group %q of job %q", e.Group, e.Job)
	}
	if h := e.Wait.Holder; h.PID != 0 {
		text += fmt.Sprintf(": held by process %d on %s since %s", h.PID, h.Hostname, h.StartedAt.Local().Format(time.TimeOnly))
	}
	if e.Wait.Ahead > 1 {
		text += fmt.Sprintf(", %d runs go first", e.Wait.Ahead)
	}
	if e.Wait.Cancelling {
		text += ", which was told to end"
	}
	if e.Wait.Waited >= time.Second {
		text += fmt.Sprintf(" (%s)", elapsed(e.Wait.Waited))
	}
	return text
}
