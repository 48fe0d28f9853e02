package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (h *Handler) deliveries() map[string]route {
	return map[string]route{"GET /event-log": h.listDeliveries, "GET /event-log/{id}": h.getDelivery}
}

func (h *Handler) listDeliveries(r *http.Request) (any, error) {
	w, err := windowOf(r)
	if err != nil {
		return nil, err
	}
	from, err1 := timeOf(r, "from")
	to, err2 := timeOf(r, "to")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	var found []engine.Delivery
	err = h.view(r.Context(), func(tx store.Tx) (err error) {
		found, err = scan[engine.Delivery]{
			page: func(before time.Time, limit int) ([]engine.Delivery, error) {
				return tx.Deliveries().Recent(r.Context(), before, limit)
			},
			at: func(d *engine.Delivery) time.Time { return d.ReceivedAt },
			match: func(d *engine.Delivery) bool {
				return is(q.Get("routingKey"), d.RoutingKey) && is(q.Get("event"), d.Event) && is(q.Get("status"), string(d.Status)) &&
					(is(q.Get("deliveryId"), string(d.ID)) || is(q.Get("deliveryId"), d.Key)) && (to.IsZero() || d.ReceivedAt.Before(to))
			},
			since: from,
		}.take(w)
		return err
	})
	out := []adminclient.Delivery{}
	for i := range found {
		out = append(out, shownDelivery(&found[i]))
	}
	return out, err
}

func (h *Handler) getDelivery(r *http.Request) (any, error) {
	return h.delivery(r.Context(), engine.DeliveryID(r.PathValue("id")), r.URL.Query().Get("includePayload") == "true")
}

// delivery is one entry with its decisions and runs.
func (h *Handler) delivery(ctx context.Context, id engine.DeliveryID, payload bool) (*adminclient.Delivery, error) {
	var out adminclient.Delivery
	err := h.view(ctx, func(tx store.Tx) error {
		d, err := tx.Deliveries().Get(ctx, id)
		if err != nil {
			return Missing(err, "delivery", string(id))
		}
		out = shownDelivery(d)
		started, err := tx.Runs().Of(ctx, id)
		if err != nil {
			return err
		}
		for i := range started {
			out.Runs = append(out.Runs, shownRun(&started[i]))
		}
		if len(d.Trace) > 0 {
			if err := json.Unmarshal(d.Trace, &out.Trace); err != nil {
				return err
			}
		}
		if !payload {
			return nil
		}
		var said struct{ Header map[string][]string }
		if len(d.Headers) > 0 {
			if err := json.Unmarshal(d.Headers, &said); err != nil {
				return err
			}
		}
		out.Headers = said.Header
		body, err := tx.Deliveries().Payload(ctx, id)
		if errors.Is(err, engine.ErrNotFound) {
			return nil // it was not kept, and PayloadOmitted says why
		}
		out.Payload = string(body)
		return err
	})
	return &out, err
}

func shownDelivery(d *engine.Delivery) adminclient.Delivery {
	return adminclient.Delivery{
		ID: string(d.ID), Source: string(d.Source), Key: d.Key, RoutingKey: d.RoutingKey, Provider: d.Provider, Event: d.Event, Action: d.Action,
		Repo: d.Ref.Repo, Ref: d.Ref.Name, SHA: d.Ref.SHA, Status: string(d.Status), Error: d.Error, Matched: d.Matched, PayloadSize: d.PayloadSize,
		PayloadHash: d.PayloadHash, PayloadOmitted: d.PayloadOmitted, ReceivedAt: d.ReceivedAt, ProcessedAt: moment(d.ProcessedAt),
	}
}
