package ingress

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Relay is where deliveries go.
type Relay interface {
	Find(ctx context.Context, org engine.OrgID, family, name string) (*relay.Target, error)
	Deliver(ctx context.Context, t *relay.Target, d *relay.Delivery, statusOf func(relay.Verdict, error) int) (relay.Verdict, error)
	Local(ctx context.Context, d *relay.Delivery) (relay.Verdict, error)
}

// Handler answers deliveries.
type Handler struct {
	Relay Relay
	Log   *slog.Logger
	Now   func() time.Time
	NewID func() string
	// Key is what relays of one name share; without one they pass nothing on.
	Key    []byte
	budget *budget
}

// MaxBody is the largest body that a relay takes.
const MaxBody = 25 << 20

// bodies is how many bytes of bodies may be under way at once: ten of the largest.
const bodies = 10 * MaxBody

// New makes a handler.
func New(h Handler) *Handler {
	h.budget = &budget{left: bodies}
	return &h
}

// Routes registers the handler's paths.
func (h *Handler) Routes(mux *http.ServeMux) {
	for _, base := range []string{"/webhook", "/webhooks"} {
		mux.HandleFunc("POST "+base+"/{org}/github", h.github)
		mux.HandleFunc("POST "+base+"/{org}/generic/{source}", h.generic)
		mux.HandleFunc("POST "+base+"/{org}/generic/{source}/{rest...}", h.generic)
	}
	mux.HandleFunc("POST "+PeerPath, h.peer)
}

// Headers of GitHub's deliveries, and those that other forges name theirs with.
const (
	appHeader  = "X-Github-Hook-Installation-Target-Id"
	typeHeader = "X-Github-Hook-Installation-Target-Type"
)

func (h *Handler) github(w http.ResponseWriter, r *http.Request) {
	if kind := r.Header.Get(typeHeader); kind != "integration" {
		h.answer(w, r, relay.Verdict{}, errNoApp)
		return
	}
	h.serve(w, r, relay.FamilyGitHub, r.Header.Get(appHeader))
}

func (h *Handler) generic(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, relay.FamilyGeneric, r.PathValue("source"))
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, family, name string) {
	d := &relay.Delivery{
		ID: engine.DeliveryID(h.NewID()), RequestID: h.NewID(), Org: engine.OrgID(r.PathValue("org")), Header: r.Header.Clone(),
		Path: strings.Trim(r.PathValue("rest"), "/"), Remote: remote(r), ReceivedAt: h.Now(),
		Event:     first(r.Header, "X-Github-Event", "X-Gitea-Event", "X-Gogs-Event", "X-Gitlab-Event", "X-Event-Type"),
		Sender:    first(r.Header, "X-Github-Delivery", "X-Gitea-Delivery", "X-Gogs-Delivery", "X-Gitlab-Event-Uuid"),
		Signature: first(r.Header, "X-Hub-Signature-256", "X-Signature-256", "X-Gitea-Signature", "X-Gogs-Signature"),
	}
	t, err := h.Relay.Find(r.Context(), d.Org, family, name)
	if err != nil {
		h.answer(w, r, relay.Verdict{}, err)
		return
	}
	d.RoutingKey = t.RoutingKey
	in := &held{budget: h.budget, from: http.MaxBytesReader(w, r.Body, MaxBody)}
	defer in.release()
	if err := read(r, in, d); err != nil {
		h.answer(w, r, relay.Verdict{}, err)
		return
	}
	w.Header().Set("X-Request-Id", d.RequestID)
	v, err := h.Relay.Deliver(r.Context(), t, d, func(v relay.Verdict, err error) int { code, _ := Status(v, err); return code })
	h.Log.Info("delivery relayed", "delivery", d.ID, "requestId", d.RequestID, "routingKey", d.RoutingKey, "verdict", v.Result, "seat", v.Seat, "bytes", len(d.Body), "duration", h.Now().Sub(d.ReceivedAt))
	if err == nil && v.Result == status.VerdictAccepted {
		send(w, http.StatusOK, map[string]any{"requestId": d.RequestID, "deliveryId": d.ID, "duplicate": v.Duplicate})
		return
	}
	h.answer(w, r, v, err)
}

// read reads the body, and hashes it.
func read(r *http.Request, in io.Reader, d *relay.Delivery) (err error) {
	if r.ContentLength > MaxBody {
		return errTooLarge
	}
	d.Body, err = io.ReadAll(in)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case errors.Is(err, errBusy):
		return errBusy
	case err != nil:
		return errBody
	}
	sum := sha256.Sum256(d.Body)
	d.Hash = hex.EncodeToString(sum[:])
	return nil
}

func first(h http.Header, names ...string) string {
	for _, n := range names {
		if v := h.Get(n); v != "" {
			return v
		}
	}
	return ""
}

func remote(r *http.Request) string {
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return at.Addr().String()
	}
	return ""
}

var (
	errTooLarge = errors.New("the body is larger than 25 MiB")
	errBody     = errors.New("the body could not be read")
	errBusy     = errors.New("too many deliveries are under way")
	errNoApp    = errors.New("only GitHub Apps post here; a webhook of a repository needs a generic source")
)

// Status is what the sender gets for a verdict or an error.
func Status(v relay.Verdict, err error) (code int, text string) {
	switch {
	case errors.Is(err, relay.ErrUnknown):
		return http.StatusNotFound, "there is no such organisation or source"
	case errors.Is(err, errNoApp):
		return http.StatusNotFound, errNoApp.Error()
	case errors.Is(err, errTooLarge):
		return http.StatusRequestEntityTooLarge, errTooLarge.Error()
	case errors.Is(err, errBody):
		return http.StatusBadRequest, errBody.Error()
	case err != nil:
		return http.StatusServiceUnavailable, "no orchestrator takes deliveries of this source at the moment; try again"
	case v.Result == status.VerdictAccepted:
		return http.StatusOK, ""
	case v.Status >= 400 && v.Status < 500: // the orchestrator says it more exactly
		return v.Status, v.Reason
	}
	switch v.Result {
	case status.VerdictSignature:
		return http.StatusUnauthorized, "signature or token are missing or wrong"
	case status.VerdictUnknownSource:
		return http.StatusNotFound, "there is no such source"
	}
	return http.StatusInternalServerError, "the source is misconfigured; its operator finds the reason in the log"
}

// retryAfter is what a sender is told that may try again, in seconds.
const retryAfter = 5

// answer tells a sender that its delivery was not taken.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, v relay.Verdict, err error) {
	code, text := Status(v, err)
	switch {
	case code == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		if !errors.Is(err, relay.ErrNobody) && !errors.Is(err, errBusy) {
			h.Log.Error("a delivery was refused", "path", r.URL.Path, "err", err)
		}
	case code == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, v.RetryAfter)))
	}
	if code == http.StatusRequestEntityTooLarge || errors.Is(err, errBusy) {
		w.Header().Set("Connection", "close") // the rest of the body is of no use
	}
	send(w, code, map[string]any{"error": text})
}

func send(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the sender may have gone
}
