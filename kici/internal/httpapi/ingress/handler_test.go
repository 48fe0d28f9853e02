package ingress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// scripted is a relay whose orchestrators do what a test says.
type scripted struct {
	find    error
	verdict relay.Verdict
	err     error

	mu   sync.Mutex // guards what follows
	got  []*relay.Delivery
	code int // that was to be logged
}

func (s *scripted) Find(_ context.Context, org engine.OrgID, family, name string) (*relay.Target, error) {
	return &relay.Target{Org: org, Family: family, Name: name, RoutingKey: family + ":" + name}, s.find
}

func (s *scripted) Deliver(_ context.Context, _ *relay.Target, d *relay.Delivery, statusOf func(relay.Verdict, error) int) (relay.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.code = append(s.got, d), statusOf(s.verdict, s.err)
	return s.verdict, s.err
}

func (s *scripted) Local(_ context.Context, d *relay.Delivery) (relay.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, d)
	return s.verdict, s.err
}

func (s *scripted) last() *relay.Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.got) == 0 {
		return nil
	}
	return s.got[len(s.got)-1]
}

var accepted = relay.Verdict{Result: status.VerdictAccepted}

func door(s *scripted, key []byte) *Handler {
	n := 0
	var mu sync.Mutex
	return New(Handler{Relay: s, Log: slog.New(slog.DiscardHandler), Now: time.Now, Key: key, NewID: func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("id-%d", n)
	}})
}

func mux(h *Handler) *http.ServeMux {
	m := http.NewServeMux()
	h.Routes(m)
	return m
}

// TestStatus: the documented answers.
func TestStatus(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte("x"), MaxBody+1)
	for name, c := range map[string]struct {
		s      *scripted
		path   string
		header http.Header
		body   []byte
		want   int
		retry  string
	}{
		"accepted":             {s: &scripted{verdict: accepted}, want: 200},
		"a wrong signature":    {s: &scripted{verdict: relay.Verdict{Result: status.VerdictSignature}}, want: 401},
		"an unknown source":    {s: &scripted{verdict: relay.Verdict{Result: status.VerdictUnknownSource}}, want: 404},
		"misconfigured":        {s: &scripted{verdict: relay.Verdict{Result: status.VerdictMisconfigured}}, want: 500},
		"too many":             {s: &scripted{verdict: relay.Verdict{Result: status.VerdictMisconfigured, Status: 429, RetryAfter: 3}}, want: 429, retry: "3"},
		"too large for it":     {s: &scripted{verdict: relay.Verdict{Result: status.VerdictMisconfigured, Status: 413}}, want: 413},
		"a status of success":  {s: &scripted{verdict: relay.Verdict{Result: status.VerdictMisconfigured, Status: 200}}, want: 500},
		"nobody":               {s: &scripted{err: relay.ErrNobody}, want: 503, retry: "5"},
		"a store that is down": {s: &scripted{find: errors.New("no connection")}, want: 503, retry: "5"},
		"unknown":              {s: &scripted{find: relay.ErrUnknown}, body: big, want: 404},
		"25 MiB":               {s: &scripted{verdict: accepted}, body: big[:MaxBody], want: 200},
		"beyond 25 MiB":        {s: &scripted{verdict: accepted}, body: big, want: 413},
		"an app":               {s: &scripted{verdict: accepted}, path: "/webhook/org_1/github", header: http.Header{typeHeader: {"integration"}, appHeader: {"7"}}, want: 200},
		"no app":               {s: &scripted{verdict: accepted}, path: "/webhook/org_1/github", header: http.Header{typeHeader: {"repository"}, appHeader: {"7"}}, want: 404},
		"another kind":         {s: &scripted{}, path: "/webhook/org_1/local/x", want: 404},
		"the other spelling":   {s: &scripted{verdict: accepted}, path: "/webhooks/org_1/generic/forge", want: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.path == "" {
				c.path = "/webhook/org_1/generic/forge"
			}
			for _, honest := range []bool{true, false} { // about the length
				var body io.Reader = bytes.NewReader(c.body)
				if !honest {
					body = io.MultiReader(body)
				}
				r := httptest.NewRequest("POST", c.path, body)
				for name, v := range c.header {
					r.Header[name] = v
				}
				w := httptest.NewRecorder()
				mux(door(c.s, nil)).ServeHTTP(w, r)
				if w.Code != c.want || w.Header().Get("Retry-After") != c.retry {
					t.Errorf("%d %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
				}
				if w.Code == 200 && !strings.Contains(w.Body.String(), `"requestId":"`) {
					t.Errorf("there is no requestId: %s", w.Body)
				}
				if d := c.s.last(); d != nil && c.s.code != c.want {
					t.Errorf("%d is logged", c.s.code)
				}
			}
		})
	}
}

