package store

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/engine"
)

// TopicRelay wakes relays that share a store: a source, a key or an organisation
// changed.
const TopicRelay = "relay"

// Relay is what relays remember. An orchestrator's store has these tables too, and
// leaves them empty.
type Relay interface {
	// AddOrg adds an organisation; a name that is taken is ErrExists.
	AddOrg(ctx context.Context, o *engine.Org) error
	Org(ctx context.Context, id engine.OrgID) (*engine.Org, error)
	Orgs(ctx context.Context) ([]engine.Org, error)

	AddKey(ctx context.Context, k *engine.OrchestratorKey) error
	// Key finds by hash; whether it was revoked the caller asks.
	Key(ctx context.Context, hash []byte) (*engine.OrchestratorKey, error)
	// Keys lists those of an organisation, or all when it is empty.
	Keys(ctx context.Context, org engine.OrgID) ([]engine.OrchestratorKey, error)
	UseKey(ctx context.Context, id engine.KeyID, now time.Time) error
	RevokeKey(ctx context.Context, id engine.KeyID, now time.Time) error

	// PutSource inserts or replaces by routing key. A name that another source of
	// the organisation and family has is ErrExists.
	PutSource(ctx context.Context, s *engine.RelayedSource) error
	Source(ctx context.Context, org engine.OrgID, family, name string) (*engine.RelayedSource, error)
	// Sources lists those of an organisation.
	Sources(ctx context.Context, org engine.OrgID) ([]engine.RelayedSource, error)

	// Sit inserts or replaces a seat, Rise removes it.
	Sit(ctx context.Context, s *engine.Seat) error
	Rise(ctx context.Context, id engine.SeatID) error
	// Alive notes that a relay lives, and all its seats with it.
	Alive(ctx context.Context, relay string, now time.Time) error
	// Seats lists those of an organisation that were seen since a time.
	Seats(ctx context.Context, org engine.OrgID, since time.Time) ([]engine.Seat, error)

	// Log adds a delivery.
	Log(ctx context.Context, d *engine.RelayedDelivery) error
	// Accepted finds a delivery that was accepted, by the sender's id of it.
	Accepted(ctx context.Context, org engine.OrgID, routingKey, sender string) (*engine.RelayedDelivery, error)
	// Logged lists newest first, starting before a time (zero: now).
	Logged(ctx context.Context, org engine.OrgID, before time.Time, limit int) ([]engine.RelayedDelivery, error)

	// PutParts inserts or replaces parts of runs; what is older than what is there
	// changes nothing.
	PutParts(ctx context.Context, parts ...engine.RunPart) error
	// Parts lists all of a run.
	Parts(ctx context.Context, org engine.OrgID, run engine.RunID) ([]engine.RunPart, error)
	// Shown lists runs, without their parts, newest first.
	Shown(ctx context.Context, org engine.OrgID, limit int) ([]engine.RunPart, error)

	// Prune forgets deliveries and runs from before a time, and seats that were not
	// seen since another one. It returns how many there were.
	Prune(ctx context.Context, before, unseen time.Time, limit int) (int, error)
}
