package author

import (
	"fmt"
	"io"
	"strings"
)

// showFailures explains every failed step: where it stands in the author's
// file, what it ran, what that printed last, and how to run its job again.
func (a *app) showFailures(w io.Writer, r result, again func(workflow, job string) string) {
	for _, wf := range r.Workflows {
		for _, j := range wf.Jobs {
			if j.Status != failed {
				continue
			}
			for _, s := range j.Steps {
				if s.Status == failed {
					a.showFailure(w, j.Name, s)
				}
			}
			fmt.Fprintf(w, "  %s %s\n", a.style.Cyan("run this job again:"), again(wf.Name, j.Name))
		}
	}
}

func (a *app) showFailure(w io.Writer, job string, s stepResult) {
	fmt.Fprintf(w, "\n%s %s › %s\n", a.style.Red("✗"), a.style.Bold(job), a.style.Bold(s.Name))
	f := s.Failure
	if f == nil {
		fmt.Fprintf(w, "  %s\n", indentRest(s.Error))
		return
	}
	at := place{File: f.File, Path: a.Path(f.File), Line: f.Line, Column: f.Column}
	if shown := at.String(); shown != "" {
		drawn := f.Frame
		if drawn == "" {
			drawn = frame(a.Disk, a.style, at)
		}
		fmt.Fprintf(w, "  %s\n%s", shown, terminated(drawn))
	}
	if f.Command != "" {
		fmt.Fprintf(w, "  command: %s\n", indentRest(f.Command))
	}
	if s.Error != "" {
		fmt.Fprintf(w, "  error:   %s\n", indentRest(s.Error))
	}
	if out := strings.TrimRight(f.Output, "\n"); out != "" {
		fmt.Fprintf(w, "  %s\n", a.style.Dim("last output:"))
		for _, line := range strings.Split(out, "\n") {
			fmt.Fprintf(w, "    %s %s\n", a.style.Dim("│"), line)
		}
	}
}

// againCommand is the command line that runs one job alone, with what this run
// was started with.
func againCommand(event, workflow, job string, extra []string) string {
	words := []string{"kici", "run", "local"}
	if event != "" {
		words = append(words, event)
	}
	words = append(append(words, "--workflow", workflow, "--job", job), extra...)
	for i, word := range words {
		words[i] = shellWord(word)
	}
	return strings.Join(words, " ")
}

// shellWord quotes a word for any POSIX shell when it needs it.
func shellWord(s string) string {
	plain := strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@+,", r)
	}) < 0
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
