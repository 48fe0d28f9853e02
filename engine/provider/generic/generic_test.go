package generic

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/providertest"
	"github.com/kici-dev/kici-go/engine/provider/verification"
)

const (
	secret = "generic-test-secret"
	signed = `{"verificationMethod":"hmac_sha256","verificationConfig":{"secret":"` + secret + `"}}`
	open   = `{"verificationMethod":"none"}`
)

func inbound(config, body string, header ...string) *provider.Inbound {
	in := &provider.Inbound{Source: &engine.Source{ID: "s1", Name: "argocd", Kind: Name, Config: []byte(config)}, Header: http.Header{}, Body: []byte(body)}
	for i := 0; i < len(header); i += 2 {
		in.Header.Add(header[i], header[i+1])
	}
	return in
}

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(testing.TB) providertest.Subject {
		in := func() *provider.Inbound {
			body := `{"app":"web","id":12345678901234567890}`
			return inbound(signed, body, "Content-Type", "application/json", "X-Signature-256", "sha256="+verification.Sign([]byte(body), secret),
				"X-Event-Type", "deploy.success", "X-Delivery-Id", "d-1", "Authorization", "Bearer unrelated")
		}
		return providertest.Subject{
			Provider: New(), Source: in().Source, Secrets: []string{secret},
			Delivery: func(testing.TB) *provider.Inbound { return in() },
			Forged: func(testing.TB) *provider.Inbound {
				forged := in()
				forged.Body = []byte(`{"app":"other"}`)
				return forged
			},
		}
	})
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct{ media, body, want string }{
		{"", `{"a": 1.0, "b":"<"}`, `{"a": 1.0, "b":"<"}`}, // byte for byte
		{"application/json; charset=utf-8", `[1,2]`, `[1,2]`},
		{"application/vnd.api+json", `{"a":1}`, `{"a":1}`},
		{"", `42`, `{"value":42}`},
		{"", `null`, `{"value":null}`},
		{"application/json", `a=1&b=x+y&a=2`, `{"a":"2","b":"x y"}`},
		{form, `payload=%7B%7D&empty=`, `{"empty":"","payload":"{}"}`},
		{"text/plain", `{"a":1}`, `{"body":"{\"a\":1}"}`},
		{"text/plain", "two words = none", `{"body":"two words = none"}`},
		{"application/json", `{"broken"`, `{"body":"{\"broken\""}`},
		{form, `a=%zz`, `{"body":"a=%zz"}`},
		{"", "", `{}`},
		{"", " \n", `{}`},
	} {
		events, err := New().Normalize(context.Background(), inbound(open, c.body, "Content-Type", c.media))
		if err != nil || len(events) != 1 || string(events[0].Payload) != c.want {
			t.Errorf("%s %q: got %s, %v, want %s", c.media, c.body, events[0].Payload, err, c.want)
		}
	}
	if _, err := New().Normalize(context.Background(), inbound(open, "\xff")); !errors.Is(err, provider.ErrMalformed) {
		t.Errorf("not UTF-8: %v", err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config       string
		header       []string
		name, action string
	}{
		{`{"verificationMethod":"none"}`, nil, "default", ""},
		{`{"verificationMethod":"none"}`, []string{"X-Event-Type", "push"}, "push", "push"},
		{`{"verificationMethod":"none","eventTypeHeader":"X-Gitea-Event"}`, []string{"X-Event-Type", "other", "X-Gitea-Event", "push"}, "push", "push"},
		{`{"verificationMethod":"none","eventTypeHeader":"X-Gitea-Event"}`, []string{"X-Event-Type", "other"}, "other", "other"},
		{`{"verificationMethod":"none","eventTypePath":"$.kind"}`, []string{"X-Event-Type", "other"}, "from.body", "from.body"},
		{`{"verificationMethod":"none","eventTypePath":"deep.kind"}`, []string{"X-Event-Type", "other"}, "deeper", "deeper"},
		{`{"verificationMethod":"none","eventTypePath":"$.none"}`, []string{"X-Event-Type", "other"}, "other", "other"},
	} {
		events, err := New().Normalize(context.Background(), inbound(c.config, `{"kind":"from.body","deep":{"kind":"deeper"},"source":"mine"}`, c.header...))
		if err != nil || len(events) != 1 {
			t.Fatalf("%s: %v, %v", c.config, events, err)
		}
		e := events[0]
		if e.Name != c.name || e.Action != c.action || e.Type != "generic_webhook" || e.WebhookSource != "argocd" || e.TargetBranch != "__generic__" {
			t.Errorf("%s %v: got %+v", c.config, c.header, e)
		}
	}
}

