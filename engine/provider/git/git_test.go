package git

import (
	"context"
	"encoding/json"
	"maps"
	"testing"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/engine/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secret   = "hook-test-secret"
	password = "pat-test-secret"
	lockPath = ".kici/kici.lock.json"
)

// fields are a configuration, changed by the tests.
type fields map[string]any

func source(t testing.TB, preset, template string, more fields) *engine.Source {
	t.Helper()
	config := fields{"preset": preset, "gitUrlTemplate": template, "verificationMethod": "hmac_sha256", "verificationConfig": fields{"secret": secret}}
	maps.Copy(config, more)
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return &engine.Source{ID: "s-" + engine.SourceID(preset), Name: "forge", Kind: "generic", Config: data}
}

// pat is the access to a forge started with the password.
func pat() fields {
	return fields{"credentialType": "pat", "credentialUser": "bot", "credential": password}
}

func guarded(t testing.TB) *forgetest.Forge {
	return forgetest.Start(t, forgetest.Options{User: "bot", Password: password})
}

func inbound(s *engine.Source, d forgetest.Delivery) *provider.Inbound {
	return &provider.Inbound{Source: s, Header: d.Header, Body: d.Body}
}

func events(t testing.TB, p *Provider, in *provider.Inbound) []provider.Event {
	t.Helper()
	if err := p.Verify(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	out, err := p.Normalize(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, flavor := range forgetest.Flavors() {
		t.Run(flavor, func(t *testing.T) {
			t.Parallel()
			forge := guarded(t)
			repo := forge.CreateRepo("acme/web")
			bare := repo.Commit(t, forgetest.Change{Files: map[string]string{"README.md": "one", "gone": "x"}})
			locked := repo.Commit(t, forgetest.Change{Files: map[string]string{"README.md": "two", lockPath: "{}\n"}, Delete: []string{"gone"}})
			providertest.Run(t, func(t testing.TB) providertest.Subject { return subject(t, flavor, forge, bare, locked) })
		})
	}
}

func subject(t testing.TB, flavor string, forge *forgetest.Forge, bare, locked string) providertest.Subject {
	s := source(t, flavor, forge.Template(), pat())
	happening := forgetest.Happening{Kind: forgetest.Push, Repo: "acme/web", Ref: "refs/heads/main", Before: bare, After: locked, Added: []string{lockPath}, Modified: []string{"README.md"}, Removed: []string{"gone"}}
	return providertest.Subject{
		Provider: New(Options{CacheDir: t.TempDir()}), Source: s, Secrets: []string{secret, password}, Repository: true, Branch: "refs/heads/main", Lock: []byte("{}\n"),
		Locked: engine.Ref{Repo: "acme/web", Name: "refs/heads/main", SHA: locked}, Bare: engine.Ref{Repo: "acme/web", Name: "refs/heads/main", SHA: bare},
		Changed: []string{lockPath, "README.md", "gone"},
		Delivery: func(testing.TB) *provider.Inbound {
			return inbound(s, forgetest.NewDelivery(flavor, secret, happening))
		},
		Forged: func(testing.TB) *provider.Inbound {
			return inbound(s, forgetest.NewDelivery(flavor, "another secret", happening))
		},
	}
}
