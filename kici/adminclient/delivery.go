package adminclient

import (
	"context"
	"net/url"
	"time"
)

// Delivery is one inbound event and what became of it: an entry of the event log.
type Delivery struct {
	ID             string              `json:"deliveryId"`
	Source         string              `json:"source"`
	Key            string              `json:"senderDeliveryId,omitempty"`
	RoutingKey     string              `json:"routingKey"`
	Provider       string              `json:"provider"`
	Event          string              `json:"event"`
	Action         string              `json:"action,omitempty"`
	Repo           string              `json:"repo,omitempty"`
	Ref            string              `json:"ref,omitempty"`
	SHA            string              `json:"sha,omitempty"`
	Status         string              `json:"status"`
	Error          string              `json:"error,omitempty"`
	Matched        int                 `json:"matchedCount"`
	PayloadSize    int64               `json:"payloadSizeBytes"`
	PayloadHash    string              `json:"payloadHash"`
	PayloadOmitted string              `json:"payloadOmitted,omitempty"`
	ReceivedAt     time.Time           `json:"receivedAt"`
	ProcessedAt    *time.Time          `json:"processedAt,omitempty"`
	Runs           []Run               `json:"runs,omitempty"`
	Headers        map[string][]string `json:"headers,omitempty"`
	Payload        string              `json:"payload,omitempty"`
	Trace          []Trace             `json:"trace,omitempty"`
}

// Trace is what was decided for the lock file of a commit.
type Trace struct {
	Repo      string     `json:"repo,omitempty"`
	SHA       string     `json:"sha,omitempty"`
	Problem   string     `json:"problem,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
}

// Decision is the verdict about one workflow, with the comparisons behind it.
type Decision struct {
	Workflow string  `json:"workflowName"`
	Matched  bool    `json:"matched"`
	Summary  string  `json:"summary"`
	Checks   []Check `json:"checks"`
}

// Check is one comparison.
type Check struct {
	Check   string `json:"check"`
	Pattern string `json:"pattern"`
	Value   string `json:"value"`
	Passed  bool   `json:"passed"`
	Reason  string `json:"reason,omitempty"`
}

// DeliveryFilter chooses entries; the zero value is the newest twenty.
type DeliveryFilter struct {
	RoutingKey, Event, Status, DeliveryID string
	From, To                              time.Time
	Limit, Offset                         int
}

// Deliveries lists newest first.
func (c *Client) Deliveries(ctx context.Context, f DeliveryFilter) (out []Delivery, err error) {
	q := set(url.Values{}, "routingKey", f.RoutingKey, "event", f.Event, "status", f.Status, "deliveryId", f.DeliveryID)
	if !f.From.IsZero() {
		q.Set("from", f.From.Format(time.RFC3339Nano))
	}
	if !f.To.IsZero() {
		q.Set("to", f.To.Format(time.RFC3339Nano))
	}
	page(q, f.Limit, f.Offset)
	return out, c.call(ctx, "GET", "/event-log", q, nil, &out)
}

// Delivery is one entry, with its decisions, its runs and, if asked for, what was
// sent.
func (c *Client) Delivery(ctx context.Context, id string, payload bool) (out Delivery, err error) {
	q := url.Values{}
	if payload {
		q.Set("includePayload", "true")
	}
	return out, c.call(ctx, "GET", "/event-log"+seg(id), q, nil, &out)
}
