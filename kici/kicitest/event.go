package kicitest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/lockfile/event"
)

// Push sends a push to a branch.
func (p *Project) Push(branch string, options ...Option) *Run {
	p.t.Helper()
	return p.simulate("push", branch, options)
}

// Tag sends the push of a tag.
func (p *Project) Tag(name string, options ...Option) *Run {
	p.t.Helper()
	return p.simulate("tag", name, options)
}

// PullRequest opens a pull request into a branch. [From] names the other one.
func (p *Project) PullRequest(base string, options ...Option) *Run {
	p.t.Helper()
	return p.simulate("pr:opened", base, options)
}

// Dispatch starts workflows by hand. The type may be empty.
func (p *Project) Dispatch(typ string, inputs any, options ...Option) *Run {
	p.t.Helper()
	arg := "dispatch"
	if typ != "" {
		arg += ":" + typ
	}
	if inputs != nil {
		options = append([]Option{Field("client_payload", inputs)}, options...)
	}
	return p.simulate(arg, "", options)
}

// Schedule lets a cron expression fire.
func (p *Project) Schedule(cron string, options ...Option) *Run {
	p.t.Helper()
	return p.simulate("schedule:"+cron, "", options)
}

// Webhook delivers a payload from a generic source.
func (p *Project) Webhook(source string, payload any, options ...Option) *Run {
	p.t.Helper()
	return p.simulate("generic_webhook:"+source, "", append([]Option{Payload(payload)}, options...))
}

// Custom delivers an event of a workflow's own, as ctx.emit sends it.
func (p *Project) Custom(name string, payload any, options ...Option) *Run {
	p.t.Helper()
	return p.simulate("kici_event:"+name, "", append([]Option{Field("payload", payload)}, options...))
}

// Event sends any event by the words of `kici run local`: "pr:closed",
// "release:published", "lifecycle:job_failed".
func (p *Project) Event(arg string, options ...Option) *Run {
	p.t.Helper()
	return p.simulate(arg, "", options)
}

// Deliver sends an event that the caller has made, say by normalising what a
// forge sent.
func (p *Project) Deliver(e event.Event, options ...Option) *Run {
	p.t.Helper()
	return p.fire(e, p.base.with(options))
}

func (p *Project) simulate(text, branch string, options []Option) *Run {
	p.t.Helper()
	s := p.base.with(options)
	e, err := s.event(text, branch)
	if err != nil {
		p.t.Fatalf("kicitest: %v", err)
	}
	return p.fire(e, s)
}

// event makes the event of an argument.
func (s *settings) event(text, branch string) (event.Event, error) {
	arg, err := event.ParseArg(text)
	if err != nil {
		return event.Event{}, err
	}
	sim := s.simulation
	sim.Branch = branch
	if s.payload == nil && s.fields == nil {
		return event.Simulate(arg, sim)
	}
	body := event.Fixture(arg, sim.Repo)
	if s.payload != nil {
		raw, err := json.Marshal(s.payload)
		if err != nil {
			return event.Event{}, fmt.Errorf("payload: %w", err)
		}
		body = nil
		if err := json.Unmarshal(raw, &body); err != nil || body == nil {
			return event.Event{}, fmt.Errorf("payload: it must be an object, and is %s", raw)
		}
	}
	for _, f := range s.fields {
		setField(body, strings.Split(f.path, "."), f.value)
	}
	if sim.Payload, err = json.Marshal(body); err != nil {
		return event.Event{}, fmt.Errorf("payload: %w", err)
	}
	return event.Simulate(arg, sim)
}

func setField(body map[string]any, path []string, value any) {
	if len(path) == 1 {
		body[path[0]] = value
		return
	}
	next, ok := body[path[0]].(map[string]any)
	if !ok {
		next = map[string]any{}
		body[path[0]] = next
	}
	setField(next, path[1:], value)
}
