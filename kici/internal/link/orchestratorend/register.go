package orchestratorend

import (
	"context"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/transport/message"
)

// register says what the relay may route here, and again when that has changed.
// What runs is said first, so that a relay that has forgotten shows it at once.
func (l *Link) register(ctx context.Context, org string) {
	l.replay(ctx)
	var told []message.RelayedSource
	tick := time.NewTicker(l.config.Refresh)
	defer tick.Stop()
	for first := true; ; first = false {
		now, err := l.config.Intake.Sources(ctx, org)
		if err == nil && (first || !slices.Equal(now, told)) {
			reg := l.config.Facts
			reg.MessageID, reg.Sources = l.config.NewID(), now
			if err = l.send(ctx, &reg); err == nil {
				told = now
			}
		}
		if err != nil && ctx.Err() == nil {
			l.log.Warn("sources could not be registered at the relay", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *Link) replay(ctx context.Context) {
	if l.config.Desk == nil {
		return
	}
	m, err := l.config.Desk.Replay(ctx)
	if err == nil {
		m.MessageID, m.Timestamp = l.config.NewID(), l.config.Now().UnixMilli()
		err = l.send(ctx, m)
	}
	if err != nil && ctx.Err() == nil {
		l.log.Warn("active runs could not be told to the relay", "err", err)
	}
}

func (l *Link) registered(m *message.SourceRegisterAck) {
	for _, r := range m.Rejections {
		l.log.Warn("the relay does not route a source", "routingKey", r.RoutingKey, "reason", r.Reason)
	}
	l.log.Info("sources registered at the relay", "accepted", len(m.Accepted), "rejected", len(m.Rejections))
}
