package kicitest

import (
	"fmt"
	"iter"
	"maps"
	"strconv"
	"strings"
	"time"
)

// tailLines is how much of a failed job's output a report shows.
const tailLines = 20

// Tree is the outcome as text: workflows, jobs and steps with their statuses
// and why. It has no time in it that depends on the machine, so that it can be
// compared with a golden text.
func (r *Run) Tree() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s\n", r.Event.Type, r.Event.TargetBranch, r.Status)
	if r.Status == NotStarted {
		for _, d := range r.Decisions {
			fmt.Fprintf(&b, "- %s  %s\n", d.WorkflowName, reason(&d))
		}
		return b.String()
	}
	for i := range r.Workflows {
		w := &r.Workflows[i]
		why := ""
		if w.Status != Failed || len(w.Jobs) == 0 {
			why = firstLine(w.Reason)
		}
		line(&b, 0, w.Status, w.Name, why, w.Duration)
		for k := range w.Jobs {
			jobTree(&b, &w.Jobs[k])
		}
	}
	return b.String()
}

func jobTree(b *strings.Builder, j *JobResult) {
	notes := []string{}
	if len(j.Needs) > 0 {
		notes = append(notes, "needs "+strings.Join(j.Needs, ", "))
	}
	shown := false // by a step
	for _, s := range j.Steps {
		shown = shown || s.Failure != nil
	}
	if !shown && j.Reason != "" {
		notes = append(notes, firstLine(j.Reason))
	}
	line(b, 1, j.Status, j.Name, strings.Join(notes, "; "), j.Duration)
	for _, s := range j.Steps {
		why := ""
		if s.Failure != nil {
			why = strings.TrimSpace(place(s.Failure.File, s.Failure.Line) + "  " + summary(s.Failure))
		}
		for _, rule := range s.Rules {
			if !rule.Passed {
				why = "rule " + strconv.Quote(rule.Label)
			}
		}
		line(b, 2, s.Status, s.Name, why, s.Duration)
	}
}

func line(b *strings.Builder, depth int, s Status, name, why string, took time.Duration) {
	sign := map[Status]string{Succeeded: "✓", Failed: "✗", Skipped: "-", Cancelled: "!"}[s]
	if sign == "" {
		sign = "?"
	}
	out := strings.Repeat("  ", depth) + sign + " " + name
	if took >= time.Second && took%time.Millisecond == 0 { // virtual: real time is never that round
		out += "  " + took.String()
	}
	if why != "" {
		out += "  " + why
	}
	b.WriteString(out + "\n")
}

// summary is a failure in one line.
func summary(f *Failure) string {
	command := firstLine(f.Command)
	switch {
	case f.Command != "" && f.Signal != "":
		return command + ": ended by " + f.Signal
	case f.Command != "" && f.Exit != nil:
		return fmt.Sprintf("%s: exit code %d", command, *f.Exit)
	}
	return firstLine(f.Message)
}

// firstLine is the first that says something.
func firstLine(s string) string {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			return l
		}
	}
	return ""
}

// report is the tree with the end of the output of what failed. It is told
// once: what else a test complains about concerns the same run.
func (r *Run) report() string {
	if !r.reported.CompareAndSwap(false, true) {
		return ""
	}
	var b strings.Builder
	b.WriteString(indent(r.Tree(), "  "))
	for _, w := range r.Workflows {
		if w.Failure != nil && w.Failure.Frame != "" {
			b.WriteString(indent(w.Failure.Frame, "    "))
		}
		for _, j := range w.Jobs {
			if j.Status == Failed && j.Log != "" {
				fmt.Fprintf(&b, "  output of %s:\n%s", j.Name, indent(tail(j.Log), "    "))
			}
		}
	}
	return "\n" + strings.TrimRight(b.String(), "\n")
}

func tail(log string) string {
	lines := strings.SplitAfter(strings.TrimRight(log, "\n"), "\n")
	if over := len(lines) - tailLines; over > 0 {
		lines = append([]string{fmt.Sprintf("(%d lines before)\n", over)}, lines[over:]...)
	}
	return strings.Join(lines, "") + "\n"
}

func indent(text, by string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		b.WriteString(by + l)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		b.WriteString("\n")
	}
	return b.String()
}

func itoa(n int) string { return strconv.Itoa(n) }

func values[K comparable, V any](m map[K]V) iter.Seq[V] { return maps.Values(m) }