// TestVerbatim: all that came goes on, and nothing else: headers of any kind, the
// path behind the source, and a body that is no text.
func TestVerbatim(t *testing.T) {
	t.Parallel()
	s := &scripted{verdict: accepted}
	server := httptest.NewServer(mux(door(s, nil)))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it was read
	raw := "POST /webhook/org_1/generic/forge/a/../b%2Fc/d HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nX-Twice: 1\r\nX-Twice: 2\r\nX-Bytes: \xff\xfe\r\nx-hub-signature-256: sha256=00\r\n" +
		"X-Kici-Relay-Seal: 00\r\nX-Request-Id: mine\r\nX-Forwarded-For: 10.0.0.1\r\nX-Github-Delivery: " + strings.Repeat("d", 5000) + "\r\nConnection: close\r\n\r\n\x00\xff\n"
	raw = strings.Replace(raw, "a/../b%2Fc/d", "a/b%2Fc/d", 1) // the mux redirects what is not clean
	if _, err := conn.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
		t.Fatalf("%s %v", answer, err)
	}
	d := s.last()
	if string(d.Body) != "\x00\xff\n" || d.Path != "a/b/c/d" || d.Remote != "127.0.0.1" || d.Signature != "sha256=00" || d.RequestID == "mine" {
		t.Errorf("%+v", d)
	}
	if !slices.Equal(d.Header["X-Twice"], []string{"1", "2"}) || d.Header.Get("X-Bytes") != "\xff\xfe" || d.Header.Get("X-Forwarded-For") != "10.0.0.1" || len(d.Header.Get("X-Github-Delivery")) != 5000 {
		t.Errorf("%+v", d.Header)
	}
}

// TestHostileHeaders: what HTTP forbids does not come in.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	s := &scripted{verdict: accepted}
	server := httptest.NewUnstartedServer(mux(door(s, nil)))
	server.Config.MaxHeaderBytes = 64 << 10
	server.Start()
	t.Cleanup(server.Close)
	for name, head := range map[string]string{
		"too large":         "X-Big: " + strings.Repeat("x", 128<<10),
		"a null byte":       "X-Null: a\x00b",
		"two lengths":       "Content-Length: 0\r\nContent-Length: 5",
		"a negative length": "Content-Length: -1",
		"a folded line":     "X-Fold: a\r\n b\rX: y",
		"a space in a name": "X Space: a",
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		go func() { // the server may answer before it has all of it
			_, _ = fmt.Fprintf(conn, "POST /webhook/org_1/generic/forge HTTP/1.1\r\nHost: x\r\n%s\r\nConnection: close\r\n\r\n", head)
		}()
		answer, _ := io.ReadAll(conn) // a reset is an answer too
		if bytes.HasPrefix(answer, []byte("HTTP/1.1 2")) {
			t.Errorf("%s: %.100s", name, answer)
		}
		_ = conn.Close()
	}
	if s.last() != nil {
		t.Errorf("%+v was delivered", s.last())
	}
}

// stalled is a body of which a part never comes.
type stalled struct {
	part  io.Reader
	begun *sync.WaitGroup
	stop  chan struct{}
}

func (s *stalled) Read(p []byte) (int, error) {
	if n, _ := s.part.Read(p); n > 0 {
		return n, nil
	}
	s.begun.Done()
	<-s.stop
	return 0, errors.New("the read deadline is over")
}

