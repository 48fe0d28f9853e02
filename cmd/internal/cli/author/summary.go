package author

import (
	"fmt"
	"io"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// showSummary prints the tree of workflows, jobs and steps with their times,
// and below it everything that helps with what failed.
func showSummary(w io.Writer, style cli.Style, r result) {
	words := map[string]string{succeeded: style.Green("SUCCESS"), failed: style.Red("FAILED"), skipped: style.Yellow("SKIPPED")}
	fmt.Fprintf(w, "\n%s\nStatus: %s\n", style.Bold("Summary"), words[r.overall()])
	for _, wf := range r.Workflows {
		fmt.Fprintf(w, "\nWorkflow: %s (%dms)%s\n", style.Bold(wf.Name), wf.DurationMs, aside(wf.Status, ""))
		if wf.Error != "" {
			fmt.Fprintf(w, "  Error: %s\n", indentRest(wf.Error))
		}
		for _, j := range wf.Jobs {
			showJob(w, style, j)
		}
	}
	fmt.Fprintf(w, "\nTotal duration: %dms\n", r.Summary.TotalDurationMs)
}

func showJob(w io.Writer, style cli.Style, j jobResult) {
	fmt.Fprintf(w, "  %s %s (%dms)%s\n", mark(style, j.Status), j.Name, j.DurationMs, aside(j.Status, j.Reason))
	for _, rule := range j.RuleResults {
		status := succeeded
		if !rule.Passed {
			status = failed
		}
		fmt.Fprintf(w, "    %s rule: %s\n", mark(style, status), rule.Label)
		if rule.Error != "" {
			fmt.Fprintf(w, "      Error: %s\n", indentRest(rule.Error))
		}
	}
	for _, s := range j.Steps {
		fmt.Fprintf(w, "    %s %s (%dms)\n", mark(style, s.Status), s.Name, s.DurationMs)
		if s.Error != "" {
			fmt.Fprintf(w, "      Error: %s\n", strings.ReplaceAll(indentRest(s.Error), "\n", "\n      "))
		}
	}
	if j.Error != "" && !stepHasError(j) {
		fmt.Fprintf(w, "    Error: %s\n", indentRest(j.Error))
	}
}

// stepHasError keeps a job from repeating what its step has just said.
func stepHasError(j jobResult) bool {
	for _, s := range j.Steps {
		if s.Error != "" && strings.Contains(j.Error, s.Error) {
			return true
		}
	}
	return false
}

func mark(style cli.Style, status string) string {
	switch status {
	case succeeded:
		return style.Green("[ok]")
	case skipped:
		return style.Yellow("[skip]")
	case cancelled:
		return style.Yellow("[cancel]")
	default:
		return style.Red("[fail]")
	}
}

func aside(status, reason string) string {
	switch {
	case status == cancelled && reason == "":
		return " (cancelled)"
	case (status == skipped || status == cancelled) && reason != "":
		return fmt.Sprintf(" (%s: %s)", status, reason)
	default:
		return ""
	}
}
