package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
	"github.com/kici-dev/kici-go/transport/message"
)

// What a dashboard asks of an organisation. All of it needs the operator's token
// until there are users: whoever holds it is the actor.
//
//	GET  /api/v1/orgs/{org}/orchestrators           who is connected
//	GET  /api/v1/orgs/{org}/runs                    what the relay was told
//	GET  /api/v1/orgs/{org}/runs/{run}              with jobs and steps
//	GET  /api/v1/orgs/{org}/runs/{run}/stream       news of it as they come, one JSON object a line
//	POST /api/v1/orgs/{org}/runs/{run}/cancel       {"force": bool}
//	POST /api/v1/orgs/{org}/runs/{run}/rerun
//	POST /api/v1/orgs/{org}/dashboard/{kind}        a dashboard.* request, passed on with its parameters
func (h *house) requests(mux *http.ServeMux) {
	guard := admin.Guard(h.r.config.AdminToken, h.r.o.Log)
	for pattern, f := range map[string]http.HandlerFunc{
		"GET /orchestrators": h.listSeats, "GET /runs": h.listRuns, "GET /runs/{run}": h.getRun, "GET /runs/{run}/stream": h.streamRun,
		"POST /runs/{run}/cancel": h.cancelRun, "POST /runs/{run}/rerun": h.rerunRun, "POST /dashboard/{kind}": h.dashboard,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" /api/v1/orgs/{org}"+path, guard(f))
	}
}

const (
	requestTimeout = 15 * time.Second
	listed         = 100
)

func orgOf(q *http.Request) engine.OrgID { return engine.OrgID(q.PathValue("org")) }

func (h *house) failed(w http.ResponseWriter, err error) {
	code := http.StatusBadGateway
	switch {
	case errors.Is(err, engine.ErrNotFound):
		code = http.StatusNotFound
	case errors.Is(err, relay.ErrNobody):
		code = http.StatusServiceUnavailable
	}
	say(w, code, map[string]any{"error": err.Error()})
}

// seats are the orchestrators of an organisation that are connected somewhere.
func (h *house) seats(ctx context.Context, org engine.OrgID) (out []engine.Seat, err error) {
	err = h.store.View(ctx, func(tx store.Tx) (err error) {
		out, err = tx.Relay().Seats(ctx, org, h.r.o.Now().Add(-relay.SeatsAlive))
		return err
	})
	return out, err
}

func (h *house) listSeats(w http.ResponseWriter, q *http.Request) {
	all, err := h.seats(q.Context(), orgOf(q))
	if err != nil {
		h.failed(w, err)
		return
	}
	out := []map[string]any{}
	for _, s := range all {
		out = append(out, map[string]any{
			"connectionId": s.ID, "instance": s.Instance, "cluster": s.Cluster, "version": s.Version, "mode": s.Mode, "routingKeys": s.RoutingKeys, "connectedAt": s.ConnectedAt, "lastSeen": s.SeenAt,
		})
	}
	say(w, http.StatusOK, out)
}

func (h *house) listRuns(w http.ResponseWriter, q *http.Request) {
	out := []json.RawMessage{}
	err := h.store.View(q.Context(), func(tx store.Tx) error {
		all, err := tx.Relay().Shown(q.Context(), orgOf(q), listed)
		for i := range all {
			out = append(out, all[i].Data)
		}
		return err
	})
	if err != nil {
		h.failed(w, err)
		return
	}
	say(w, http.StatusOK, out)
}

func (h *house) getRun(w http.ResponseWriter, q *http.Request) {
	id := q.PathValue("run")
	parts := map[string]json.RawMessage{}
	err := h.store.View(q.Context(), func(tx store.Tx) error {
		all, err := tx.Relay().Parts(q.Context(), orgOf(q), engine.RunID(id))
		for i := range all {
			name := all[i].Part
			if name == "" {
				name = "run"
			}
			parts[name] = all[i].Data
		}
		return err
	})
	switch {
	case err != nil:
		h.failed(w, err)
	case len(parts) == 0:
		h.failed(w, fmt.Errorf("no orchestrator told of a run %s: %w", id, engine.ErrNotFound))
	default:
		say(w, http.StatusOK, parts)
	}
}

// ask sends a request to orchestrators of an organisation that are connected here,
// until one of them knows what it is about.
func (h *house) ask(ctx context.Context, org engine.OrgID, m message.Message, request string, each func(message.Message) (known bool)) error {
	all, err := h.seats(ctx, org)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, requestTimeout)
	defer stop()
	for _, s := range all {
		known := false
		err := h.links.Ask(ctx, s.ID, request, m, func(a message.Message) bool { known = each(a) || known; return true })
		if err == nil && known {
			return nil
		}
	}
	return relay.ErrNobody
}

// actor is who asks: there is one token.
func actor() message.Actor {
	return message.Actor{Type: message.ActorOperator, ID: "admin", Name: "admin"}
}

