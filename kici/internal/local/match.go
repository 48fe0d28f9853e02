package local

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/plan"
)

// all makes up one event after the other (a glob may name several fixtures) and
// runs what it starts.
func (r *run) all(ctx context.Context, result *Result) error {
	r.matcher = trigger.Compile(r.compiled.Lock)
	r.match = r.matcher.Match
	scenes, err := r.scenes()
	if err != nil {
		return err
	}
	for _, s := range scenes {
		ev, err := r.event(s)
		if err != nil {
			return err
		}
		r.secrets = s.secrets
		if err := r.offer(ctx, result, ev, s); err != nil {
			return err
		}
	}
	return nil
}

// deliver runs what an event starts.
func (r *run) deliver(ctx context.Context, result *Result, ev *event.Event) error {
	return r.offer(ctx, result, ev, scene{})
}

// offer matches an event and runs what it starts, one workflow after the other,
// then what the workflows' own events start.
func (r *run) offer(ctx context.Context, result *Result, ev *event.Event, s scene) error {
	decisions := r.match(ev)
	if err := s.direct(decisions); err != nil {
		return err
	}
	result.Decisions = append(result.Decisions, decisions...)
	r.observe(Decided{decisions})
	chosen, err := r.choose(decisions)
	if err != nil {
		return err
	}
	r.runMatched(ctx, result, ev, chosen, 0)
	switch {
	case ctx.Err() != nil:
		result.Class = ClassInterrupted
	case slices.ContainsFunc(result.Workflows, func(w WorkflowResult) bool {
		return w.Status == executor.Failed || w.Status == executor.Cancelled
	}):
		result.Class = ClassFailed
	}
	return nil
}

// maxChain bounds how long events may start each other.
const maxChain = 10

func (r *run) runMatched(ctx context.Context, result *Result, ev *event.Event, chosen []trigger.Decision, depth int) {
	for _, d := range chosen {
		if ctx.Err() != nil {
			return
		}
		w, emitted := r.workflow(ctx, d.Workflow, ev)
		result.Workflows = append(result.Workflows, w)
		if !r.o.FollowEvents {
			continue
		}
		for _, e := range emitted {
			if depth >= maxChain {
				r.observe(Notice{Text: "event " + e.Name + " is not followed: the chain of events is too long"})
				continue
			}
			body, err := customPayload(e)
			if err != nil {
				r.observe(Notice{Text: "event " + e.Name + " is not followed: " + err.Error()})
				continue
			}
			next := &event.Event{Type: event.KiciEvent, Payload: body, TargetBranch: event.InternalBranch}
			r.runMatched(ctx, result, next, trigger.Matched(r.match(next)), depth+1)
		}
	}
}

// customPayload is the body of a workflow's own event.
func customPayload(e executor.Emission) (json.RawMessage, error) {
	payload := e.Payload
	if len(payload) == 0 {
		payload = json.RawMessage("{}")
	}
	return json.Marshal(map[string]any{"eventName": e.Name, "payload": payload})
}

// choose applies --workflow and --job.
func (r *run) choose(decisions []trigger.Decision) ([]trigger.Decision, error) {
	matched := trigger.Matched(decisions)
	if r.o.Workflow != "" {
		var names []string
		for _, d := range decisions {
			names = append(names, d.WorkflowName)
		}
		if !slices.Contains(names, r.o.Workflow) {
			return nil, unknown("workflow", r.o.Workflow, names)
		}
		matched = slices.DeleteFunc(matched, func(d trigger.Decision) bool { return d.WorkflowName != r.o.Workflow })
	}
	if r.o.Job == "" || len(matched) == 0 {
		return matched, nil
	}
	var known []string
	matched = slices.DeleteFunc(matched, func(d trigger.Decision) bool {
		names, open := jobNames(d.Workflow)
		known = append(known, names...)
		return !open && !slices.Contains(names, r.o.Job)
	})
	if len(matched) == 0 {
		return nil, unknown("job", r.o.Job, known)
	}
	return matched, nil
}

// jobNames lists the jobs of a workflow as far as the lock knows them; open
// says that there may be more.
func jobNames(w *lockfile.Workflow) (names []string, open bool) {
	p, err := plan.Build(w, plan.Resolved{})
	if err != nil {
		return nil, true // the run itself will say what is wrong
	}
	open = len(p.Pending) > 0
	for i := range p.Jobs {
		if p.Jobs[i].Unresolved {
			open = true
			continue
		}
		names = append(names, p.Jobs[i].Name)
	}
	return names, open
}

// event makes up what happened.
func (r *run) event(s scene) (*event.Event, error) {
	git := event.Git{}
	sim := event.Simulation{Payload: r.o.Payload, Branch: r.o.Branch, SHA: r.o.SHA, Files: r.o.Files}
	if r.repo != nil {
		git.Branch, git.SHA = r.repo.Branch, r.repo.Head
		sim.Repo = r.repository()
		if r.o.Files == nil && r.wantsFiles() {
			files, err := r.changed()
			if err != nil {
				return nil, err
			}
			git.Files = files
		}
	}
	ev, err := s.event(git, sim)
	if err != nil {
		return nil, &UsageError{Message: err.Error()}
	}
	return &ev, nil
}

// wantsFiles: asking git costs as much as a step, so it is done for those who
// look at the answer.
func (r *run) wantsFiles() bool {
	if r.matcher.NeedsChangedFiles() {
		return true
	}
	return slices.ContainsFunc(r.compiled.Lock.Workflows, func(w lockfile.Workflow) bool { return jobspec.ReadsChangedFiles(&w) })
}

var githubRemote = regexp.MustCompile(`github\.com[:/]+([^/]+)/([^/]+?)(?:\.git)?/?$`)

func (r *run) repository() event.Repo {
	if m := githubRemote.FindStringSubmatch(r.repo.Origin); m != nil {
		return event.Repo{Owner: m[1], Name: m[2]}
	}
	return event.Repo{}
}

// program is the bundle of a workflow's file.
func (r *run) program(file string) *executor.Program { return r.compiled.Program(file) }
