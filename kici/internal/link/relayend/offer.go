package relayend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine/relay"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/message"
)

// chunkBytes is how much of a body one frame carries: small enough for frames of
// other deliveries and acks to pass between.
const chunkBytes = 256 << 10

// answer is what an offer ends with.
type answer struct {
	verdict relay.Verdict
	err     error
}

// Offer sends a delivery and waits for the verdict.
func (l *link) Offer(ctx context.Context, d *relay.Delivery) (relay.Verdict, error) {
	start := &message.WebhookRelayStart{
		MessageID: l.s.NewID(), DeliveryID: string(d.ID), RoutingKey: d.RoutingKey, Event: valid(d.Event), RequestID: d.RequestID,
		SignatureHeader: valid(d.Signature), TotalSize: int64(len(d.Body)), ChunkCount: (len(d.Body) + chunkBytes - 1) / chunkBytes,
		Metadata: message.RelayedMetadata{Headers: headers(d), Path: valid(d.Path), RemoteAddr: d.Remote, BodyHash: d.Hash},
	}
	c := make(chan answer, 1)
	if err := l.expect(c, start); err != nil {
		return relay.Verdict{}, err
	}
	defer l.done(start)
	if err := l.send(ctx, start); err != nil {
		return relay.Verdict{}, err
	}
	index := 0
	for part := range slices.Chunk(d.Body, chunkBytes) {
		if err := l.send(ctx, &message.WebhookRelayChunk{MessageID: start.MessageID, Index: index, Data: part}); err != nil {
			return relay.Verdict{}, err
		}
		index++
	}
	select {
	case a := <-c:
		return a.verdict, a.err
	case <-ctx.Done():
		return relay.Verdict{}, fmt.Errorf("relayend: no verdict in time: %w", context.Cause(ctx))
	}
}

func (l *link) expect(c chan answer, start *message.WebhookRelayStart) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return errGone
	}
	l.offers[start.DeliveryID], l.offers[start.MessageID] = c, c
	return nil
}

func (l *link) done(start *message.WebhookRelayStart) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.offers, start.DeliveryID)
	delete(l.offers, start.MessageID)
}

// verdict takes what ends an offer. What was not asked, or comes too late, is
// passed over.
func (l *link) verdict(m message.Message) bool {
	switch m := m.(type) {
	case *message.WebhookAck:
		l.settle(m.DeliveryID, judged(m))
	case *message.Nack:
		l.settle(m.MessageID, answer{err: errors.New("relayend: not taken: " + m.Reason)})
	default:
		return false
	}
	return true
}

func (l *link) settle(id string, a answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.offers[id]; c != nil {
		select {
		case c <- a:
		default: // it was answered twice
		}
	}
}

func judged(m *message.WebhookAck) answer {
	switch m.Result {
	case status.VerdictAccepted, status.VerdictSignature, status.VerdictUnknownSource, status.VerdictMisconfigured:
		return answer{verdict: relay.Verdict{Result: m.Result, Status: m.Status, Reason: m.Reason, RetryAfter: m.RetryAfter, Duplicate: m.Duplicate}}
	}
	return answer{err: fmt.Errorf("relayend: %.40q is no verdict", string(m.Result))}
}

// headers are all of a delivery's, in a stable order.
func headers(d *relay.Delivery) message.List[message.RelayedHeader] {
	var out message.List[message.RelayedHeader]
	for name, values := range d.Header {
		for _, v := range values {
			h := message.RelayedHeader{Name: name, Value: v}
			if !utf8.ValidString(v) {
				h.Value, h.Raw = "", []byte(v)
			}
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b message.RelayedHeader) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return out
}

// valid is text for a field that only tells: the header itself travels as it came.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return ""
}
