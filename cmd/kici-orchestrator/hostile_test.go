package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/kici/adminclient"
)

// Deliveries that must not come in, or only once.
func TestHostileDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var s adminclient.Source
	w.kiciAdmin(&s, "source", "add", "generic", "--name", "hooks", "--secret", "k", "--max-payload", "1000", "--rate-limit", "20")
	for name, c := range map[string]struct {
		url, secret, body string
		want              int
	}{
		"unsigned":         {s.WebhookURL, "", "{}", http.StatusUnauthorized},
		"signed otherwise": {s.WebhookURL, "x", "{}", http.StatusUnauthorized},
		"too large":        {s.WebhookURL, "k", strings.Repeat("x", 1001), http.StatusRequestEntityTooLarge},
		"no such source":   {w.url + "/webhook/o/generic/none", "k", "{}", http.StatusNotFound},
		"good":             {s.WebhookURL, "k", "{}", http.StatusAccepted},
	} {
		if code, _ := post(t, c.url, c.secret, c.body); code != c.want {
			t.Errorf("%s: %d, want %d", name, code, c.want)
		}
	}
	_, first := post(t, s.WebhookURL, "k", "{}", "X-Delivery-Id", "same")
	if code, _ := post(t, s.WebhookURL, "k", "{}", "X-Delivery-Id", "same"); code != http.StatusAccepted || first == "" {
		t.Errorf("repeated: %d", code)
	}
	var twice []adminclient.Delivery
	w.kiciAdmin(&twice, "event-log", "list", "--delivery-id", "same")
	if len(twice) != 2 || twice[0].Status != "duplicate" {
		t.Errorf("%+v", twice)
	}
	for code, n := 0, 0; code != http.StatusTooManyRequests; n++ {
		if code, _ = post(t, s.WebhookURL, "k", "{}"); n > 30 {
			t.Fatal("the rate is not limited")
		}
	}
}

// Whoever sends drop by drop is cut off, in the headers and in the body.
func TestSlowSenders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var s adminclient.Source
	w.kiciAdmin(&s, "source", "add", "generic", "--name", "hooks", "--secret", "k")
	for name, begin := range map[string]string{
		"headers": "POST /webhook/o/generic/hooks HTTP/1.1\r\nHost: x\r\nX-",
		"body":    "POST /webhook/o/generic/hooks HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"health":  "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, begin)
			go func() {
				tick := time.NewTicker(time.Second)
				defer tick.Stop()
				for range tick.C {
					if _, err := c.Write([]byte("x")); err != nil {
						return
					}
				}
			}()
			if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection is still open")
			}
		})
	}
}

// The admin API wants its token, and is not there without one.
func TestAdminAPIIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, token := range []string{"", "x", adminToken + "x", adminToken[1:]} {
		_, err := adminclient.New(w.url, token).Sources(t.Context(), false)
		if !errors.Is(err, &adminclient.Error{Status: http.StatusUnauthorized}) {
			t.Errorf("%q: %v", token, err)
		}
	}
	if _, err := w.admin.Sources(t.Context(), false); err != nil {
		t.Error(err)
	}
	open := start(t, "kici-orchestrator", "KICI_DATA_DIR="+t.TempDir(), "KICI_PORT=0")
	url := "http://" + field(t, open.line(`"listening"`), "address")
	open.line(`"ready"`)
	if code, _ := get(t, url+"/api/v1/admin/sources"); code != http.StatusNotFound {
		t.Errorf("without a token: %d", code)
	}
	for _, path := range []string{"/health", "/ready"} {
		if code, text := get(t, url+path); code != 200 {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
}

// Two orchestrators do not share an embedded database, and say so.
func TestTwoOnOneDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, "kici-orchestrator", "KICI_DATA_DIR="+dir, "KICI_PORT=0").line(`"ready"`)
	second := start(t, "kici-orchestrator", "KICI_DATA_DIR="+dir, "KICI_PORT=0")
	second.line("KICI_DATABASE_URL")
	if code := second.end(); code != 1 {
		t.Errorf("exit %d", code)
	}
}
