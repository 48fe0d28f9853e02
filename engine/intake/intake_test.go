package intake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/generic"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// forge is a provider whose deliveries are their own events.
type forge struct {
	mu      sync.Mutex // guards locks and failing
	locks   map[string][]byte
	failing int // that many times the host does not answer
	asked   atomic.Int64
}

func (f *forge) Verify(_ context.Context, in *provider.Inbound) error {
	if in.Header.Get("X-Sign") != "good" {
		return provider.ErrSignature
	}
	return nil
}

func (f *forge) Normalize(_ context.Context, in *provider.Inbound) ([]provider.Event, error) {
	var ev provider.Event
	if err := json.Unmarshal(in.Body, &ev); err != nil {
		return nil, fmt.Errorf("%w: %w", provider.ErrMalformed, err)
	}
	return []provider.Event{ev}, nil
}

func (f *forge) Lockfile(_ context.Context, _ *engine.Source, ref engine.Ref) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing > 0 {
		f.failing--
		return nil, provider.ErrUnavailable
	}
	if lock, ok := f.locks[ref.SHA]; ok {
		return lock, nil
	}
	return nil, provider.ErrNoLockfile
}

func (f *forge) Key(in *provider.Inbound) string { return in.Header.Get("X-Id") }

func (f *forge) ChangedFiles(context.Context, *engine.Source, *provider.Event) ([]string, error) {
	f.asked.Add(1)
	return []string{"docs/a.md"}, nil
}

func (f *forge) Clone(context.Context, *engine.Source, engine.Ref) (provider.Clone, error) {
	return provider.Clone{}, nil
}

type bench struct {
	*intake.Intake
	t     *testing.T
	store store.Store
	forge *forge
	ids   atomic.Int64
}

