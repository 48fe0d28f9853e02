package relayend_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/kici/internal/link/orchestratorend"
	"github.com/kici-dev/kici-go/kici/internal/link/relayend"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/pipe"
	"github.com/kici-dev/kici-go/transport/session"
)

// world is a relay's room and its end of the link, on a wire of memory.
type world struct {
	t    *testing.T
	room *relay.Relay
	wire *pipe.Listener
	org  engine.OrgID
	key  string
	id   engine.KeyID
	ids  atomic.Int64
	told told
}

// told is what came up.
type told struct {
	mu  sync.Mutex // guards all
	all []string
}

func (s *told) Take(_ context.Context, _ engine.OrgID, ms []message.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range ms {
		if x, ok := m.(*message.ExecutionStatus); ok {
			s.all = append(s.all, x.RunID)
		}
	}
	return nil
}

func (s *told) runs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.all...)
}

var quick = session.Options{Resend: 20 * time.Millisecond}

func newWorld(t *testing.T, c relay.Config, bad ...pipe.Option) *world {
	t.Helper()
	s, err := sqlite.Open(t.Context(), "")
	must(t, err)
	w := &world{t: t, wire: pipe.Listen(bad...)}
	c.Now, c.NewID, c.Log, c.Instance = time.Now, w.next, slog.New(slog.DiscardHandler), "r"
	must(t, s.Migrate(t.Context(), time.Now()))
	w.room = relay.New(s, c)
	must(t, w.room.Seed(t.Context()))
	must(t, s.View(t.Context(), func(tx store.Tx) error {
		all, err := tx.Relay().Orgs(t.Context())
		w.org = all[0].ID
		return err
	}))
	k, secret, err := w.room.CreateKey(t.Context(), w.org, "", nil)
	must(t, err)
	w.key, w.id = secret, k.ID
	server := relayend.New(relayend.Config{
		NewID: w.next, Log: c.Log, Relay: w.room, Sink: &w.told, Session: quick, WebhookURL: func(engine.OrgID) string { return "http://relay/webhook/x" },
	})
	ctx, stop := context.WithCancel(context.Background())
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := w.wire.Accept(ctx)
			if err != nil {
				return
			}
			conns.Go(func() { server.Serve(ctx, conn) })
		}
	})
	t.Cleanup(func() {
		stop()
		conns.Wait()
		must(t, s.Close())
	})
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) next() string { return fmt.Sprintf("id-%d", w.ids.Add(1)) }

func (w *world) routing() string { return "generic:" + string(w.org) + ":1" }

// inbox is an orchestrator's intake that keeps what it gets.
type inbox struct {
	sources []message.RelayedSource
	answer  func(*orchestratorend.Delivery) (*message.WebhookAck, error)

	mu  sync.Mutex // guards got
	got map[string]*orchestratorend.Delivery
}

func (i *inbox) Sources(context.Context, string) ([]message.RelayedSource, error) {
	return i.sources, nil
}

func (i *inbox) Accept(_ context.Context, d *orchestratorend.Delivery) (*message.WebhookAck, error) {
	i.mu.Lock()
	i.got[d.Start.DeliveryID] = d
	i.mu.Unlock()
	if i.answer != nil {
		return i.answer(d)
	}
	return &message.WebhookAck{Result: status.VerdictAccepted}, nil
}

func (i *inbox) of(id engine.DeliveryID) *orchestratorend.Delivery {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.got[string(id)]
}

// orchestrator connects a real end to the relay and waits until it is routed to.
func (w *world) orchestrator(dialer transport.Dialer) (*inbox, *orchestratorend.Link) {
	w.t.Helper()
	in := &inbox{got: map[string]*orchestratorend.Delivery{}, sources: []message.RelayedSource{{RoutingKey: w.routing(), FriendlyName: "forge"}}}
	l := orchestratorend.New(orchestratorend.Config{
		Dialer: dialer, Key: w.key, Intake: in, NewID: w.next, Now: time.Now, Log: slog.New(slog.DiscardHandler), Session: quick,
		Backoff: transport.Backoff{First: time.Millisecond, Max: 20 * time.Millisecond}, Refresh: 50 * time.Millisecond,
	})
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- l.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		must(w.t, <-over)
	})
	w.routed()
	return in, l
}

