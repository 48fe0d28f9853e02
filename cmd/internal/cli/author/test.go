package author

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// testFlags is the command line of test.
type testFlags struct {
	Workflow, Job, Branch, SHA, Kici string
	Files, Secrets, Contexts         []string
	Debug                            bool
}

func (a *app) testCommand() *cobra.Command {
	var o testFlags
	cmd := &cobra.Command{
		Use:   "test [event]",
		Short: "Show which workflows an event would start, and why not the others",
		Long: `Imagines an event and shows which workflows it would start. For every trigger that
does not match it says which check failed, with the value and the pattern. Runs
nothing and writes nothing.`,
		Example: `  kici test push                                   a push to main
  kici test push --branch develop --files src/a.ts
  kici test pr:open --workflow ci
  kici test 'schedule:0 3 * * *'
  kici test push --debug                           with every check made`,
		Args:              atMostOne("event"),
		ValidArgsFunction: a.completeEvents,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return a.test(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Workflow, "workflow", "", "show only this workflow")
	f.StringVar(&o.Job, "job", "", "show only this job")
	f.StringVar(&o.Branch, "branch", "", "target branch of the event (default main)")
	f.StringVar(&o.SHA, "sha", "", "commit of the event")
	f.StringArrayVar(&o.Files, "files", nil, "say which file changed (repeatable)")
	f.StringArrayVar(&o.Secrets, "secret", nil, "give a secret, KEY=VALUE (repeatable; a preview reads none)")
	f.StringArrayVar(&o.Contexts, "context", nil, "give a secret of a context, CONTEXT.KEY=VALUE (repeatable; a preview reads none)")
	f.BoolVar(&o.Debug, "debug", false, "show every check and the event itself")
	a.kiciDir(cmd, &o.Kici)
	return cmd
}

func (a *app) test(ctx context.Context, text string, o testFlags) error {
	arg, err := parseEvent(text)
	if err != nil {
		return err
	}
	if err := checkPairs(o.Secrets, nil, o.Contexts); err != nil {
		return err
	}
	a.banner()
	res, err := author.Preview(ctx, author.PreviewOptions{
		Dir: a.Dir, KiciDir: o.Kici, Event: arg,
		Simulation: event.Simulation{Branch: o.Branch, SHA: o.SHA, Files: o.Files, Repo: a.repository()},
		Environ:    a.Environ(), Stdout: a.Stdout, Stderr: a.Stderr,
	})
	if err != nil {
		return err
	}
	if res.Lock == nil {
		showFindings(a.Stderr, a.style, findings(a.State, res.Root, res.Diagnostics))
		return cli.ErrReported
	}
	if err := checkNames(res.Lock, o.Workflow, o.Job); err != nil {
		return err
	}
	return a.showPreview(text, res, o)
}

// checkNames answers a --workflow or --job that does not exist.
func checkNames(lock *lockfile.File, workflow, job string) error {
	var workflows, jobs []string
	generated := false
	for _, w := range lock.Workflows {
		workflows = append(workflows, w.Name)
		for _, j := range w.Jobs {
			if j.Static != nil && (workflow == "" || workflow == w.Name) && !slices.Contains(jobs, j.Static.Name) {
				jobs = append(jobs, j.Static.Name)
			}
			generated = generated || j.Static == nil
		}
	}
	if workflow != "" && !slices.Contains(workflows, workflow) {
		return &cli.UsageError{Message: fmt.Sprintf("no workflow is called %q", workflow), Hint: cli.DidYouMean(workflow, "workflows", workflows)}
	}
	if job != "" && !slices.Contains(jobs, job) && !generated {
		return &cli.UsageError{Message: fmt.Sprintf("no job is called %q", job), Hint: cli.DidYouMean(job, "jobs", jobs)}
	}
	return nil
}

func (a *app) showPreview(text string, res *author.PreviewResult, o testFlags) error {
	e := res.Event
	fmt.Fprintf(a.Stdout, "%s\n\n", a.style.Bold("DRY RUN - No commands will be executed"))
	a.row("KiCI directory", a.Shown(res.KiciDir))
	a.row("Event", text)
	a.row("Target branch", e.TargetBranch)
	a.row("Source branch", e.SourceBranch)
	a.row("Changed files", strings.Join(e.ChangedFiles, ", "))
	matched := 0
	for _, d := range res.Decisions {
		if d.Matched {
			matched++
		}
	}
	a.row("Workflows", fmt.Sprintf("%d total, %d matched", len(res.Decisions), matched))
	if o.Debug {
		payload, _ := json.MarshalIndent(e, "  ", "  ")
		a.row("Envelope", string(payload))
	}
	for i := range res.Decisions {
		if d := &res.Decisions[i]; d.Matched && (o.Workflow == "" || o.Workflow == d.WorkflowName) {
			a.showMatched(d, o)
		}
	}
	fmt.Fprintf(a.Stdout, "\n%s\n\n", a.style.Bold("Decision Summary:"))
	for i := range res.Decisions {
		a.showDecision(&res.Decisions[i], o.Debug)
	}
	if d := decisionOf(res.Decisions, o.Workflow); d != nil && !d.Matched {
		return &cli.HintedError{Err: fmt.Errorf("workflow %q does not match %s", o.Workflow, text), Hint: "the summary above says which check failed"}
	}
	fmt.Fprintf(a.Stdout, "\n%s Dry run complete\n", a.style.Green("✓"))
	return nil
}

func decisionOf(all []author.Decision, name string) *author.Decision {
	for i := range all {
		if name != "" && all[i].WorkflowName == name {
			return &all[i]
		}
	}
	return nil
}

func (a *app) row(name, value string) {
	if value != "" {
		fmt.Fprintf(a.Stdout, "%s %s\n", a.style.Dim(name+":"), value)
	}
}

func (a *app) showMatched(d *author.Decision, o testFlags) {
	w := d.Workflow
	fmt.Fprintf(a.Stdout, "\nWorkflow: %s\n", a.style.Bold(w.Name))
	if w.Description != "" {
		fmt.Fprintf(a.Stdout, "  %s\n", w.Description)
	}
	fmt.Fprintln(a.Stdout, "  Triggers:")
	for _, t := range w.Triggers {
		fmt.Fprintf(a.Stdout, "    - %s\n", t.Type)
	}
	fmt.Fprintf(a.Stdout, "  %s Matched trigger %d\n", a.style.Green("✓"), *d.MatchedTrigger+1)
	for _, r := range w.Rules {
		fmt.Fprintf(a.Stdout, "  rule, when it runs: %s\n", r.Label)
	}
	generators := 0
	fmt.Fprintf(a.Stdout, "  Jobs (%d):\n", staticJobs(w))
	for _, j := range w.Jobs {
		switch {
		case j.Static == nil:
			generators++
		case o.Job == "" || o.Job == j.Static.Name:
			a.showPlannedJob(j.Static)
		}
	}
	if generators > 0 {
		fmt.Fprintf(a.Stdout, "  %s, whose jobs are known when it runs\n", plural(generators, "dynamic generator"))
	}
}

func staticJobs(w *lockfile.Workflow) int {
	n := 0
	for _, j := range w.Jobs {
		if j.Static != nil {
			n++
		}
	}
	return n
}

func (a *app) showPlannedJob(j *lockfile.StaticJob) {
	fmt.Fprintf(a.Stdout, "    %s\n", a.style.Bold(j.Name))
	detail := func(name, value string) {
		if value != "" {
			fmt.Fprintf(a.Stdout, "      %s: %s\n", name, value)
		}
	}
	var needs, rules, steps []string
	for _, n := range j.Needs {
		needs = append(needs, firstOf(n.Job, "group "+n.Group))
	}
	for _, g := range j.DependsOnGroups {
		needs = append(needs, "group "+g)
	}
	for _, r := range j.Rules {
		rules = append(rules, r.Label)
	}
	for _, s := range j.Steps {
		steps = append(steps, s.Name)
	}
	detail("runs-on", strings.Join(j.RunsOn, ", "))
	detail("needs", strings.Join(needs, ", "))
	detail("rules", strings.Join(rules, ", "))
	detail("matrix", matrixText(j.Matrix))
	detail("steps", strings.Join(steps, ", "))
}

func matrixText(m *lockfile.Matrix) string {
	switch {
	case m == nil:
		return ""
	case m.Source != nil:
		return "a function, known when it runs"
	case m.Values != nil:
		return strings.Join(m.Values, ", ")
	}
	var parts []string
	for name, values := range m.Dimensions.All() {
		parts = append(parts, name+" = "+strings.Join(values, ", "))
	}
	return strings.Join(parts, "; ")
}

// showDecision is one line, and below it what failed: the first failed check
// of every trigger. Triggers are tried in order and each stops at its first
// failure, so the failed checks are the triggers'.
func (a *app) showDecision(d *author.Decision, all bool) {
	if d.Matched {
		fmt.Fprintf(a.Stdout, "  %s: %s matched\n", d.WorkflowName, a.style.Green("✓"))
	} else {
		fmt.Fprintf(a.Stdout, "  %s: %s skipped, %s\n", d.WorkflowName, a.style.Yellow("○"), d.Summary)
	}
	for _, c := range d.Checks {
		if c.Passed && !all || d.Matched && !all {
			continue
		}
		fmt.Fprintf(a.Stdout, "      %s\n", checkText(a.style, c))
	}
	if d.Err != nil {
		fmt.Fprintf(a.Stdout, "      %s %s\n", a.style.Red("!"), indentRest(d.Err.Error()))
	}
}

// checkText is one comparison of a decision.
func checkText(style cli.Style, c author.Check) string {
	sign := style.Red("✗")
	if c.Passed {
		sign = style.Green("✓")
	}
	if c.Reason != "" {
		return fmt.Sprintf("%s %s - %s", sign, c.Check, c.Reason)
	}
	return fmt.Sprintf("%s %s - %s vs %q", sign, c.Check, c.Pattern, c.Value)
}
