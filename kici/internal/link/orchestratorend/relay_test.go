package orchestratorend

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport"
	"github.com/kici-dev/kici-go/transport/message"
	"github.com/kici-dev/kici-go/transport/pipe"
)

// relay is one that a test plays by hand, with a real link that has dialled it.
type relay struct {
	t    *testing.T
	wire *pipe.Listener
	conn transport.Conn
	log  *lines
}

// lines is a log that is read while it is written.
type lines struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

type yes struct{}

func (yes) Sources(context.Context, string) ([]message.RelayedSource, error) {
	return []message.RelayedSource{{RoutingKey: "generic:o:1", FriendlyName: "forge"}}, nil
}

func (yes) Accept(context.Context, *Delivery) (*message.WebhookAck, error) {
	return &message.WebhookAck{Result: status.VerdictAccepted}, nil
}

func play(t *testing.T) *relay {
	t.Helper()
	r := &relay{t: t, wire: pipe.Listen(), log: &lines{}}
	n := 0
	var mu sync.Mutex
	l := New(Config{
		Dialer: r.wire, Key: "kici_ok_1", Intake: yes{}, Now: time.Now, Log: slog.New(slog.NewTextHandler(r.log, nil)), Backoff: transport.Backoff{First: time.Millisecond, Max: 5 * time.Millisecond},
		NewID: func() string { mu.Lock(); defer mu.Unlock(); n++; return strings.Repeat("i", n) },
	})
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- l.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	r.accept()
	return r
}

func (r *relay) accept() *message.AuthRequest {
	r.t.Helper()
	conn, err := r.wire.Accept(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	r.conn = conn
	r.t.Cleanup(func() { _ = conn.Close(transport.Normal, "") })
	return r.expect("auth.request").(*message.AuthRequest)
}

func (r *relay) say(m message.Message) {
	r.t.Helper()
	frame, err := message.Encode(m)
	if err == nil {
		err = r.conn.Send(r.t.Context(), frame)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *relay) expect(typ string) message.Message {
	r.t.Helper()
	ctx, stop := context.WithTimeout(r.t.Context(), time.Minute)
	defer stop()
	for {
		frame, err := r.conn.Receive(ctx)
		if err != nil {
			r.t.Fatalf("waiting for %s: %v", typ, err)
		}
		m, err := message.Decode(message.ToRelay, frame)
		if err != nil {
			r.t.Fatal(err)
		}
		if m.Type() == typ {
			return m
		}
	}
}

func (r *relay) ended() *transport.CloseError {
	r.t.Helper()
	ctx, stop := context.WithTimeout(r.t.Context(), time.Minute)
	defer stop()
	for {
		_, err := r.conn.Receive(ctx)
		var end *transport.CloseError
		if errors.As(err, &end) {
			return end
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// A relay that does not number messages (an older one) and one of two protocols
// ahead are worked with; what the latter says that is not known is passed over.
func TestOtherRelays(t *testing.T) {
	t.Parallel()
	for name, hello := range map[string]string{
		"older": `{"type":"auth.success","connectionId":"c"}`,
		"newer": `{"type":"auth.success","connectionId":"c","orgId":"o","protocolVersion":3,"mood":"fine"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := play(t)
			for _, frame := range []string{hello, `{"type":"relay.dreams"}`} {
				if err := r.conn.Send(t.Context(), []byte(frame)); err != nil {
					t.Fatal(err)
				}
			}
			if reg := r.expect("source.register").(*message.SourceRegister); len(reg.Sources) != 1 {
				t.Errorf("%+v", reg)
			}
			r.say(&message.WebhookRelayStart{MessageID: "m", DeliveryID: "d", TotalSize: 1, ChunkCount: 1})
			r.say(&message.WebhookRelayChunk{MessageID: "m", Data: []byte("x")})
			if ack := r.expect("webhook.ack").(*message.WebhookAck); ack.DeliveryID != "d" || ack.Result != status.VerdictAccepted {
				t.Errorf("%+v", ack)
			}
		})
	}
}

// One that is too old is told so, and so is the operator.
func TestTooOldRelay(t *testing.T) {
	t.Parallel()
	r := play(t)
	if err := r.conn.Send(t.Context(), []byte(`{"type":"auth.success","connectionId":"c","protocolVersion":-1}`)); err != nil {
		t.Fatal(err)
	}
	if end := r.ended(); end.Code != transport.ProtocolError || !strings.Contains(end.Reason, "the relay speaks protocol -1; 1 is the oldest spoken here") {
		t.Errorf("%v %q", end.Code, end.Reason)
	}
	r.accept() // it goes on trying
	if text := r.log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "speaks protocol -1") {
		t.Errorf("the log says %s", text)
	}
}

// A key that is refused is said in the log, and tried again: a relay may be set up
// after its orchestrators.
func TestRefusedKey(t *testing.T) {
	t.Parallel()
	r := play(t)
	r.say(&message.AuthFailure{Reason: "the orchestrator key has been revoked"})
	if q := r.accept(); q.Token != "kici_ok_1" || q.Capabilities == nil || !q.Capabilities.Numbers {
		t.Errorf("%+v", q)
	}
	if text := r.log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "has been revoked") || strings.Contains(text, "kici_ok_1") {
		t.Errorf("the log says %s", text)
	}
}

// Chunks that cannot be right are refused at once, so that the relay asks somebody
// else, and nothing of them stays behind.
func TestRefusedChunks(t *testing.T) {
	t.Parallel()
	r := play(t)
	r.say(&message.AuthSuccess{ConnectionID: "c"})
	r.say(&message.WebhookRelayStart{MessageID: "m", DeliveryID: "d", TotalSize: 1, ChunkCount: 1})
	r.say(&message.WebhookRelayChunk{MessageID: "m", Index: 7, Data: []byte("x")})
	if no := r.expect("nack").(*message.Nack); no.MessageID != "m" || !strings.Contains(no.Reason, "no chunk 7 of 1") {
		t.Errorf("%+v", no)
	}
	r.say(&message.WebhookRelayChunk{MessageID: "m", Data: []byte("x")}) // too late
	r.say(&message.WebhookRelayStart{MessageID: "n", DeliveryID: "e", TotalSize: 26 << 20, ChunkCount: 1})
	if no := r.expect("nack").(*message.Nack); no.MessageID != "n" {
		t.Errorf("%+v", no)
	}
}

// Whoever asks what nobody answers here is told so, under the id of the request.
func TestNoDesk(t *testing.T) {
	t.Parallel()
	r := play(t)
	r.say(&message.AuthSuccess{ConnectionID: "c"})
	r.say(&message.RunCancelRequest{RequestID: "q", RunID: "r"})
	if a := r.expect("run.cancel.response").(*message.RunCancelResponse); a.RequestID != "q" || a.Status != 501 || a.Code != "unsupported_request_type" {
		t.Errorf("%+v", a)
	}
}
