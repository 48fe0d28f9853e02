package kicitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Subject is what can be asked of a run, a workflow, a job and a step alike.
// Every method returns what it was called on, so that questions chain:
//
//	run.Job("test").WantFailed().WantFailure("exit code 3").WantAt("ci.ts:12")
//
// A method that is not satisfied reports what it found, with the tree of the
// run, and the test goes on.
type Subject[S any] struct {
	self    S
	run     *Run
	t       T
	what    string
	status  Status
	reason  string
	failure *Failure
	rules   []Rule
	outputs any
	log     func() string
}

func (s Subject[S]) complain(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("kicitest: %s: %s%s", s.what, strings.TrimRight(fmt.Sprintf(format, args...), "\n"), s.run.report())
}

// WantStatus compares the status.
func (s Subject[S]) WantStatus(want Status) S {
	s.t.Helper()
	if s.status != want {
		why := s.why()
		if why != "" {
			why = " (" + why + ")"
		}
		s.complain("it is %q%s, want %q", s.status, why, want)
	}
	return s.self
}

func (s Subject[S]) why() string {
	if s.failure != nil {
		return summary(s.failure)
	}
	return firstLine(s.reason)
}

// Require is WantStatus that ends the test: what follows would make no sense.
func (s Subject[S]) Require(want Status) S {
	s.t.Helper()
	if s.status != want {
		s.t.Fatalf("kicitest: %s: it is %q (%s), want %q%s", s.what, s.status, s.why(), want, s.run.report())
	}
	return s.self
}

// WantSuccess is WantStatus(Succeeded).
func (s Subject[S]) WantSuccess() S { s.t.Helper(); return s.WantStatus(Succeeded) }

// WantFailed is WantStatus(Failed).
func (s Subject[S]) WantFailed() S { s.t.Helper(); return s.WantStatus(Failed) }

// WantSkipped is WantStatus(Skipped).
func (s Subject[S]) WantSkipped() S { s.t.Helper(); return s.WantStatus(Skipped) }

// WantCancelled is WantStatus(Cancelled).
func (s Subject[S]) WantCancelled() S { s.t.Helper(); return s.WantStatus(Cancelled) }

// WantReason wants a text in the reason.
func (s Subject[S]) WantReason(text string) S {
	s.t.Helper()
	if !strings.Contains(s.reason, text) {
		s.complain("its reason is %q, which lacks %q", s.reason, text)
	}
	return s.self
}

// WantFailure wants a text in what failed: the message, the command, or its
// last output.
func (s Subject[S]) WantFailure(text string) S {
	s.t.Helper()
	if s.failure == nil {
		s.complain("nothing failed, want a failure that says %q", text)
		return s.self
	}
	all := strings.Join([]string{summary(s.failure), s.failure.Name, s.failure.Message, s.failure.Command, s.failure.Tail}, "\n")
	if !strings.Contains(all, text) {
		s.complain("its failure does not say %q:\n%s", text, indent(strings.TrimSpace(all)+"\n", "    "))
	}
	return s.self
}

// WantAt wants the failure at a place of the author's source, "ci.ts:12". The
// file may have as much of its path as is of interest; the line may be left out.
func (s Subject[S]) WantAt(place string) S {
	s.t.Helper()
	got := ""
	if s.failure != nil && s.failure.File != "" {
		got = s.failure.File + ":" + strconv.Itoa(s.failure.Line)
	}
	file, line, _ := strings.Cut(place, ":")
	gotFile, gotLine, _ := strings.Cut(got, ":")
	if got == "" || gotFile != file && !strings.HasSuffix(gotFile, "/"+file) || line != "" && line != gotLine {
		s.complain("its failure is at %s, want %s", quoteOr(got, "no place"), place)
	}
	return s.self
}

// WantRule wants a rule of that label to have said so.
func (s Subject[S]) WantRule(label string, passed bool) S {
	s.t.Helper()
	i := slices.IndexFunc(s.rules, func(r Rule) bool { return r.Label == label })
	switch {
	case i < 0:
		s.complain("no rule %q was asked, only %v", label, s.rules)
	case s.rules[i].Passed != passed:
		s.complain("rule %q said %t, want %t", label, s.rules[i].Passed, passed)
	}
	return s.self
}

// WantLog wants the texts in the output, in this order.
func (s Subject[S]) WantLog(texts ...string) S {
	s.t.Helper()
	log := s.log()
	rest := log
	for _, text := range texts {
		i := strings.Index(rest, text)
		if i < 0 {
			missing := "the output lacks %q:\n%s"
			if strings.Contains(log, text) {
				missing = "the output has %q only before what should come first:\n%s"
			}
			s.complain(missing, text, indent(tail(log), "    "))
			return s.self
		}
		rest = rest[i+len(text):]
	}
	return s.self
}