func (w *world) routed() {
	w.t.Helper()
	w.until("the source is known", func() bool {
		_, err := w.room.Find(w.t.Context(), w.org, relay.FamilyGeneric, "forge")
		return err == nil
	})
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	limit := time.After(time.Minute)
	for !ok() {
		select {
		case <-look.C:
		case <-limit:
			w.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (w *world) delivery(body []byte) *relay.Delivery {
	sum := sha256.Sum256(body)
	return &relay.Delivery{
		ID: engine.DeliveryID(w.next()), RequestID: w.next(), Org: w.org, RoutingKey: w.routing(), Body: body, Hash: hex.EncodeToString(sum[:]), Path: "a/b", Remote: "192.0.2.7",
		Header: http.Header{"X-Plain": {"one", "two"}, "X-Bytes": {"b\xe4r\xff"}, "X-Text": {"grün <&> \"quoted\"\\"}, "X-Empty": {""}}, ReceivedAt: time.Now(),
	}
}

func (w *world) send(d *relay.Delivery) (relay.Verdict, error) {
	t, err := w.room.Find(w.t.Context(), w.org, relay.FamilyGeneric, "forge")
	if err != nil {
		return relay.Verdict{}, err
	}
	return w.room.Deliver(w.t.Context(), t, d, func(relay.Verdict, error) int { return 0 })
}

// TestByteIdentical: over wires of all kinds a delivery arrives with the bytes and
// the headers that it was sent with, and its verdict comes back.
func TestByteIdentical(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string][]pipe.Option{
		"perfect":    nil,
		"lossy":      {pipe.Spare(3), pipe.Lossy(0.1)},
		"doubling":   {pipe.Spare(3), pipe.Duplicate(0.3)},
		"reordering": {pipe.Spare(3), pipe.Reorder(8)},
		"all bad":    {pipe.Spare(3), pipe.Lossy(0.05), pipe.Duplicate(0.1), pipe.Reorder(4), pipe.Delay(0, 2*time.Millisecond)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, relay.Config{OfferTimeout: time.Minute, Patience: time.Minute}, bad...)
			in, _ := w.orchestrator(w.wire)
			random := rand.New(rand.NewPCG(1, 2))
			var all sync.WaitGroup
			for _, size := range []int{0, 1, 1000, 256 << 10, 256<<10 + 1, 3 << 20, 17, 512 << 10} {
				body := make([]byte, size)
				for i := range body {
					body[i] = byte(random.Uint32())
				}
				all.Go(func() {
					d := w.delivery(body)
					v, err := w.send(d)
					if err != nil || v.Result != status.VerdictAccepted {
						t.Errorf("%d bytes: %+v, %v", size, v, err)
						return
					}
					got := in.of(d.ID)
					if !bytes.Equal(got.Body, body) || got.Remote.String() != d.Remote || got.Start.Metadata.Path != "a/b" {
						t.Errorf("%d bytes arrived as %d from %s", size, len(got.Body), got.Remote)
					}
					if diff := cmp.Diff(d.Header, got.Header); diff != "" {
						t.Errorf("headers (-sent +got):\n%s", diff)
					}
				})
			}
			all.Wait()
		})
	}
}