func setup(t *testing.T) *bench {
	t.Helper()
	ctx := context.Background()
	s, err := sqlite.Open(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := &bench{t: t, store: s, forge: &forge{locks: map[string][]byte{}}}
	id := func() string { return fmt.Sprintf("id-%06d", b.ids.Add(1)) }
	b.must(s.Migrate(ctx, time.Now()))
	r := runs.New(s, runs.Config{Now: time.Now, NewID: id})
	b.Intake = intake.New(s, r, intake.Config{
		Now: time.Now, NewID: id, Log: slog.New(slog.DiscardHandler),
		Providers: map[string]provider.Provider{"forge": b.forge, "generic": generic.New()},
	})
	b.must(s.Tx(ctx, func(tx store.Tx) error {
		return errors.Join(
			tx.Sources().Put(ctx, &engine.Source{ID: "s1", Name: "code", Kind: "forge", RoutingKey: "git:1", Enabled: true}),
			tx.Sources().Put(ctx, &engine.Source{ID: "s2", Name: "shop", Kind: "generic", RoutingKey: "generic:2", Enabled: true, Config: []byte(`{"verificationMethod":"none","rateLimitRpm":2}`)}),
			tx.Sources().Put(ctx, &engine.Source{ID: "s3", Name: "off", Kind: "forge"}),
			tx.Sources().Put(ctx, &engine.Source{ID: "s4", Name: "odd", Kind: "unheard", Enabled: true}))
	}))
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// lock puts a lock file at a commit.
func (b *bench) lock(sha string, ws ...lockfile.Workflow) {
	b.t.Helper()
	f := &lockfile.File{Workflows: ws}
	b.must(lockfile.Seal(f))
	text, err := lockfile.Encode(f)
	b.must(err)
	b.forge.locks[sha] = text
}

func on(name string, triggers ...lockfile.Trigger) lockfile.Workflow {
	return lockfile.Workflow{Name: name, Source: lockfile.Source{File: name + ".ts", Export: "#default"}, Triggers: triggers,
		Jobs: []lockfile.Job{{Static: &lockfile.StaticJob{Type: "static", Name: "a"}}}}
}

func pushTo(branch string) lockfile.Trigger {
	return lockfile.Trigger{Type: lockfile.TriggerPush, Branches: []lockfile.Pattern{lockfile.Glob(branch)}}
}

func push(branch, sha string) provider.Event {
	return provider.Event{
		Event: event.Event{Type: event.Push, TargetBranch: branch, Payload: json.RawMessage("{}"), SenderUsername: "me"},
		Ref:   engine.Ref{Repo: "a/b", Name: "refs/heads/" + branch, SHA: sha}, DefaultBranch: "main",
	}
}

func (b *bench) send(source string, ev any, header ...string) (intake.Receipt, error) {
	b.t.Helper()
	g, err := b.Open(context.Background(), source)
	if err != nil {
		return intake.Receipt{}, err
	}
	body, err := json.Marshal(ev)
	b.must(err)
	in := &provider.Inbound{Header: http.Header{"X-Sign": {"good"}}, Body: body}
	for i := 0; i+1 < len(header); i += 2 {
		in.Header.Set(header[i], header[i+1])
	}
	return b.Accept(context.Background(), g, in)
}

// through accepts a delivery and works through it.
func (b *bench) through(source string, ev any, header ...string) (engine.Delivery, []engine.Run) {
	b.t.Helper()
	r, err := b.send(source, ev, header...)
	b.must(err)
	b.must(b.Process(context.Background(), r.ID))
	return b.outcome(r.ID)
}

func (b *bench) outcome(id engine.DeliveryID) (d engine.Delivery, rs []engine.Run) {
	b.t.Helper()
	b.must(b.store.View(context.Background(), func(tx store.Tx) error {
		got, err := tx.Deliveries().Get(context.Background(), id)
		if err != nil {
			return err
		}
		d = *got
		rs, err = tx.Runs().Of(context.Background(), id)
		return err
	}))
	return d, rs
}

func TestPushStartsWhatMatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lock("1", on("ci", pushTo("main")), on("release", pushTo("release/*")))
	d, rs := b.through("code", push("main", "1"))
	if d.Status != status.EventProcessed || d.Matched != 1 || d.Event != "push" || d.Ref.SHA != "1" || len(rs) != 1 {
		t.Fatalf("%+v, %d runs", d, len(rs))
	}
	if r := rs[0]; r.Workflow != "ci" || r.Ref.SHA != "1" || r.RoutingKey != "git:1" || r.Trust != intake.Trusted || r.Sender != "me" {
		t.Errorf("%+v", r)
	}
	var traces []intake.Trace
	b.must(json.Unmarshal(d.Trace, &traces))
	if len(traces) != 1 || len(traces[0].Decisions) != 2 || traces[0].Decisions[1].Matched || traces[0].Decisions[1].Summary == "" {
		t.Errorf("the log does not explain: %s", d.Trace)
	}
	b.must(b.Process(context.Background(), d.ID)) // again changes nothing
	if _, again := b.outcome(d.ID); len(again) != 1 {
		t.Error("the delivery started its run twice")
	}
	if n := b.forge.asked.Load(); n != 0 {
		t.Errorf("changed files were asked for %d times, and nobody looks", n)
	}
}

func TestManyWorkThroughOneDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lock("1", on("ci", pushTo("main")))
	r, err := b.send("code", push("main", "1"))
	b.must(err)
	other := setup(t) // another process on the same store
	twin := intake.New(b.store, runs.New(b.store, runs.Config{Now: time.Now, NewID: func() string { return fmt.Sprintf("twin-%d", b.ids.Add(1)) }}),
		intake.Config{Now: time.Now, Log: slog.New(slog.DiscardHandler), Providers: map[string]provider.Provider{"forge": b.forge}})
	_ = other
	var g sync.WaitGroup
	for _, i := range []*intake.Intake{b.Intake, twin, b.Intake, twin} {
		g.Go(func() {
			if err := i.Process(context.Background(), r.ID); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if _, rs := b.outcome(r.ID); len(rs) != 1 {
		t.Errorf("%d runs", len(rs))
	}
}

func TestPathsAskForFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	docs := pushTo("main")
	docs.Paths = []lockfile.Pattern{lockfile.Glob("docs/**")}
	code := pushTo("main")
	code.Paths = []lockfile.Pattern{lockfile.Glob("src/**")}
	b.lock("1", on("docs", docs), on("code", code))
	_, rs := b.through("code", push("main", "1"))
	if len(rs) != 1 || rs[0].Workflow != "docs" || b.forge.asked.Load() != 1 {
		t.Errorf("%+v, asked %d times", rs, b.forge.asked.Load())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct {
		source string
		header []string
		want   error
	}{
		{"none", nil, intake.ErrNoSource},
		{"off", nil, intake.ErrDisabled},
		{"odd", nil, provider.ErrMisconfigured},
		{"code", []string{"X-Sign", "bad"}, provider.ErrSignature},
	} {
		if _, err := b.send(c.source, push("main", "1"), c.header...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.source, err, c.want)
		}
	}
	if _, err := b.send("code", strings.Repeat("x", provider.DefaultMaxPayloadBytes)); !errors.Is(err, intake.ErrTooLarge) {
		t.Error(err)
	}
	var late *intake.RateError
	for range 2 {
		_, err := b.send("shop", "x")
		b.must(err)
	}
	if _, err := b.send("shop", "x"); !errors.As(err, &late) || late.RetryAfter <= 0 {
		t.Errorf("third in a minute: %v", err)
	}
}

func TestRepeatedDelivery(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lock("1", on("ci", pushTo("main")))
	first, rs := b.through("code", push("main", "1"), "X-Id", "7")
	if len(rs) != 1 {
		t.Fatal(first)
	}
	again, err := b.send("code", push("main", "1"), "X-Id", "7")
	if err != nil || !again.Duplicate {
		t.Fatal(again, err)
	}
	if d, rs := b.outcome(again.ID); d.Status != status.EventDuplicate || len(rs) != 0 {
		t.Errorf("%+v, %d runs", d, len(rs))
	}
}

func TestLockFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d, rs := b.through("code", push("side", "none"))
	if d.Status != status.EventLockfileMissing || len(rs) != 0 || d.Event != event.Push || d.Ref.SHA != "none" || d.Ref.Name != "refs/heads/side" {
		t.Errorf("missing: %+v", d)
	}
	for sha, text := range map[string]string{"corrupt": "{", "newer": `{"schemaVersion":99,"workflows":[]}`} {
		b.forge.locks[sha] = []byte(text)
		d, rs = b.through("code", push("main", sha))
		if d.Status != status.EventLockfileCorrupt || len(rs) != 1 || rs[0].Status != status.RunFailed || !strings.Contains(rs[0].Reason, "kici") {
			t.Errorf("%s: %+v %+v", sha, d, rs)
		}
	}
	d, rs = b.through("code", "not an event")
	if d.Status != status.EventFailed || !strings.Contains(d.Error, "malformed") || len(rs) != 0 {
		t.Errorf("malformed: %+v", d)
	}
}

func TestRegistered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shop := lockfile.Trigger{Type: lockfile.TriggerGenericWebhook, Source: "shop", Events: []string{"paid"}}
	b.lock("1", on("ci", pushTo("main")), on("paid", shop))
	b.lock("2", on("ci", pushTo("**")), on("paid2", shop))
	b.through("code", push("main", "1"))
	b.through("code", push("side", "2")) // not the default branch: registers nothing
	d, rs := b.through("shop", map[string]any{"total": 3}, "X-Event-Type", "paid")
	if len(rs) != 1 || rs[0].Workflow != "paid" || rs[0].Ref.SHA != "1" || rs[0].Source != "s1" {
		t.Fatalf("%+v %+v", d, rs)
	}
	ev, err := intake.Custom("paid", json.RawMessage(`{"a":1}`), intake.Origin{})
	b.must(err)
	id, err := b.Submit(context.Background(), intake.Signal{Event: ev})
	b.must(err)
	b.must(b.Process(context.Background(), id))
	if d, rs := b.outcome(id); len(rs) != 0 || d.Status != status.EventProcessed || d.Provider != intake.Internal {
		t.Errorf("%+v %+v", d, rs)
	}
	if _, err := b.Submit(context.Background(), intake.Signal{Event: ev, Depth: intake.MaxChain + 1}); err == nil {
		t.Error("a chain without end")
	}
	b.forge.locks = map[string][]byte{}
	b.through("code", push("main", "3")) // the lock file is gone, and with it the registration
	id, err = b.Submit(context.Background(), intake.Signal{Event: push("main", "3"), Source: "s1", Only: "paid"})
	b.must(err)
	b.must(b.Process(context.Background(), id))
	if d, _ := b.outcome(id); d.Status != status.EventLockfileMissing {
		t.Errorf("%+v", d)
	}
}