func (h *house) cancelRun(w http.ResponseWriter, q *http.Request) {
	var body struct {
		Force bool `json:"force"`
	}
	if err := read(q, &body); err != nil {
		say(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	m := &message.RunCancelRequest{MessageID: newID(), RequestID: newID(), RunID: q.PathValue("run"), CancelledBy: "admin", Force: body.Force, Actor: actor()}
	h.proxy(w, q, m, m.RequestID, func(a message.Message) (message.Failure, any) {
		r, _ := a.(*message.RunCancelResponse)
		if r == nil {
			return odd, nil
		}
		return r.Failure, map[string]any{"cancelledJobs": r.CancelledJobs, "requestId": r.RequestID}
	})
}

func (h *house) rerunRun(w http.ResponseWriter, q *http.Request) {
	m := &message.RunRerunRequest{MessageID: newID(), RequestID: newID(), RunID: q.PathValue("run"), TriggeredBy: "admin", Actor: actor()}
	h.proxy(w, q, m, m.RequestID, func(a message.Message) (message.Failure, any) {
		r, _ := a.(*message.RunRerunResponse)
		if r == nil {
			return odd, nil
		}
		return r.Failure, map[string]any{"newRunId": r.NewRunID, "requestId": r.RequestID}
	})
}

// odd: the answer is of another kind than the question.
var odd = message.Failure{Error: "the orchestrator answered something else", Code: "invalid_payload", Status: http.StatusBadGateway}

// proxy asks, and answers what came. An orchestrator that does not know the run may
// be followed by one that does.
func (h *house) proxy(w http.ResponseWriter, q *http.Request, m message.Message, request string, answer func(message.Message) (message.Failure, any)) {
	last := message.Failure{}
	var result any
	err := h.ask(q.Context(), orgOf(q), m, request, func(a message.Message) bool {
		last, result = answer(a)
		return last.Status != http.StatusNotFound
	})
	h.r.o.Log.Info("request passed on", "type", m.Type(), "requestId", request, "org", orgOf(q), "err", last.Error)
	switch {
	case last.Error != "":
		say(w, max(last.Status, http.StatusBadRequest), map[string]any{"error": last.Error, "code": last.Code, "requestId": request})
	case err != nil:
		h.failed(w, err)
	default:
		say(w, http.StatusOK, result)
	}
}

const maxParams = 64 << 10

func read(q *http.Request, into any) error {
	err := json.NewDecoder(http.MaxBytesReader(nil, q.Body, maxParams)).Decode(into)
	if err != nil && q.ContentLength != 0 {
		return fmt.Errorf("the body cannot be read: %w", err)
	}
	return nil
}

// dashboard passes a request on. Its answer is one JSON value, or the bytes of a
// payload as they come: the relay never holds all of them.
func (h *house) dashboard(w http.ResponseWriter, q *http.Request) {
	var params json.RawMessage
	if err := read(q, &params); err != nil {
		say(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	m := &message.DashboardRequest{Kind: q.PathValue("kind"), RequestID: newID(), Actor: actor(), Params: params}
	if !message.Known(m.Type()) {
		say(w, http.StatusNotImplemented, map[string]any{"error": "there is no request " + m.Type(), "code": "unsupported_request_type"})
		return
	}
	wrote := false
	last := message.Failure{}
	err := h.ask(q.Context(), orgOf(q), m, m.RequestID, func(a message.Message) bool {
		r, _ := a.(*message.DashboardResponse)
		if r == nil {
			last = odd
			return true
		}
		if last = r.Failure; last.Error != "" {
			return last.Status != http.StatusNotFound
		}
		if !wrote {
			wrote = true
			w.Header().Set("X-Request-Id", m.RequestID)
			kind := "application/json"
			if r.Result == nil {
				kind = "application/octet-stream"
			}
			w.Header().Set("Content-Type", kind)
		}
		_, _ = w.Write(append(r.Result, r.Chunk...)) // whoever asked may have gone
		return true
	})
	switch {
	case wrote:
	case last.Error != "":
		say(w, max(last.Status, http.StatusBadRequest), map[string]any{"error": last.Error, "code": last.Code, "requestId": m.RequestID})
	default:
		h.failed(w, errors.Join(err, relay.ErrNobody))
	}
}

// streamRun gives what is told of a run, from now on, until it has finished.
func (h *house) streamRun(w http.ResponseWriter, q *http.Request) {
	f := h.view.streams.follow(orgOf(q), q.PathValue("run"))
	defer h.view.streams.leave(f)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w)
	_ = flush.Flush() // not every server can
	for {
		select {
		case m := <-f.frames:
			if h.view.streams.gap(f) {
				_, _ = w.Write([]byte("{\"type\":\"gap\"}\n"))
			}
			frame, err := message.Encode(m)
			if err != nil {
				return
			}
			if _, err := w.Write(append(frame, '\n')); err != nil {
				return
			}
			_ = flush.Flush()
			if e, ok := m.(*message.ExecutionEvent); ok && e.Event == "finished" {
				return
			}
		case <-q.Context().Done():
			return
		case <-h.ctx.Done():
			return
		}
	}
}
