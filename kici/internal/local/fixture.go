package local

import (
	"context"
	"fmt"
	"strings"

	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/executor/compile"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// scene is one event to run, and the secrets to run it with.
type scene struct {
	arg     event.Arg
	fixture *compile.Fixture // nil for an event argument
	secrets *localsecret.Secrets
}

// argument reads Options.Event, which a fixture takes the place of.
func argument(o Options) (event.Arg, error) {
	switch {
	case o.Fixture != "" && o.Event != "":
		return event.Arg{}, &UsageError{
			Message: fmt.Sprintf("both the event %q and the fixture %q were given", o.Event, o.Fixture),
			Hint:    "a fixture brings its own event",
		}
	case o.Fixture != "":
		return event.Arg{}, nil
	}
	arg, err := event.ParseArg(o.Event)
	if err != nil {
		return arg, &UsageError{Message: err.Error()}
	}
	return arg, nil
}

// loadFixtures reads the test files, at the same time as everything else.
func (r *run) loadFixtures(ctx context.Context) (err error) {
	if r.o.Fixture == "" {
		return nil
	}
	r.fixtures, err = compile.Fixtures(ctx, r.compileOptions())
	return err
}

// scenes are the events of this run, in order.
func (r *run) scenes() ([]scene, error) {
	if r.fixtures == nil {
		return []scene{{arg: r.arg, secrets: r.secrets}}, nil
	}
	found, err := r.fixtures.Select(r.o.Fixture)
	if err != nil {
		return nil, &UsageError{Message: fmt.Sprintf("fixture %q: %v", r.o.Fixture, err)}
	}
	if len(found) == 0 {
		return nil, r.noFixture()
	}
	var out []scene
	for i := range found {
		s := scene{fixture: &found[i]}
		var missing []string
		s.secrets, missing = r.secrets.Mapped(found[i].Secrets)
		for _, context := range missing {
			r.observe(Notice{Text: fmt.Sprintf("fixture %q asks for the secrets of %q, and no local file has that section%s",
				found[i].ID, context, listed("; there are: ", r.secrets.Contexts()))})
		}
		out = append(out, s)
	}
	return out, nil
}

func (r *run) noFixture() error {
	ids := r.fixtures.IDs()
	if len(ids) == 0 {
		return &UsageError{
			Message: fmt.Sprintf("unknown fixture %q: the project has none", r.o.Fixture),
			Hint:    "export const name = fixture('id', { event: push() }) from a file in .kici/tests",
		}
	}
	return unknown("fixture", r.o.Fixture, ids)
}

func listed(head string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	return head + strings.Join(words, ", ")
}

// event makes up the event of the scene.
func (s scene) event(git event.Git, sim event.Simulation) (event.Event, error) {
	if s.fixture == nil {
		return event.Local(s.arg, git, sim)
	}
	f := s.fixture
	replica := event.Replica{Branch: f.Branch, SHA: f.SHA, PR: f.PR}
	if f.Repo != "" {
		owner, name, ok := strings.Cut(f.Repo, "/")
		if !ok || owner == "" || name == "" {
			return event.Event{}, fmt.Errorf("fixture %q: repo %q is not of the form owner/name", f.ID, f.Repo)
		}
		replica.Repo = event.Repo{Owner: owner, Name: name}
	}
	if len(f.Event) == 0 {
		return event.Event{}, fmt.Errorf("fixture %q has no event", f.ID)
	}
	ev, err := event.FromTrigger(&f.Event[0], git, replica, sim)
	if err != nil {
		return ev, fmt.Errorf("fixture %q: %w", f.ID, err)
	}
	return ev, nil
}

// direct lets the workflow that a fixture names run whatever its triggers say,
// and no other.
func (s scene) direct(decisions []trigger.Decision) error {
	if s.fixture == nil || s.fixture.Workflow == "" {
		return nil
	}
	var names []string
	found := false
	for i := range decisions {
		d := &decisions[i]
		names = append(names, d.WorkflowName)
		d.Matched = d.WorkflowName == s.fixture.Workflow
		d.Summary = fmt.Sprintf("fixture %q names workflow %q", s.fixture.ID, s.fixture.Workflow)
		found = found || d.Matched
	}
	if !found {
		return unknown("workflow", s.fixture.Workflow, names)
	}
	return nil
}
