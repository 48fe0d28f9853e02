package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
	"github.com/kici-dev/kici-go/kici/internal/link/orchestratorend"
	"github.com/kici-dev/kici-go/transport/message"
)

// desk answers what is asked through the relay: by the rooms that answer an
// operator, and no more than that. Secrets of sources cannot be asked for here.
type desk struct{ h *house }

// Rerun runs a finished run again.
func (d *desk) Rerun(ctx context.Context, q *message.RunRerunRequest) (string, error) {
	made, err := d.h.runs.Repeat(ctx, engine.RunID(q.RunID), runs.Repeat{By: by(q.TriggeredBy, q.Actor)})
	return string(made), asked(err)
}

// Cancel asks for the end of a run.
func (d *desk) Cancel(ctx context.Context, q *message.RunCancelRequest) (int, error) {
	n, err := d.h.runs.Cancel(ctx, engine.RunID(q.RunID), runs.Cancel{By: by(q.CancelledBy, q.Actor), Reason: "cancelled by " + by(q.CancelledBy, q.Actor), Force: q.Force})
	return n, asked(err)
}

// by is who the runs are told that it was.
func by(name string, a message.Actor) string {
	return first(first(name, a.Name), a.Type+":"+a.ID)
}

// asked says what stands in the way of a request as an operator is told it.
func asked(err error) error {
	if err == nil {
		return nil
	}
	told := admin.Status(err)
	code := "failed"
	switch told.Status {
	case http.StatusNotFound:
		code = "not_found"
	case http.StatusConflict, http.StatusTooManyRequests:
		code = "conflict"
	case http.StatusBadRequest:
		code = "invalid_payload"
	}
	return &orchestratorend.RequestError{Code: code, Status: told.Status, Text: told.Message}
}

// partBytes is how much of a payload one answer carries.
const partBytes = 64 << 10

// Dashboard answers what a dashboard shows.
func (d *desk) Dashboard(ctx context.Context, q *message.DashboardRequest, answer func(*message.DashboardResponse) error) error {
	var params struct {
		RunID      string `json:"runId"`
		DeliveryID string `json:"deliveryId"`
		Limit      int    `json:"limit"`
	}
	if len(q.Params) > 0 {
		if err := json.Unmarshal(q.Params, &params); err != nil {
			return &orchestratorend.RequestError{Code: "invalid_payload", Status: http.StatusBadRequest, Text: "the parameters cannot be read: " + err.Error()}
		}
	}
	if params.Limit <= 0 || params.Limit > 100 {
		params.Limit = 20
	}
	views := &admin.Views{Store: d.h.store}
	var result any
	var err error
	switch q.Kind {
	case message.DashboardRuns:
		result, err = views.Runs(ctx, params.Limit)
	case message.DashboardRun:
		result, err = views.Run(ctx, params.RunID)
	case message.DashboardDeliveries:
		result, err = views.Deliveries(ctx, params.Limit)
	case message.DashboardPayload:
		return d.payload(ctx, params.DeliveryID, answer)
	default:
		return &orchestratorend.RequestError{Code: "unsupported_request_type", Status: http.StatusNotImplemented, Text: "this orchestrator does not answer dashboard." + q.Kind}
	}
	if err != nil {
		return asked(err)
	}
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return answer(&message.DashboardResponse{Result: text})
}

// payload streams the body of a delivery, so that no relay has to hold it.
func (d *desk) payload(ctx context.Context, id string, answer func(*message.DashboardResponse) error) error {
	var body []byte
	err := d.h.store.View(ctx, func(tx store.Tx) (err error) {
		body, err = tx.Deliveries().Payload(ctx, engine.DeliveryID(id))
		return err
	})
	if errors.Is(err, engine.ErrNotFound) {
		return &orchestratorend.RequestError{Code: "not_found", Status: http.StatusNotFound, Text: "there is no payload of delivery " + id}
	}
	if err != nil {
		return err
	}
	for {
		n := min(len(body), partBytes)
		if err := answer(&message.DashboardResponse{Chunk: body[:n], More: n < len(body)}); err != nil {
			return err
		}
		if body = body[n:]; len(body) == 0 {
			return nil
		}
	}
}

var _ orchestratorend.Desk = (*desk)(nil)
