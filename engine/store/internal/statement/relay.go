package statement

import (
	"context"
	"time"

	"github.com/kici-dev/kici-go/engine"
)

type relays struct{ *Tx }

const orgColumns = "id, alias, name, created_at"

func orgFields(o *engine.Org) []any {
	return []any{(*string)(&o.ID), &o.Alias, &o.Name, at(&o.CreatedAt)}
}

func (t relays) AddOrg(ctx context.Context, o *engine.Org) error {
	return insert(ctx, t.Tx, "add organisation", "relay_orgs", orgColumns, "", orgFields, *o)
}

func (t relays) Org(ctx context.Context, id engine.OrgID) (*engine.Org, error) {
	return one(ctx, t.Tx, "get organisation", orgFields, "SELECT "+orgColumns+" FROM relay_orgs WHERE id = $1", string(id))
}

func (t relays) Orgs(ctx context.Context) ([]engine.Org, error) {
	return list(ctx, t.Tx, "list organisations", orgFields, "SELECT "+orgColumns+" FROM relay_orgs ORDER BY created_at, id")
}

const relayKeyColumns = "id, org_id, name, hash, prefix, patterns, created_at, revoked_at, used_at"

func relayKeyFields(k *engine.OrchestratorKey) []any {
	return []any{(*string)(&k.ID), (*string)(&k.Org), &k.Name, raw(&k.Hash), &k.Prefix, (*packed[string])(&k.Patterns), at(&k.CreatedAt), at(&k.RevokedAt), at(&k.UsedAt)}
}

func (t relays) AddKey(ctx context.Context, k *engine.OrchestratorKey) error {
	return insert(ctx, t.Tx, "add orchestrator key", "relay_keys", relayKeyColumns, "", relayKeyFields, *k)
}

func (t relays) Key(ctx context.Context, hash []byte) (*engine.OrchestratorKey, error) {
	return one(ctx, t.Tx, "find orchestrator key", relayKeyFields, "SELECT "+relayKeyColumns+" FROM relay_keys WHERE hash = $1", raw(&hash))
}

func (t relays) Keys(ctx context.Context, org engine.OrgID) ([]engine.OrchestratorKey, error) {
	return list(ctx, t.Tx, "list orchestrator keys", relayKeyFields, "SELECT "+relayKeyColumns+" FROM relay_keys WHERE $1 = '' OR org_id = $1 ORDER BY created_at, id", string(org))
}

func (t relays) UseKey(ctx context.Context, id engine.KeyID, now time.Time) error {
	return t.change(ctx, "use orchestrator key", engine.ErrNotFound, "UPDATE relay_keys SET used_at = $2 WHERE id = $1", string(id), micros(now))
}

// RevokeKey keeps the time of the first revocation.
func (t relays) RevokeKey(ctx context.Context, id engine.KeyID, now time.Time) error {
	return t.change(ctx, "revoke orchestrator key", engine.ErrNotFound,
		"UPDATE relay_keys SET revoked_at = CASE WHEN revoked_at = 0 THEN $2 ELSE revoked_at END WHERE id = $1", string(id), micros(now))
}

const relayedSourceColumns = "org_id, routing_key, family, name, provider, subtype, cluster, registered_at"

func relayedSourceFields(s *engine.RelayedSource) []any {
	return []any{(*string)(&s.Org), &s.RoutingKey, &s.Family, &s.Name, &s.Provider, &s.Subtype, &s.Cluster, at(&s.RegisteredAt)}
}

func (t relays) PutSource(ctx context.Context, s *engine.RelayedSource) error {
	return insert(ctx, t.Tx, "put relayed source", "relay_sources", relayedSourceColumns, `ON CONFLICT (org_id, routing_key) DO UPDATE SET
		family = excluded.family, name = excluded.name, provider = excluded.provider, subtype = excluded.subtype,
		cluster = excluded.cluster, registered_at = excluded.registered_at`, relayedSourceFields, *s)
}

func (t relays) Source(ctx context.Context, org engine.OrgID, family, name string) (*engine.RelayedSource, error) {
	return one(ctx, t.Tx, "find relayed source", relayedSourceFields, "SELECT "+relayedSourceColumns+
		" FROM relay_sources WHERE org_id = $1 AND family = $2 AND name = $3", string(org), family, name)
}

func (t relays) Sources(ctx context.Context, org engine.OrgID) ([]engine.RelayedSource, error) {
	return list(ctx, t.Tx, "list relayed sources", relayedSourceFields, "SELECT "+relayedSourceColumns+
		" FROM relay_sources WHERE org_id = $1 ORDER BY family, name", string(org))
}

const seatColumns = "id, org_id, key_id, relay, url, instance, cluster, version, mode, routing_keys, connected_at, seen_at"

func seatFields(s *engine.Seat) []any {
	return []any{(*string)(&s.ID), (*string)(&s.Org), (*string)(&s.Key), &s.Relay, &s.URL, &s.Instance, &s.Cluster, &s.Version, &s.Mode,
		(*packed[string])(&s.RoutingKeys), at(&s.ConnectedAt), at(&s.SeenAt)}
}

