package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// Handler answers the API.
type Handler struct {
	Token     string
	Store     store.Store
	Runs      *runs.Runs
	Intake    *intake.Intake
	Logs      *logs.Reader
	Providers map[string]provider.Provider
	Log       *slog.Logger
	Now       func() time.Time
	NewID     func() string
	// RoutingKey names a source's deliveries, WebhookURL where they are posted.
	RoutingKey func(kind string, id engine.SourceID) string
	WebhookURL func(s *engine.Source) string
	// Revoked ends the connections that a token opened.
	Revoked func(engine.TokenID)
	Agents  func() (connected, busy int)
	// Drain keeps jobs from an agent, or lets it have them again.
	Drain    func(ctx context.Context, id engine.AgentID, on bool) error
	DataDir  string
	Version  string
	Protocol int
}

// route answers one request: with a value to encode, or an error.
type route func(r *http.Request) (any, error)

// Routes registers everything.
func (h *Handler) Routes(mux *http.ServeMux) {
	for _, part := range []map[string]route{h.sources(), h.agents(), h.runs(), h.deliveries(), h.deadLetters(), h.keys(), h.system()} {
		for pattern, f := range part {
			method, path, _ := strings.Cut(pattern, " ")
			mux.Handle(method+" "+adminclient.Prefix+path, h.guard(h.serve(f)))
		}
	}
	mux.Handle("GET "+adminclient.Prefix+"/runs/{id}/logs", h.guard(http.HandlerFunc(h.RunLogs)))
	mux.Handle(adminclient.Prefix+"/", h.guard(h.serve(func(*http.Request) (any, error) { return nil, errNoRoute })))
}

// Guard wants the token of whoever asks a handler of another package.
func Guard(token string, log *slog.Logger) func(http.Handler) http.Handler {
	return (&Handler{Token: token, Log: log}).guard
}

// guard wants the token.
func (h *Handler) guard(next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(h.Token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(token))) // of one length, whatever was sent
		if h.Token == "" || !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			h.Fail(w, r, errToken)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *Handler) serve(f route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.Answer(w, r, func() (any, error) { return f(r) })
	})
}

// Answer sends what f gives, or what its error means. The authors' API answers
// through it too, so that both speak alike.
func (h *Handler) Answer(w http.ResponseWriter, r *http.Request, f func() (any, error)) {
	out, err := f()
	switch {
	case err != nil:
		h.Fail(w, r, err)
	case out == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		send(w, http.StatusOK, out)
	}
}

func send(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
}

// maxBody bounds what an operator sends; a payload of an event is the largest.
const maxBody = 8 << 20

// Decode reads the body. Fields that do not exist are mistakes.
func Decode(r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil && err != io.EOF { // no body is an empty one
		return &badError{fmt.Sprintf("the body cannot be read: %v", err)}
	}
	return nil
}

// view reads the store.
func (h *Handler) view(ctx context.Context, f func(tx store.Tx) error) error {
	return h.Store.View(ctx, f)
}

// window is the page of a list that was asked for.
type window struct{ limit, offset int }

const (
	defaultLimit = 20
	maxLimit     = 100
)

func windowOf(r *http.Request) (window, error) { return windowUpTo(r, defaultLimit, maxLimit) }

func windowUpTo(r *http.Request, usual, most int) (window, error) {
	w := window{limit: usual}
	for _, f := range []struct {
		name string
		to   *int
	}{{"limit", &w.limit}, {"offset", &w.offset}} {
		text := r.URL.Query().Get(f.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return w, &badError{fmt.Sprintf("%s=%q is not a number", f.name, text)}
		}
		*f.to = n
	}
	w.limit = min(max(w.limit, 1), most)
	return w, nil
}

// take picks the window of a list that is read page by page, newest first.
// scanned bounds the search for what matches.
type scan[T any] struct {
	page  func(before time.Time, limit int) ([]T, error)
	at    func(*T) time.Time
	match func(*T) bool
	since time.Time // older ones are not looked at
}

const (
	scanPage = 500
	scanMost = 20_000
)

func (s scan[T]) take(w window) ([]T, error) {
	var out []T
	before, skip := time.Time{}, w.offset
	for seen := 0; seen < scanMost; {
		page, err := s.page(before, scanPage)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if s.at(&page[i]).Before(s.since) {
				return out, nil
			}
			if !s.match(&page[i]) {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			if out = append(out, page[i]); len(out) == w.limit {
				return out, nil
			}
		}
		if len(page) < scanPage {
			break
		}
		seen += len(page)
		before = s.at(&page[len(page)-1])
	}
	return out, nil
}

// moment is a time that may not have come.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func timeOf(r *http.Request, name string) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, &badError{fmt.Sprintf("%s=%q is not a time such as 2026-01-02T15:04:05Z", name, text)}
	}
	return t, nil
}