// TestSlowLoris: senders that announce much and send little keep nobody else out;
// those that do send it do, and are the ones to be told so.
func TestSlowLoris(t *testing.T) {
	t.Parallel()
	s := &scripted{verdict: accepted}
	h := door(s, nil)
	m := mux(h)
	stop := make(chan struct{})
	var all, begun sync.WaitGroup
	begun.Add(200)
	for range 200 {
		r := httptest.NewRequest("POST", "/webhook/org_1/generic/forge", &stalled{strings.NewReader("x"), &begun, stop})
		r.ContentLength = MaxBody
		all.Go(func() {
			w := httptest.NewRecorder()
			m.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest {
				t.Errorf("a body that was cut off: %d", w.Code)
			}
		})
	}
	begun.Wait()
	post := func() int {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest("POST", "/webhook/org_1/generic/forge", strings.NewReader("{}")))
		return w.Code
	}
	if code := post(); code != http.StatusOK {
		t.Errorf("beside 200 slow senders: %d", code)
	}
	left := h.budget.left // nobody takes of it now
	if left != bodies-200 || !h.budget.take(left) {
		t.Fatalf("%d bytes are left of %d", left, bodies)
	}
	if code := post(); code != http.StatusServiceUnavailable {
		t.Errorf("with no room left: %d", code)
	}
	h.budget.give(left)
	close(stop)
	all.Wait()
	if code := post(); code != http.StatusOK {
		t.Errorf("afterwards: %d", code)
	}
}

// TestPeers: a delivery goes from relay to relay byte for byte, and only to those
// that know the key.
func TestPeers(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{1}, 32)
	s := &scripted{verdict: relay.Verdict{Result: status.VerdictSignature, Status: 401, Seat: "s"}}
	server := httptest.NewServer(mux(door(s, key)))
	t.Cleanup(server.Close)
	d := &relay.Delivery{ID: "d", RequestID: "q", Org: "o", RoutingKey: "k", Header: http.Header{"X-Bytes": {"\xff", "two"}}, Body: []byte("\x00\xff"), Hash: "h", ReceivedAt: time.Unix(1, 0).UTC()}
	send := func(key []byte, now time.Time) (relay.Verdict, error) {
		p := &Peers{Key: key, Client: server.Client(), Now: func() time.Time { return now }}
		return p.Forward(t.Context(), server.URL+"/", d)
	}
	if v, err := send(key, time.Now()); err != nil || v != s.verdict {
		t.Errorf("%+v, %v", v, err)
	}
	got := s.last()
	want, _ := json.Marshal(d.Header)
	have, _ := json.Marshal(got.Header)
	if !bytes.Equal(got.Body, d.Body) || got.Header.Get("X-Bytes") != "\xff" || !bytes.Equal(want, have) || got.ID != "d" || !got.ReceivedAt.Equal(d.ReceivedAt) {
		t.Errorf("%+v", got)
	}
	for name, f := range map[string]func() (relay.Verdict, error){
		"another key": func() (relay.Verdict, error) { return send(bytes.Repeat([]byte{2}, 32), time.Now()) },
		"an old seal": func() (relay.Verdict, error) { return send(key, time.Now().Add(-time.Hour)) },
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.verdict, s.err = relay.Verdict{}, relay.ErrNobody
	if _, err := send(key, time.Now()); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("with nobody there: %v", err)
	}
	alone := httptest.NewServer(mux(door(s, nil)))
	t.Cleanup(alone.Close)
	if _, err := (&Peers{Key: key, Client: alone.Client(), Now: time.Now}).Forward(t.Context(), alone.URL, d); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a relay without a key: %v", err)
	}
}

// FuzzUnpack: whatever another relay sends is a delivery or refused.
func FuzzUnpack(f *testing.F) {
	good, err := pack(&relay.Delivery{ID: "d", Header: http.Header{"A": {"b"}}, Body: []byte("x")})
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{good, nil, {0, 0, 0, 9}, {255, 255, 255, 255, 0}, []byte("\x00\x00\x00\x02{}")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := unpack(b); err == nil && len(d.Body) > len(b) {
			t.Error("the body is longer than all of it")
		}
	})
}