func (t relays) Sit(ctx context.Context, s *engine.Seat) error {
	return insert(ctx, t.Tx, "put seat", "relay_seats", seatColumns, `ON CONFLICT (id) DO UPDATE SET instance = excluded.instance,
		cluster = excluded.cluster, version = excluded.version, mode = excluded.mode, routing_keys = excluded.routing_keys, seen_at = excluded.seen_at`, seatFields, *s)
}

func (t relays) Rise(ctx context.Context, id engine.SeatID) error {
	_, err := t.exec(ctx, "remove seat", "DELETE FROM relay_seats WHERE id = $1", string(id))
	return err
}

func (t relays) Alive(ctx context.Context, relay string, now time.Time) error {
	_, err := t.exec(ctx, "keep seats", "UPDATE relay_seats SET seen_at = $2 WHERE relay = $1", relay, micros(now))
	return err
}

func (t relays) Seats(ctx context.Context, org engine.OrgID, since time.Time) ([]engine.Seat, error) {
	return list(ctx, t.Tx, "list seats", seatFields, "SELECT "+seatColumns+" FROM relay_seats WHERE org_id = $1 AND seen_at >= $2 ORDER BY connected_at, id", string(org), micros(since))
}

const loggedColumns = `id, org_id, routing_key, sender_id, event, payload_size, payload_hash, verdict, http_status, seat_id, request_id,
	received_at, answered_at`

func loggedFields(d *engine.RelayedDelivery) []any {
	return []any{(*string)(&d.ID), (*string)(&d.Org), &d.RoutingKey, &d.Sender, &d.Event, &d.Size, &d.Hash, (*string)(&d.Verdict), &d.Status,
		(*string)(&d.Seat), &d.RequestID, at(&d.ReceivedAt), at(&d.AnsweredAt)}
}

func (t relays) Log(ctx context.Context, d *engine.RelayedDelivery) error {
	return insert(ctx, t.Tx, "log relayed delivery", "relay_deliveries", loggedColumns, "", loggedFields, *d)
}

func (t relays) Accepted(ctx context.Context, org engine.OrgID, routingKey, sender string) (*engine.RelayedDelivery, error) {
	return one(ctx, t.Tx, "find relayed delivery", loggedFields, "SELECT "+loggedColumns+` FROM relay_deliveries
		WHERE org_id = $1 AND routing_key = $2 AND sender_id = $3 AND verdict = 'accepted' ORDER BY received_at DESC LIMIT 1`, string(org), routingKey, sender)
}

func (t relays) Logged(ctx context.Context, org engine.OrgID, before time.Time, limit int) ([]engine.RelayedDelivery, error) {
	return list(ctx, t.Tx, "list relayed deliveries", loggedFields, "SELECT "+loggedColumns+
		" FROM relay_deliveries WHERE org_id = $1 AND received_at < $2 ORDER BY received_at DESC, id DESC LIMIT $3", string(org), latest(before), limit)
}

const partColumns = "org_id, run_id, part, status, data, updated_at"

func partFields(p *engine.RunPart) []any {
	return []any{(*string)(&p.Org), (*string)(&p.Run), &p.Part, &p.Status, raw(&p.Data), at(&p.UpdatedAt)}
}

// PutParts stores them one by one: one statement may not hit a row twice.
func (t relays) PutParts(ctx context.Context, parts ...engine.RunPart) error {
	for _, p := range parts {
		if err := insert(ctx, t.Tx, "put part of run", "relay_runs", partColumns, `ON CONFLICT (org_id, run_id, part) DO UPDATE SET
			status = excluded.status, data = excluded.data, updated_at = excluded.updated_at WHERE relay_runs.updated_at <= excluded.updated_at`, partFields, p); err != nil {
			return err
		}
	}
	return nil
}

func (t relays) Parts(ctx context.Context, org engine.OrgID, run engine.RunID) ([]engine.RunPart, error) {
	return list(ctx, t.Tx, "list parts of run", partFields, "SELECT "+partColumns+" FROM relay_runs WHERE org_id = $1 AND run_id = $2 ORDER BY part", string(org), string(run))
}

func (t relays) Shown(ctx context.Context, org engine.OrgID, limit int) ([]engine.RunPart, error) {
	return list(ctx, t.Tx, "list shown runs", partFields, "SELECT "+partColumns+
		" FROM relay_runs WHERE org_id = $1 AND part = '' ORDER BY updated_at DESC, run_id DESC LIMIT $2", string(org), limit)
}

func (t relays) Prune(ctx context.Context, before, unseen time.Time, limit int) (int, error) {
	var total int64
	for _, q := range []struct {
		query string
		until time.Time
	}{
		{"DELETE FROM relay_deliveries WHERE id IN (SELECT id FROM relay_deliveries WHERE received_at < $1 ORDER BY received_at LIMIT $2)", before},
		{`DELETE FROM relay_runs WHERE (org_id, run_id) IN (SELECT org_id, run_id FROM relay_runs WHERE part = '' AND updated_at < $1 ORDER BY updated_at LIMIT $2)`, before},
		{"DELETE FROM relay_seats WHERE id IN (SELECT id FROM relay_seats WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)", unseen},
	} {
		n, err := t.exec(ctx, "prune relay", q.query, micros(q.until), limit)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return int(total), nil
}
