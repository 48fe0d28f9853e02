package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// safe holds secrets by "repo name".
type safe map[string]string

func (s safe) Resolve(_ context.Context, r *engine.Registration, name string) (string, error) {
	if v, ok := s[r.Ref.Repo+" "+name]; ok {
		return v, nil
	}
	return "", errors.New("there is none")
}

// post sends a webhook without the limit on rate and works through it.
func (b *bench) post(source, path, body string, header ...string) (engine.Delivery, []string) {
	b.t.Helper()
	ctx := context.Background()
	g, err := b.Open(ctx, source)
	b.must(err)
	g.Settings.RateLimitRPM = 0
	in := &provider.Inbound{Header: http.Header{"X-Sign": {"good"}}, Body: []byte(body), Path: path}
	for i := 0; i+1 < len(header); i += 2 {
		in.Header.Set(header[i], header[i+1])
	}
	r, err := b.Accept(ctx, g, in)
	b.must(err)
	b.must(b.Process(ctx, r.ID))
	d, rs := b.outcome(r.ID)
	var names []string
	for _, run := range rs {
		names = append(names, run.Workflow)
	}
	slices.Sort(names)
	return d, names
}

func (b *bench) event(id engine.DeliveryID) (ev event.Event) {
	b.t.Helper()
	_, rs := b.outcome(id)
	b.must(b.store.View(context.Background(), func(tx store.Tx) error {
		body, err := tx.Runs().Event(context.Background(), rs[0].ID)
		if err != nil {
			return err
		}
		return json.Unmarshal(body, &ev)
	}))
	return ev
}

func TestWebhookPaths(t *testing.T) {
	t.Parallel()
	b := setup(t)
	trigger := func(path string) lockfile.Trigger {
		return lockfile.Trigger{Type: lockfile.TriggerGenericWebhook, Source: "shop", Path: path}
	}
	b.lock("1", on("any", trigger("")), on("exact", trigger("payments")), on("whole", trigger("shop/payments")), on("below", trigger("/payments/**")), on("alone", trigger("shop")))
	b.through("code", push("main", "1"))
	for path, want := range map[string][]string{
		"":             {"alone", "any"},
		"payments":     {"any", "below", "exact", "whole"},
		"payments/a/b": {"any", "below"},
		"refunds":      {"any"},
	} {
		if d, got := b.post("shop", path, `{}`); !slices.Equal(got, want) || len(want) == 1 && !strings.Contains(string(d.Trace), `"check":"path","pattern":"payments","value":"refunds"`) {
			t.Errorf("%q: %q, want %q: %s", path, got, want, d.Trace)
		}
	}
}

func TestWebhookAuth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	trigger := func(a *lockfile.WebhookAuth) lockfile.Trigger {
		return lockfile.Trigger{Type: lockfile.TriggerGenericWebhook, Source: "shop", Auth: a}
	}
	b.lock("1", on("open", trigger(nil)), on("signed", trigger(&lockfile.WebhookAuth{Method: "hmac-sha256", Secret: "key", SignatureHeader: "x-mine"})),
		on("keyed", trigger(&lockfile.WebhookAuth{Method: "api-key", Secret: "key", Header: "x-api-key"})),
		on("lost", trigger(&lockfile.WebhookAuth{Method: "api-key", Secret: "none"})))
	b.through("code", push("main", "1"))
	if d, got := b.post("shop", "", `{}`, "X-Api-Key", "sesame"); !slices.Equal(got, []string{"open"}) || !strings.Contains(string(d.Trace), "nothing here knows secrets") {
		t.Errorf("without secrets: %q %s", got, d.Trace)
	}
	b.Secrets = safe{"a/b key": "sesame", "a/c key": "other", "a/b none ": ""}
	for _, c := range []struct {
		header []string
		want   []string
		why    string
	}{
		{nil, []string{"open"}, "no x-mine"},
		{[]string{"X-Mine", verification.Sign([]byte(`{"a":1}`), "sesame")}, []string{"open", "signed"}, "there is none"},
		{[]string{"X-Mine", verification.Sign([]byte(`{"a":1}`), "other")}, []string{"open"}, "does not fit"},
		{[]string{"X-Api-Key", "sesame"}, []string{"keyed", "open"}, ""},
		{[]string{"X-Api-Key", "sesam"}, []string{"open"}, "missing or wrong"},
	} {
		d, got := b.post("shop", "", `{"a":1}`, c.header...)
		if !slices.Equal(got, c.want) || !strings.Contains(string(d.Trace), c.why) {
			t.Errorf("%q: %q, want %q: %s", c.header, got, c.want, d.Trace)
		}
		if kept := string(d.Headers) + string(d.Trace); strings.Contains(kept, "sesam") {
			t.Errorf("a secret is kept: %s", kept)
		}
	}
	// A secret of another repository is another secret.
	b.lock("2", on("theirs", trigger(&lockfile.WebhookAuth{Method: "api-key", Secret: "key", Header: "x-api-key"})))
	theirs := push("main", "2")
	theirs.Ref.Repo = "a/c"
	b.through("code", theirs)
	if _, got := b.post("shop", "", `{}`, "X-Api-Key", "other"); !slices.Equal(got, []string{"open", "theirs"}) {
		t.Errorf("another repository: %q", got)
	}
}

