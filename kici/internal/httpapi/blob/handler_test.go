package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/blob/fs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type house struct {
	t      *testing.T
	store  *fs.Store
	signer *blob.Signer
	server *httptest.Server
	client *http.Client
	log    *buffer
}

// buffer is a log that may be written while it is read.
type buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func setup(t *testing.T, limit int64) *house {
	t.Helper()
	store, err := fs.Open(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: store, log: &buffer{}, signer: &blob.Signer{Secret: []byte("s"), Now: time.Now}}
	handler := &Handler{Store: store, Signer: h.signer, Limit: limit, Log: slog.New(slog.NewTextHandler(h.log, nil))}
	h.server = httptest.NewServer(handler)
	h.client = h.server.Client()
	h.signer.Base = h.server.URL
	t.Cleanup(func() {
		h.server.Close()
		_ = store.Close()
	})
	return h
}

func (h *house) link(method, key string) string {
	h.t.Helper()
	link, err := h.signer.Link(h.t.Context(), method, key)
	if err != nil {
		h.t.Fatal(err)
	}
	return link
}

func (h *house) do(method, url, body string, header ...string) (*http.Response, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	b, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		h.t.Fatal(err)
	}
	return answer, string(b)
}

func (h *house) want(what string, status int, text string) func(*http.Response, string) {
	return func(r *http.Response, body string) {
		h.t.Helper()
		if r.StatusCode != status || !strings.Contains(body, text) {
			h.t.Errorf("%s: %s %q, want %d %q", what, r.Status, body, status, text)
		}
	}
}

const helloSum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

func TestUpAndDown(t *testing.T) {
	t.Parallel()
	h := setup(t, 0)
	const key = "cache/o/r%2Fx/shared/ü k?#.tar.gz"
	h.want("put", 201, `{"size":5,"sha256":"`+helloSum+`"}`)(h.do("PUT", h.link("PUT", key), "hello"))
	get := h.link("GET", key)
	answer, body := h.do("GET", get, "")
	h.want("get", 200, "hello")(answer, body)
	etag := answer.Header.Get("ETag")
	if answer.ContentLength != 5 || etag != `"`+helloSum+`"` || answer.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("headers %v", answer.Header)
	}
	for _, c := range []struct {
		ranges string
		status int
		body   string
	}{{"bytes=1-3", 206, "ell"}, {"bytes=3-", 206, "lo"}, {"bytes=-2", 206, "lo"}, {"bytes=0-99", 206, "hello"}, {"bytes=9-", 416, "invalid range"}, {"bytes=0-0,4-4", 206, "bytes 4-4/5"}} {
		h.want(c.ranges, c.status, c.body)(h.do("GET", get, "", "Range", c.ranges))
	}
	h.want("known already", 304, "")(h.do("GET", get, "", "If-None-Match", etag))
	h.want("head", 200, "")(h.do("HEAD", get, ""))
	h.want("again", 201, "")(h.do("PUT", h.link("PUT", key), "")) // a repeated upload replaces
	h.want("empty", 200, "")(h.do("GET", get, ""))
	if h.log.String() != "" {
		t.Error(h.log.String())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	put := h.link("PUT", "k")
	h.want("a link of another method", 403, "signature")(h.do("GET", put, ""))
	h.want("a link of another key", 403, "signature")(h.do("PUT", strings.Replace(put, "/k?", "/l?", 1), "x"))
	h.want("no signature", 403, "signature")(h.do("PUT", h.server.URL+blob.Path+"k", "x"))
	h.want("missing", 404, "no such object")(h.do("GET", h.link("GET", "none"), ""))
	h.want("another path", 404, "no such path")(h.do("GET", h.server.URL+"/api/v1/runs", ""))
	h.want("way out", 403, "")(h.do("GET", h.server.URL+blob.Path+"%2e%2e/%2e%2e/etc/passwd?sig=1.x", ""))
	answer, body := h.do("DELETE", put, "")
	h.want("delete", 405, "only GET")(answer, body)
	if answer.Header.Get("Allow") == "" {
		t.Error("no Allow")
	}
	h.want("too large, and said so", 413, "larger than 10 bytes")(h.do("PUT", put, strings.Repeat("x", 11)))
	if _, err := h.store.Stat(t.Context(), "k"); err == nil {
		t.Error("a refused upload was stored")
	}
	h.want("just right", 201, "")(h.do("PUT", put, strings.Repeat("x", 10)))
	h.signer.TTL = time.Nanosecond // rounds down to a second that has begun
	h.want("expired", 403, "expired")(h.do("GET", h.link("GET", "k"), ""))
	if h.log.String() != "" {
		t.Error(h.log.String())
	}
}

func TestTooLargeUnsaid(t *testing.T) {
	t.Parallel()
	h := setup(t, 10)
	r, err := http.NewRequestWithContext(t.Context(), "PUT", h.link("PUT", "k"), io.MultiReader(strings.NewReader("12345678"), strings.NewReader("9012")))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := h.client.Do(r) // chunked: no length is announced
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	h.want("chunked", 413, "larger than 10 bytes")(answer, string(b))
}

// An upload that stops in the middle stores nothing and is the sender's fault.
func TestCutUpload(t *testing.T) {
	t.Parallel()
	h := setup(t, 0)
	link := h.link("PUT", "k")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(h.server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, h.server.URL)
	if _, err := io.WriteString(conn, "PUT "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err := errors.Join(err, conn.Close()); err != nil || !bytes.Contains(answer, []byte(" 400 ")) || !bytes.Contains(answer, []byte("ended early")) {
		t.Errorf("%v: %s", err, answer)
	}
	if _, err := h.store.Stat(t.Context(), "k"); err == nil {
		t.Error("half an upload was stored")
	}
	if h.log.String() != "" {
		t.Error(h.log.String())
	}
}

// broken fails where the back end would.
type broken struct{ blob.Store }

func (broken) Get(context.Context, string, blob.Range) (*blob.Object, error) {
	return nil, errors.New("disk on fire in /srv/secret")
}

func TestBackEndFails(t *testing.T) {
	t.Parallel()
	h := setup(t, 0)
	h.server.Config.Handler.(*Handler).Store = broken{}
	answer, body := h.do("GET", h.link("GET", "k"), "")
	h.want("failure", 500, "the object store failed")(answer, body)
	if strings.Contains(body, "/srv") || !strings.Contains(h.log.String(), "disk on fire") || strings.Contains(h.log.String(), "sig=") {
		t.Errorf("said %q, logged %q", body, h.log.String())
	}
}