func TestAllowedEvents(t *testing.T) {
	t.Parallel()
	config := `{"verificationMethod":"none","allowedEvents":["push"]}`
	for name, want := range map[string]int{"push": 1, "issues": 0} {
		events, err := New().Normalize(context.Background(), inbound(config, `{}`, "X-Event-Type", name))
		if err != nil || len(events) != want {
			t.Errorf("%s: %v, %v", name, events, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 10_000)
	for _, c := range []struct {
		config string
		header []string
		want   string
	}{
		{open, nil, ""},
		{open, []string{"X-Request-Id", "r", "X-Idempotency-Key", "i"}, "r"},
		{open, []string{"X-Request-Id", "r", "X-Delivery-Id", "d"}, "d"},
		{`{"verificationMethod":"none","idempotencyKeyHeader":"Stripe-Id"}`, []string{"Stripe-Id", "s", "X-Delivery-Id", "d"}, "s"},
		{`{"verificationMethod":"none","idempotencyKeyHeader":"Stripe-Id"}`, []string{"X-Delivery-Id", "d"}, "d"},
		{`{"verificationMethod":"none","idempotencyKeyPath":"$.id"}`, []string{"X-Delivery-Id", "d"}, "12345678901234567890"},
		{`{"verificationMethod":"none","idempotencyKeyPath":"$.none"}`, []string{"X-Delivery-Id", "d"}, "d"},
	} {
		if got := New().Key(inbound(c.config, `{"id":12345678901234567890}`, c.header...)); got != c.want {
			t.Errorf("%s %v: got %q, want %q", c.config, c.header, got, c.want)
		}
	}
	if got := New().Key(inbound(open, `{}`, "X-Delivery-Id", long)); len(got) != 64 {
		t.Errorf("a long key is kept as its digest, got %d bytes", len(got))
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s, err := New().Settings(inbound(open, "").Source)
	if err != nil || s.MaxPayloadBytes != 1048576 || s.RateLimitRPM != 600 || s.DedupWindow.Seconds() != 300 {
		t.Errorf("defaults: %+v, %v", s, err)
	}
	s, err = New().Settings(inbound(`{"verificationMethod":"none","maxPayloadBytes":10,"rateLimitRpm":0,"dedupWindowSeconds":0,"stripHeaders":["x-mine"]}`, "").Source)
	if err != nil || s.MaxPayloadBytes != 10 || s.RateLimitRPM != 0 || s.DedupWindow != 0 {
		t.Errorf("set: %+v, %v", s, err)
	}
	h := http.Header{"Authorization": {"x"}, "Cookie": {"x"}, "X-Gitlab-Token": {"x"}, "X-Mine": {"x"}, "X-Event-Type": {"push"}}
	if got := s.Strip(h); len(got) != 1 || got.Get("X-Event-Type") != "push" || len(h) != 5 {
		t.Errorf("stripped: %v of %v", got, h)
	}
}

func TestValidateListsEverything(t *testing.T) {
	t.Parallel()
	err := New().Validate([]byte(`{"verificationMethod":"hmac","verificationConfig":{"secrt":"x","allowedIps":["10.0.0.0/8","nowhere"],"token":7},"eventTypePath":"$[","maxPayloadBytes":0,"evenTypeHeader":"X"}`))
	var problems *provider.ConfigError
	if !errors.As(err, &problems) {
		t.Fatal(err)
	}
	var got []string
	for _, p := range problems.Problems {
		got = append(got, p.Path)
	}
	slices.Sort(got)
	want := []string{"evenTypeHeader", "eventTypePath", "maxPayloadBytes", "verificationConfig.allowedIps[1]", "verificationConfig.secrt", "verificationConfig.token", "verificationMethod"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !strings.Contains(err.Error(), `did you mean "secret"`) {
		t.Error(err)
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add(`{"a":1}`, "application/json", "push")
	f.Add(`a=1`, "application/x-www-form-urlencoded", "")
	f.Add("\xff", "text/plain", "\x00")
	f.Fuzz(func(t *testing.T, body, media, name string) {
		in := inbound(`{"verificationMethod":"none","eventTypePath":"$..type"}`, body)
		in.Header["Content-Type"], in.Header["X-Event-Type"] = []string{media}, []string{name}
		events, err := New().Normalize(context.Background(), in)
		if err != nil && !errors.Is(err, provider.ErrMalformed) {
			t.Fatal(err)
		}
		for _, e := range events {
			if !json.Valid(e.Payload) {
				t.Fatalf("no JSON: %q", e.Payload)
			}
		}
	})
}
