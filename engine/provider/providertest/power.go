package providertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
)

func testResolve(t *testing.T, s Subject) {
	r, ok := s.Provider.(provider.Resolver)
	if !ok {
		t.Skip("not a Resolver")
	}
	ctx := context.Background()
	for _, name := range []string{s.Branch, ""} {
		got, err := r.Resolve(ctx, s.Source, engine.Ref{Repo: s.Locked.Repo, Name: name})
		want := engine.Ref{Repo: s.Locked.Repo, Name: s.Branch, SHA: s.Locked.SHA}
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"refs/heads/no-such-branch", "-x", "--upload-pack=x", "a..b", "a b", "HEAD~1"} {
		if got, err := r.Resolve(ctx, s.Source, engine.Ref{Repo: s.Locked.Repo, Name: name}); !errors.Is(err, provider.ErrNoCommit) {
			t.Errorf("%q: %v, %v, want ErrNoCommit", name, got, err)
		}
	}
}

func testChanged(t *testing.T, s Subject) {
	c, ok := s.Provider.(provider.ChangedFiler)
	if !ok {
		t.Skip("not a ChangedFiler")
	}
	e := s.first(t)
	got, err := c.ChangedFiles(context.Background(), s.Source, e)
	if err != nil || !slices.Equal(got, s.Changed) {
		t.Errorf("got %q, %v, want %q", got, err, s.Changed)
	}
	e.Deleted = true
	if got, err := c.ChangedFiles(context.Background(), s.Source, e); err != nil || len(got) > 0 {
		t.Errorf("of what is deleted: %q, %v, want none", got, err)
	}
}

func testClone(t *testing.T, s Subject) {
	c, ok := s.Provider.(provider.Cloner)
	if !ok {
		t.Skip("not a Cloner")
	}
	got, err := c.Clone(context.Background(), s.Source, s.Locked)
	if err != nil || got.URL == "" {
		t.Fatalf("%v, %v", got, err)
	}
	for _, secret := range s.Secrets {
		if strings.Contains(got.URL, secret) {
			t.Error("the URL holds a secret")
		}
	}
	switch a := got.Auth; a.Kind {
	case provider.AuthNone:
	case provider.AuthBasic:
		if a.User == "" || a.Secret == "" {
			t.Error("basic needs a user and a secret")
		}
	case provider.AuthSSH:
		if a.Secret == "" || a.HostKeyPolicy != provider.AcceptNew && a.HostKeyPolicy != provider.Pinned || a.HostKeyPolicy == provider.Pinned && a.KnownHosts == "" {
			t.Error("ssh needs a key and a policy, and pinned known hosts")
		}
	default:
		t.Errorf("auth of kind %q", a.Kind)
	}
}

func testConfiguration(t *testing.T, s Subject) {
	c, ok := s.Provider.(provider.Configurer)
	if !ok {
		t.Skip("not a Configurer")
	}
	if err := c.Validate(s.Source.Config); err != nil {
		t.Errorf("the source's own: %v", err)
	}
	settings, err := c.Settings(s.Source)
	if err != nil || settings.MaxPayloadBytes <= 0 {
		t.Errorf("settings %+v, %v: a payload needs a limit", settings, err)
	}
	var problems *provider.ConfigError
	if err := c.Validate([]byte(`{"maxPayloadBytes":"many","rateLimitRpm":-1,"no such setting":1}`)); !errors.As(err, &problems) {
		t.Fatalf("got %v, want a *ConfigError", err)
	}
	for _, path := range []string{"maxPayloadBytes", "rateLimitRpm", "no such setting"} {
		if !slices.ContainsFunc(problems.Problems, func(p provider.Problem) bool { return p.Path == path }) {
			t.Errorf("%s is not among the problems: %v", path, problems)
		}
	}
}

// testSecrets looks for secrets in whatever is printed on the way.
func testSecrets(t *testing.T, s Subject) {
	ctx := context.Background()
	var shown strings.Builder
	show := func(v any) { // a secret that is a field shows with %+v, one that is text with %#v
		j, _ := json.Marshal(v)
		fmt.Fprintf(&shown, "%v %+v %#v %s\n", v, v, v, j)
	}
	note := func(v any, err error) { show(v); show(err) }
	events, err := s.Provider.Normalize(ctx, s.stored(t, s.Delivery(t)))
	note(events, err)
	if s.Forged != nil {
		show(s.Provider.Verify(ctx, s.Forged(t)))
	}
	if s.Repository {
		_, err = s.Provider.Lockfile(ctx, s.Source, engine.Ref{Repo: s.Locked.Repo, SHA: strings.Repeat("1", 40)})
		note(nil, err)
	}
	if c, ok := s.Provider.(provider.Cloner); ok {
		note(c.Clone(ctx, s.Source, s.Locked))
	}
	if c, ok := s.Provider.(provider.Configurer); ok {
		note(c.Settings(s.Source))
		broken := strings.Replace(string(s.Source.Config), "{", `{"no such setting":1,`, 1)
		note(nil, c.Validate([]byte(broken)))
	}
	show(s.Provider)
	for _, secret := range s.Secrets {
		if strings.Contains(shown.String(), secret) {
			t.Errorf("the secret %q is printed:\n%s", secret, shown.String())
		}
	}
}

func testTogether(t *testing.T, s Subject) {
	ctx := context.Background()
	want := s.events(t, s.Delivery(t))
	var wg sync.WaitGroup
	for range 8 {
		in := s.Delivery(t)
		wg.Go(func() {
			if err := s.Provider.Verify(ctx, in); err != nil {
				t.Error(err)
			}
			got, err := s.Provider.Normalize(ctx, in)
			if err != nil || len(got) != len(want) || !reflect.DeepEqual(got[0].Ref, want[0].Ref) {
				t.Errorf("got %+v, %v", got, err)
			}
			if !s.Repository {
				return
			}
			if lock, err := s.Provider.Lockfile(ctx, s.Source, s.Locked); err != nil || string(lock) != string(s.Lock) {
				t.Errorf("got %q, %v", lock, err)
			}
		})
	}
	wg.Wait()
}

func testEnded(t *testing.T, s Subject) {
	if !s.Repository {
		t.Skip("nobody is asked")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ref := s.Locked
	ref.SHA = strings.Repeat("2", 40) // in no cache
	if _, err := s.Provider.Lockfile(ctx, s.Source, ref); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
