package adminclient

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// DeadLetter is an internal event that could not be handed over, after the last
// try.
type DeadLetter struct {
	ID        int64           `json:"id"`
	Kind      string          `json:"kind"`
	RunID     string          `json:"runId,omitempty"`
	JobID     string          `json:"jobId,omitempty"`
	Reason    string          `json:"reason"`
	Data      json.RawMessage `json:"data,omitempty"`
	CreatedAt time.Time       `json:"createdAt"`
}

// DeadLetters lists newest first: at most limit (50 when zero, 200 at most), and
// those before an id, if that is not zero.
func (c *Client) DeadLetters(ctx context.Context, limit int, before int64) (out []DeadLetter, err error) {
	q := url.Values{}
	page(q, limit, 0)
	if before > 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	return out, c.call(ctx, "GET", "/event-dlq", q, nil, &out)
}

// CountDeadLetters is how many there are.
func (c *Client) CountDeadLetters(ctx context.Context) (int, error) {
	var out struct {
		Count int `json:"count"`
	}
	err := c.call(ctx, "GET", "/event-dlq-count", nil, nil, &out)
	return out.Count, err
}

// RetryDeadLetter has it tried again, from the first try on.
func (c *Client) RetryDeadLetter(ctx context.Context, id int64) error {
	return c.call(ctx, "POST", "/event-dlq"+seg(strconv.FormatInt(id, 10))+"/retry", nil, nil, nil)
}

// DiscardDeadLetter gives it up for good.
func (c *Client) DiscardDeadLetter(ctx context.Context, id int64) error {
	return c.call(ctx, "DELETE", "/event-dlq"+seg(strconv.FormatInt(id, 10)), nil, nil, nil)
}
