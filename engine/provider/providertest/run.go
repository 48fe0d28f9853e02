package providertest

import (
	"context"
	"net/http"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
)

// Subject is a provider with what is known about it.
type Subject struct {
	Provider provider.Provider
	Source   *engine.Source
	// Delivery makes one that is accepted and becomes at least one event.
	Delivery func(testing.TB) *provider.Inbound
	// Forged makes one that must be refused; nil when everybody may send.
	Forged func(testing.TB) *provider.Inbound
	// Secrets are texts of the configuration that nobody may see.
	Secrets []string

	// Repository tells whether there is one; without, the rest stays empty.
	Repository bool
	Locked     engine.Ref // a commit with a lock file
	Lock       []byte     // which is this
	Bare       engine.Ref // a commit without
	Branch     string     // whose tip is Locked, a whole name
	// Changed is what the first event of Delivery changed, sorted.
	Changed []string
}

// Run checks a provider. open is called once per test.
func Run(t *testing.T, open func(testing.TB) Subject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"accepts", testAccepts}, {"refuses", testRefuses}, {"misconfigured", testMisconfigured}, {"normalize", testNormalize},
		{"garbage", testGarbage}, {"key", testKey}, {"lock file", testLockfile}, {"resolve", testResolve}, {"changed files", testChanged},
		{"clone", testClone}, {"configuration", testConfiguration}, {"secrets", testSecrets}, {"together", testTogether}, {"ended context", testEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// events normalises and fails the test where that fails.
func (s *Subject) events(t testing.TB, in *provider.Inbound) []provider.Event {
	t.Helper()
	events, err := s.Provider.Normalize(context.Background(), in)
	if err != nil {
		t.Fatalf("normalize: %v", err)
	}
	return events
}

// first is the first event of the known delivery.
func (s *Subject) first(t testing.TB) *provider.Event {
	t.Helper()
	events := s.events(t, s.Delivery(t))
	if len(events) == 0 {
		t.Fatal("the delivery became no event")
	}
	return &events[0]
}

// with is the delivery for a source with another configuration.
func with(in *provider.Inbound, config string) *provider.Inbound {
	source, out := *in.Source, *in
	source.Config = []byte(config)
	out.Source = &source
	return &out
}

// stored is the delivery as it looks after it was stored.
func (s *Subject) stored(t testing.TB, in *provider.Inbound) *provider.Inbound {
	t.Helper()
	out := *in
	settings := provider.Settings{}
	if c, ok := s.Provider.(provider.Configurer); ok {
		var err error
		if settings, err = c.Settings(s.Source); err != nil {
			t.Fatal(err)
		}
	}
	if out.Header = settings.Strip(in.Header); out.Header == nil {
		out.Header = http.Header{}
	}
	return &out
}