// What is registered between a delivery's coming in and its being worked through
// has not been proven anything.
func TestWebhookAuthIsNotAssumed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Secrets = safe{"a/b key": "sesame"}
	b.lock("1", on("keyed", lockfile.Trigger{Type: lockfile.TriggerGenericWebhook, Source: "shop", Auth: &lockfile.WebhookAuth{Method: "api-key", Secret: "key"}}))
	r, err := b.send("shop", map[string]int{"a": 1}, "Authorization", "sesame")
	b.must(err)
	b.through("code", push("main", "1"))
	b.must(b.Process(context.Background(), r.ID))
	if d, rs := b.outcome(r.ID); len(rs) != 0 || !strings.Contains(string(d.Trace), "after the delivery came in") {
		t.Errorf("%d runs: %s", len(rs), d.Trace)
	}
}

func TestWebhookAcrossSources(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	b.must(b.store.Tx(ctx, func(tx store.Tx) error {
		return tx.Sources().Put(ctx, &engine.Source{ID: "s5", Name: "forge", Kind: "forge", RoutingKey: "git:5", Enabled: true})
	}))
	hook := func(actions []string, events ...string) lockfile.Trigger {
		return lockfile.Trigger{Type: lockfile.TriggerWebhook, Events: events, Actions: actions}
	}
	paths := hook(nil, "deploy")
	b.lock("1", on("deploys", hook(nil, "deploy", "push")), on("created", hook([]string{"created"}, "deploy")), on("pushes", pushTo("main")), on("other", hook(nil, "else")), on("twice", paths, paths))
	b.through("code", push("main", "1"))

	d, got := b.post("shop", "", `{"x":1}`, "X-Event-Type", "deploy")
	if !slices.Equal(got, []string{"deploys", "twice"}) || d.Matched != 2 {
		t.Fatalf("by name: %q %s", got, d.Trace)
	}
	if ev := b.event(d.ID); ev.Type != "deploy" || ev.Action != "" || ev.TargetBranch != "" || ev.Provider != "generic" || string(ev.Payload) != `{"x":1}` {
		t.Errorf("%+v", ev)
	}
	if _, rs := b.outcome(d.ID); rs[0].Source != "s1" || rs[0].Ref.SHA != "1" || rs[0].RoutingKey != "git:1" {
		t.Errorf("whose code: %+v", rs[0])
	}
	// A forge whose repository has no workflows; the same delivery is no push of ours.
	if d, got = b.post("forge", "", `{"type":"push","payload":{},"Ref":{"Repo":"x/y","SHA":"none"}}`); !slices.Equal(got, []string{"deploys"}) || d.Status != status.EventProcessed {
		t.Errorf("from a forge: %q %+v", got, d)
	}
	// Not from the own source: that is the lock file's at the commit.
	if _, got = b.post("code", "", `{"type":"push","targetBranch":"main","payload":{},"Ref":{"Repo":"a/b","Name":"refs/heads/main","SHA":"1"}}`); !slices.Equal(got, []string{"deploys", "pushes"}) {
		t.Errorf("from its own: %q", got)
	}
	// The body names the repository: its own provider reads the event.
	body := `{"type":"deploy","action":"created","payload":{"n":1},"repository":{"full_name":"a/b"}}`
	if d, got = b.post("shop", "", body, "X-Event-Type", "deploy"); !slices.Equal(got, []string{"created", "deploys", "twice"}) {
		t.Errorf("read as its own: %q %s", got, d.Trace)
	}
	if ev := b.event(d.ID); ev.Action != "created" || string(ev.Payload) != `{"n":1}` {
		t.Errorf("%+v", ev)
	}
	if d, got = b.post("shop", "", `{}`, "X-Event-Type", "unheard"); len(got) != 0 || !strings.Contains(string(d.Trace), "no registered workflow listens") {
		t.Errorf("%q %s", got, d.Trace)
	}
}

func TestScheduleHearsItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	tick := func(cron, zone string) lockfile.Trigger {
		return lockfile.Trigger{Type: lockfile.TriggerSchedule, CronExpression: cron, Timezone: zone}
	}
	b.lock("1", on("a", tick("0 2 * * *", "UTC"), tick("0 2 * * *", "Asia/Tokyo")), on("b", tick("0 2 * * *", "UTC")))
	b.through("code", push("main", "1"))
	fire := intake.Signal{Event: provider.Event{Event: event.Event{Type: event.Schedule, Payload: json.RawMessage(`{"cronExpression":"0 2 * * *"}`)}},
		Schedule: &intake.Schedule{Source: "s1", Repo: "a/b", Workflow: "a", Cron: "0 2 * * *", Timezone: "Asia/Tokyo"}}
	id, err := b.Submit(ctx, fire)
	b.must(err)
	b.must(b.Process(ctx, id))
	d, rs := b.outcome(id)
	if len(rs) != 1 || rs[0].Workflow != "a" || !strings.Contains(string(d.Trace), `"matchedTrigger":1`) || !strings.Contains(string(d.Trace), "another schedule fired") {
		t.Errorf("%d runs: %s", len(rs), d.Trace)
	}
	fire.Schedule.Repo = "a/other"
	id, err = b.Submit(ctx, fire)
	b.must(err)
	b.must(b.Process(ctx, id))
	if _, rs := b.outcome(id); len(rs) != 0 {
		t.Errorf("%+v", rs)
	}
}

// Deliveries are worked through in any order; the last that came in is the one
// whose lock file listens from then on.
func TestLatestPushIsRegistered(t *testing.T) {
	t.Parallel()
	for _, late := range []string{"1", "gone"} { // the older one: with a lock file, and without
		b := setup(t)
		ctx := context.Background()
		b.lock("1", on("ci", pushTo("main")))
		b.lock("2", on("ci", pushTo("main")), on("more", pushTo("main")))
		older, err := b.send("code", push("main", late))
		b.must(err)
		newer, err := b.send("code", push("main", "2"))
		b.must(err)
		b.must(b.Process(ctx, newer.ID))
		b.must(b.Process(ctx, older.ID))
		b.must(b.store.View(ctx, func(tx store.Tx) error {
			got, err := tx.Sources().Registration(ctx, "s1", "a/b")
			if err != nil || got.Ref.SHA != "2" {
				t.Errorf("after %s: %+v, %v", late, got, err)
			}
			return nil
		}))
		if _, rs := b.outcome(older.ID); late == "1" && len(rs) != 1 {
			t.Errorf("the older push started %d runs", len(rs))
		}
	}
}

// A registration that becomes another one is announced; the same again is not.
func TestRegistrationIsNews(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	b.lock("1", on("ci", pushTo("main")))
	b.lock("2", on("ci", pushTo("main")))
	b.lock("3", on("ci", pushTo("main")), on("more", pushTo("main")))
	var news []string
	for _, sha := range []string{"1", "2", "3", "gone", "gone again"} {
		b.through("code", push("main", sha))
		b.must(b.store.Tx(ctx, func(tx store.Tx) error {
			es, err := tx.Events().Pending(ctx, 9)
			if err != nil {
				return err
			}
			for _, e := range es {
				var r intake.Registration
				if err := json.Unmarshal(e.Data, &r); err != nil || e.Kind != intake.KindRegistered {
					continue
				}
				news = append(news, sha+" "+strings.Join(r.Workflows, ","))
				if r.Origin != (intake.Origin{Repo: "a/b", RoutingKey: "git:1"}) {
					t.Errorf("%+v", r)
				}
				if err := tx.Events().Done(ctx, e.Seq); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	if want := []string{"1 ci", "3 ci,more", "gone "}; !slices.Equal(news, want) {
		t.Errorf("%q, want %q", news, want)
	}
}