// TestVerdicts: what an orchestrator says of a delivery is what the relay hears, and
// one that cannot store it is no verdict.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, relay.Config{})
	in, _ := w.orchestrator(w.wire)
	for _, v := range []relay.Verdict{
		{Result: status.VerdictAccepted, Duplicate: true}, {Result: status.VerdictSignature, Status: 401, Reason: "no"},
		{Result: status.VerdictMisconfigured, Status: 429, RetryAfter: 7},
	} {
		in.answer = func(*orchestratorend.Delivery) (*message.WebhookAck, error) {
			return &message.WebhookAck{Result: v.Result, Status: v.Status, Reason: v.Reason, RetryAfter: v.RetryAfter, Duplicate: v.Duplicate}, nil
		}
		got, err := w.send(w.delivery([]byte("x")))
		got.Seat = ""
		if err != nil || got != v {
			t.Errorf("%+v, %v; want %+v", got, err, v)
		}
	}
	in.answer = func(*orchestratorend.Delivery) (*message.WebhookAck, error) {
		return nil, errors.New("the disk is full")
	}
	begin := time.Now()
	if _, err := w.send(w.delivery([]byte("x"))); !errors.Is(err, relay.ErrNobody) {
		t.Errorf("an orchestrator without a store: %v", err)
	}
	if time.Since(begin) > 4*time.Second {
		t.Error("the relay waited for a verdict that it was told does not come")
	}
}

// TestReports: what runs do goes up in order, over a wire that is cut again and
// again, and what is said while nobody is connected goes up later.
func TestReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t, relay.Config{}, pipe.Spare(3), pipe.Lossy(0.02), pipe.Cut(80))
	_, l := w.orchestrator(w.wire)
	const count = 100
	for i := range count {
		l.Report(&message.ExecutionStatus{RunID: fmt.Sprint(i)})
	}
	seen := func() map[string]bool {
		out := map[string]bool{}
		for _, id := range w.told.runs() {
			out[id] = true
		}
		return out
	}
	w.until("all reports are there", func() bool { return len(seen()) == count })
	last := -1
	for _, id := range w.told.runs() { // a connection that ends may leave a message to come twice, never one out of its turn
		var n int
		if _, err := fmt.Sscan(id, &n); err != nil || n > last+1 {
			t.Fatalf("%s came after %d", id, last)
		}
		last = max(last, n)
	}
}

// TestComesBack: an orchestrator whose connection is cut comes back and is routed to
// again; what is offered meanwhile finds nobody.
func TestComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, relay.Config{})
	in, _ := w.orchestrator(w.wire)
	w.wire.Refuse(true)
	w.wire.Break()
	w.until("the seat is empty", func() bool { return w.room.Connected() == 0 })
	if _, err := w.send(w.delivery(nil)); !errors.Is(err, relay.ErrNobody) {
		t.Errorf("with nobody there: %v", err)
	}
	w.wire.Refuse(false)
	var d *relay.Delivery
	w.until("it takes deliveries again", func() bool {
		d = w.delivery([]byte("again"))
		v, err := w.send(d)
		return err == nil && v.Result == status.VerdictAccepted
	})
	if got := in.of(d.ID); got == nil || string(got.Body) != "again" {
		t.Errorf("%+v", got)
	}
}

// TestFailOver: one orchestrator takes the delivery and dies before it says so;
// another one is offered the same delivery, under the same id.
func TestFailOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, relay.Config{})
	dying := w.raw(w.key, 1)
	dying.register(w.routing())
	d := w.delivery(bytes.Repeat([]byte("x"), 600<<10))
	over := make(chan error, 1)
	var v relay.Verdict
	go func() {
		var err error
		v, err = w.send(d)
		over <- err
	}()
	start := dying.expect("webhook.relay.start").(*message.WebhookRelayStart)
	for range start.ChunkCount {
		dying.expect("webhook.relay.chunk")
	}
	in, _ := w.orchestrator(w.wire)
	w.until("the other one is connected", func() bool { return w.room.Connected() == 2 })
	w.until("and routed to", func() bool { // by a delivery that the dying one never answers
		e := w.delivery([]byte("probe"))
		ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer stop()
		_, _ = w.room.Local(ctx, e)
		return in.of(e.ID) != nil
	})
	must(t, dying.conn.Close(transport.Abnormal, ""))
	must(t, <-over)
	if v.Result != status.VerdictAccepted || start.DeliveryID != string(d.ID) || in.of(d.ID) == nil {
		t.Errorf("%+v, %q", v, start.DeliveryID)
	}
}

// raw is an orchestrator that a test plays by hand. It numbers nothing.
type raw struct {
	t    *testing.T
	conn transport.Conn
}