type evaluator map[string]string

func (e evaluator) Evaluate(_ context.Context, _, f string, _ json.RawMessage) (json.RawMessage, error) {
	if out, ok := e[f]; ok {
		return json.RawMessage(out), nil
	}
	return nil, errors.New("it took longer than 50 ms")
}

func TestGroupsOfPureFunctions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.Evaluator = evaluator{"named": `"prod"`}
	with := func(name, f string) lockfile.Workflow {
		w := on(name, pushTo("main"))
		w.Jobs[0].Static.DynamicConcurrencyGroup, w.Jobs[0].Static.ConcurrencyGroup = true, &lockfile.Text{Inline: lockfile.NewInline(f)}
		return w
	}
	b.lock("1", with("good", "named"), with("bad", "loop"))
	d, rs := b.through("code", push("main", "1"))
	if len(rs) != 2 {
		t.Fatalf("%+v %+v", d, rs)
	}
	for _, r := range rs {
		switch r.Workflow {
		case "bad":
			if r.Status != status.RunFailed || r.Reason != `job "a": concurrencyGroup: it took longer than 50 ms` {
				t.Errorf("%+v", r)
			}
		case "good":
			b.must(b.store.View(context.Background(), func(tx store.Tx) error {
				js, err := tx.Jobs().Of(context.Background(), r.ID)
				if err == nil && (len(js) != 1 || !strings.HasSuffix(js[0].Turn, "\nprod")) {
					t.Errorf("%+v", js)
				}
				return err
			}))
		}
	}
}

// A delivery that nobody worked through when the process died is found.
func TestSweep(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.lock("1", on("ci", pushTo("main")))
	r, err := b.send("code", push("main", "1"))
	b.must(err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	l := b.store.Listen(store.TopicRuns)
	defer l.Close()
	next := intake.New(b.store, runs.New(b.store, runs.Config{Now: time.Now, NewID: func() string { return fmt.Sprintf("n-%d", b.ids.Add(1)) }}),
		intake.Config{Now: time.Now, Log: slog.New(slog.DiscardHandler), Providers: map[string]provider.Provider{"forge": b.forge}})
	go func() { ended <- next.Run(ctx) }()
	for {
		if _, rs := b.outcome(r.ID); len(rs) == 1 {
			break
		}
		if _, err := l.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	b.must(<-ended)
}