// WantNoLog wants none of the texts in the output.
func (s Subject[S]) WantNoLog(texts ...string) S {
	s.t.Helper()
	log := s.log()
	for _, text := range texts {
		if strings.Contains(log, text) {
			s.complain("the output has %q:\n%s", text, indent(tail(log), "    "))
		}
	}
	return s.self
}

// WantOutput wants an output of a job or a step. The key may go deeper with
// dots; the value is compared as JSON.
func (s Subject[S]) WantOutput(key string, want any) S {
	s.t.Helper()
	got := s.outputs
	for _, name := range strings.Split(key, ".") {
		fields, ok := got.(map[string]any)
		if _, there := fields[name]; !ok || !there {
			s.complain("it has no output %q, only %s", key, asJSON(s.outputs))
			return s.self
		}
		got = fields[name]
	}
	if !sameJSON(got, want) {
		s.complain("output %q is %s, want %s", key, asJSON(got), asJSON(want))
	}
	return s.self
}

// sameJSON compares a decoded value with any value of Go.
func sameJSON(got, want any) bool {
	raw, err := json.Marshal(want)
	if err != nil {
		return false
	}
	var decoded any
	return json.Unmarshal(raw, &decoded) == nil && reflect.DeepEqual(got, decoded)
}

func asJSON(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// WantNotStarted wants that no workflow listened to the event. Texts are looked
// for in the reasons, see [Run.Reasons].
func (r *Run) WantNotStarted(reasons ...string) *Run {
	r.t.Helper()
	r.WantStatus(NotStarted)
	all := asJSON(r.Reasons())
	for _, text := range reasons {
		if !slices.ContainsFunc(slices.Collect(values(r.Reasons())), func(got string) bool { return strings.Contains(got, text) }) {
			r.complain("no reason says %q, but %s", text, all)
		}
	}
	return r
}

// WantJobs compares the statuses of all jobs.
func (r *Run) WantJobs(want map[string]Status) *Run {
	r.t.Helper()
	if got := r.Jobs(); !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
		r.complain("the jobs are %s, want %s", asJSON(got), asJSON(want))
	}
	return r
}

// WantRan wants that the commands ran, in this order; others may have run
// between them.
func (r *Run) WantRan(commands ...string) *Run {
	r.t.Helper()
	rest := r.Commands()
	for _, want := range commands {
		i := slices.Index(rest, want)
		if i < 0 {
			r.complain("the command %q did not run (in the order %q); ran: %q", want, commands, r.Commands())
			return r
		}
		rest = rest[i+1:]
	}
	return r
}

// WantNotRan wants that the commands did not run.
func (r *Run) WantNotRan(commands ...string) *Run {
	r.t.Helper()
	for _, text := range commands {
		if slices.Contains(r.Commands(), text) {
			r.complain("the command %q ran", text)
		}
	}
	return r
}

// WantEmitted wants an event that was emitted, with a payload that is equal as
// JSON.
func (r *Run) WantEmitted(name string, payload any) *Run {
	r.t.Helper()
	for _, e := range r.Emitted {
		if e.Name == name && sameJSON(e.Payload, payload) {
			return r
		}
	}
	r.complain("event %q was not emitted with %s, but: %s", name, asJSON(payload), asJSON(r.Emitted))
	return r
}

// WantDuration wants exactly this virtual time from the event to the end.
func (r *Run) WantDuration(want time.Duration) *Run {
	r.t.Helper()
	if r.Duration != want {
		r.complain("it took %v, want %v", r.Duration, want)
	}
	return r
}

// WantNeeds wants that the job waited for exactly these jobs.
func (j *Job) WantNeeds(names ...string) *Job {
	j.t.Helper()
	got, want := slices.Sorted(slices.Values(j.Needs)), slices.Sorted(slices.Values(names))
	if !slices.Equal(got, want) {
		j.complain("it waits for %q, want %q", got, want)
	}
	return j
}

// WantSteps compares the names of the steps that ran or were skipped.
func (j *Job) WantSteps(names ...string) *Job {
	j.t.Helper()
	var got []string
	for _, s := range j.Steps {
		got = append(got, s.Name)
	}
	if !slices.Equal(got, names) {
		j.complain("its steps are %q, want %q", got, names)
	}
	return j
}

// WantDuration wants exactly this virtual time.
func (j *Job) WantDuration(want time.Duration) *Job {
	j.t.Helper()
	if j.Duration != want {
		j.complain("it took %v, want %v", j.Duration, want)
	}
	return j
}