func (w *world) dial() *raw {
	w.t.Helper()
	conn, err := w.wire.Dial(w.t.Context())
	must(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close(transport.Normal, "") })
	return &raw{w.t, conn}
}

func (w *world) raw(key string, version int) *raw {
	w.t.Helper()
	r := w.dial()
	r.say(&message.AuthRequest{Token: key, ProtocolVersion: version})
	r.expect("auth.success")
	return r
}

func (r *raw) say(m message.Message) {
	r.t.Helper()
	frame, err := message.Encode(m)
	must(r.t, err)
	must(r.t, r.conn.Send(r.t.Context(), frame))
}

// expect reads until a message of a type comes.
func (r *raw) expect(typ string) message.Message {
	r.t.Helper()
	ctx, stop := context.WithTimeout(r.t.Context(), time.Minute)
	defer stop()
	for {
		frame, err := r.conn.Receive(ctx)
		if err != nil {
			r.t.Fatalf("waiting for %s: %v", typ, err)
		}
		m, err := message.Decode(message.FromRelay, frame)
		must(r.t, err)
		if m.Type() == typ {
			return m
		}
	}
}

func (r *raw) register(keys ...string) *message.SourceRegisterAck {
	r.t.Helper()
	m := &message.SourceRegister{MessageID: "m"}
	for _, k := range keys {
		m.Sources = append(m.Sources, message.RelayedSource{RoutingKey: k, FriendlyName: "forge"})
	}
	r.say(m)
	return r.expect("source.register.ack").(*message.SourceRegisterAck)
}

// ended waits for the end, and gives its code and reason.
func (r *raw) ended() *transport.CloseError {
	r.t.Helper()
	ctx, stop := context.WithTimeout(r.t.Context(), time.Minute)
	defer stop()
	for {
		_, err := r.conn.Receive(ctx)
		var end *transport.CloseError
		if errors.As(err, &end) {
			return end
		}
		must(r.t, err)
	}
}

// TestDoor: who is not let in is told why, exactly.
func TestDoor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first  func(w *world) message.Message
		code   transport.Code
		reason string
	}{
		"a wrong key": {func(*world) message.Message { return &message.AuthRequest{Token: "kici_ok_00", ProtocolVersion: 1} }, transport.Unauthorized, "not known here"},
		"no key":      {func(*world) message.Message { return &message.AuthRequest{ProtocolVersion: 1} }, transport.Unauthorized, "not known here"},
		"a revoked key": {func(w *world) message.Message {
			must(w.t, w.room.RevokeKey(w.t.Context(), w.id))
			return &message.AuthRequest{Token: w.key, ProtocolVersion: 1}
		}, transport.Unauthorized, "revoked"},
		"an old protocol": {func(w *world) message.Message { return &message.AuthRequest{Token: w.key, ProtocolVersion: -1} }, transport.ProtocolError, "protocol -1 is too old; 1 is the oldest spoken here"},
		"another message": {func(*world) message.Message { return &message.SourceRegister{} }, transport.Unauthorized, "auth.request comes first"},
		"an agent":        {func(*world) message.Message { return &message.AgentRegister{} }, transport.InvalidMessage, "does not travel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, relay.Config{})
			r := w.dial()
			r.say(c.first(w))
			if end := r.ended(); end.Code != c.code || !strings.Contains(end.Reason, c.reason) {
				t.Errorf("%v %q", end.Code, end.Reason)
			}
		})
	}
}

// TestRevokedKeyEnds: the connection that a key opened ends when it is revoked.
func TestRevokedKeyEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, relay.Config{})
	r := w.raw(w.key, 1)
	must(t, w.room.RevokeKey(t.Context(), w.id))
	if end := r.ended(); end.Code != transport.Unauthorized || !strings.Contains(end.Reason, "revoked") {
		t.Errorf("%v %q", end.Code, end.Reason)
	}
}

// TestNewerOrchestrator: two protocols ahead it works: unknown messages and fields
// are passed over.
func TestNewerOrchestrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t, relay.Config{})
	r := w.raw(w.key, 3)
	must(t, r.conn.Send(t.Context(), []byte(`{"type":"orch.dreams","of":["sheep"]}`)))
	if ack := r.register(w.routing()); len(ack.Accepted) != 1 {
		t.Fatalf("%+v", ack)
	}
	over := make(chan error, 1)
	go func() {
		v, err := w.send(w.delivery([]byte("x")))
		if err == nil && v.Result != status.VerdictAccepted {
			err = errors.New(string(v.Result))
		}
		over <- err
	}()
	start := r.expect("webhook.relay.start").(*message.WebhookRelayStart)
	must(t, r.conn.Send(t.Context(), []byte(`{"type":"webhook.ack","deliveryId":"`+start.DeliveryID+`","result":"accepted","mood":"fine"}`)))
	must(t, <-over)
}

// TestOddOrchestrators: those that answer nonsense, twice, or for others.
func TestOddOrchestrators(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(r *raw, start *message.WebhookRelayStart)
		want   status.Verdict
	}{
		"never answers": {func(*raw, *message.WebhookRelayStart) {}, ""},
		"no verdict": {func(r *raw, s *message.WebhookRelayStart) {
			r.say(&message.WebhookAck{DeliveryID: s.DeliveryID, Result: "maybe"})
		}, ""},
		"for another delivery": {func(r *raw, s *message.WebhookRelayStart) {
			r.say(&message.WebhookAck{DeliveryID: "x" + s.DeliveryID, Result: status.VerdictAccepted})
		}, ""},
		"a nack": {func(r *raw, s *message.WebhookRelayStart) {
			r.say(&message.Nack{MessageID: s.MessageID, Reason: "full"})
		}, ""},
		"hangs up":       {func(r *raw, _ *message.WebhookRelayStart) { _ = r.conn.Close(transport.Normal, "") }, ""},
		"a broken frame": {func(r *raw, _ *message.WebhookRelayStart) { _ = r.conn.Send(r.t.Context(), []byte("{")) }, ""},
		"twice, the first counts": {func(r *raw, s *message.WebhookRelayStart) {
			r.say(&message.WebhookAck{DeliveryID: s.DeliveryID, Result: status.VerdictSignature})
			r.say(&message.WebhookAck{DeliveryID: s.DeliveryID, Result: status.VerdictAccepted})
		}, status.VerdictSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, relay.Config{OfferTimeout: 300 * time.Millisecond})
			r := w.raw(w.key, 1)
			r.register(w.routing())
			type result struct {
				v   relay.Verdict
				err error
			}
			over := make(chan result, 1)
			go func() {
				v, err := w.send(w.delivery([]byte("x")))
				over <- result{v, err}
			}()
			c.answer(r, r.expect("webhook.relay.start").(*message.WebhookRelayStart))
			got := <-over
			if got.v.Result != c.want || (c.want == "") != errors.Is(got.err, relay.ErrNobody) {
				t.Errorf("%+v, %v", got.v, got.err)
			}
		})
	}
}

// TestOthersSources: a key opens nothing of another organisation.
func TestOthersSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, relay.Config{})
	other, err := w.room.CreateOrg(t.Context(), "other")
	must(t, err)
	_, secret, err := w.room.CreateKey(t.Context(), other.ID, "", nil)
	must(t, err)
	thief := w.raw(secret, 1)
	if ack := thief.register(w.routing()); len(ack.Accepted) != 0 || len(ack.Rejections) != 1 || !strings.Contains(ack.Rejections[0].Reason, "another organisation's") {
		t.Fatalf("%+v", ack)
	}
	if _, err := w.send(w.delivery(nil)); !errors.Is(err, relay.ErrUnknown) {
		t.Errorf("the source is known by a lie: %v", err)
	}
	in, _ := w.orchestrator(w.wire)
	d := w.delivery([]byte("mine"))
	if v, err := w.send(d); err != nil || v.Result != status.VerdictAccepted || in.of(d.ID) == nil {
		t.Errorf("%+v, %v", v, err)
	}
}
