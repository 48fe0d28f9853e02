package statement

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

type sources struct{ *Tx }

const sourceColumns = "id, name, kind, routing_key, config, enabled, created_at, updated_at, deleted_at"

func sourceFields(s *engine.Source) []any {
	return []any{(*string)(&s.ID), &s.Name, &s.Kind, &s.RoutingKey, raw(&s.Config), &s.Enabled, at(&s.CreatedAt), at(&s.UpdatedAt), at(&s.DeletedAt)}
}

func (t sources) Put(ctx context.Context, s *engine.Source) error {
	return insert(ctx, t.Tx, "put source", "sources", sourceColumns, `ON CONFLICT (id) DO UPDATE SET name = excluded.name,
		kind = excluded.kind, routing_key = excluded.routing_key, config = excluded.config, enabled = excluded.enabled,
		updated_at = excluded.updated_at, deleted_at = excluded.deleted_at`, sourceFields, *s)
}

func (t sources) Find(ctx context.Context, idOrName string) (*engine.Source, error) {
	return one(ctx, t.Tx, "find source", sourceFields, "SELECT "+sourceColumns+
		" FROM sources WHERE id = $1 OR name = $1 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1", idOrName)
}

func (t sources) List(ctx context.Context) ([]engine.Source, error) {
	return list(ctx, t.Tx, "list sources", sourceFields, "SELECT "+sourceColumns+" FROM sources ORDER BY name")
}

func (t sources) Delete(ctx context.Context, id engine.SourceID) error {
	if _, err := t.exec(ctx, "remove registrations", "DELETE FROM registrations WHERE source_id = $1", string(id)); err != nil {
		return err
	}
	return t.change(ctx, "delete source", engine.ErrNotFound, "DELETE FROM sources WHERE id = $1", string(id))
}

const registrationColumns = "source_id, repo, ref, sha, provider, routing_key, lock, updated_at"

func registrationFields(r *engine.Registration) []any {
	return []any{(*string)(&r.Source), &r.Ref.Repo, &r.Ref.Name, &r.Ref.SHA, &r.Provider, &r.RoutingKey, raw(&r.Lock), at(&r.UpdatedAt)}
}

func (t sources) Register(ctx context.Context, r *engine.Registration) error {
	args := registrationFields(r)
	return t.change(ctx, "register", engine.ErrConflict, "INSERT INTO registrations ("+registrationColumns+") VALUES ("+places(1, len(args))+`)
		ON CONFLICT (source_id, repo) DO UPDATE SET ref = excluded.ref, sha = excluded.sha, provider = excluded.provider,
		routing_key = excluded.routing_key, lock = excluded.lock, updated_at = excluded.updated_at
		WHERE registrations.updated_at <= excluded.updated_at`, args...)
}

const headColumns = "r.source_id, r.repo, r.ref, r.sha, r.provider, r.routing_key, r.updated_at"

func headFields(r *engine.Registration) []any {
	return []any{(*string)(&r.Source), &r.Ref.Repo, &r.Ref.Name, &r.Ref.SHA, &r.Provider, &r.RoutingKey, at(&r.UpdatedAt)}
}

func (t sources) Registrations(ctx context.Context) ([]engine.Registration, error) {
	return list(ctx, t.Tx, "list registrations", headFields, "SELECT "+headColumns+` FROM registrations r
		WHERE NOT EXISTS (SELECT 1 FROM sources s WHERE s.id = r.source_id AND NOT s.enabled) ORDER BY source_id, repo`)
}

func (t sources) Registration(ctx context.Context, id engine.SourceID, repo string) (*engine.Registration, error) {
	return one(ctx, t.Tx, "get registration", registrationFields, "SELECT "+registrationColumns+" FROM registrations WHERE source_id = $1 AND repo = $2", string(id), repo)
}

func (t sources) Unregister(ctx context.Context, id engine.SourceID, repo string) error {
	_, err := t.exec(ctx, "unregister", "DELETE FROM registrations WHERE source_id = $1 AND repo = $2", string(id), repo)
	return err
}

type deliveries struct{ *Tx }

const deliveryColumns = `id, source_id, delivery_key, routing_key, provider, event, action, repo, ref, sha, status,
	payload_size, payload_hash, payload_omitted, matched, error, trace, received_at, processed_at, headers`

func deliveryFields(d *engine.Delivery) []any {
	return []any{(*string)(&d.ID), (*string)(&d.Source), &d.Key, &d.RoutingKey, &d.Provider, &d.Event, &d.Action,
		&d.Ref.Repo, &d.Ref.Name, &d.Ref.SHA, (*string)(&d.Status), &d.PayloadSize, &d.PayloadHash, &d.PayloadOmitted,
		&d.Matched, &d.Error, raw(&d.Trace), at(&d.ReceivedAt), at(&d.ProcessedAt), raw(&d.Headers)}
}

// First is one statement, so that of two at the same time the second waits for
// the first and then finds its row: there is no moment between looking and
// writing. A key whose time is over is taken again by the same statement.
func (t deliveries) First(ctx context.Context, key string, now, until time.Time) (bool, error) {
	n, err := t.exec(ctx, "remember delivery", `INSERT INTO dedup_cache (dedup_key, expires_at) VALUES ($1, $2)
		ON CONFLICT (dedup_key) DO UPDATE SET expires_at = excluded.expires_at WHERE dedup_cache.expires_at <= $3`,
		key, micros(until), micros(now))
	return n == 1, err
}

// keyed is a place in a list, by the key that stands there.
type keyed struct {
	store.Key
	at int
}

func keyFields(k *keyed) []any { return []any{&k.Key.Key, at(&k.Until)} }

// Firsts is one statement too. Keys are sorted, so that two that ask for the same
// ones never wait for each other.
func (t deliveries) Firsts(ctx context.Context, now time.Time, keys ...store.Key) ([]bool, error) {
	var distinct []keyed
	places := map[string]int{}
	for i, k := range keys {
		if _, again := places[k.Key]; !again {
			places[k.Key] = i
			distinct = append(distinct, keyed{k, i})
		}
	}
	slices.SortFunc(distinct, func(a, b keyed) int { return strings.Compare(a.Key.Key, b.Key.Key) })
	out := make([]bool, len(keys))
	for part := range t.dialect.parts(len(distinct)) {
		var rows [][]any
		for i := part.from; i < part.to; i++ {
			rows = append(rows, keyFields(&distinct[i]))
		}
		source, args, err := t.dialect.rows(rows)
		if err != nil {
			return nil, t.failed("remember deliveries", err)
		}
		got, err := list(ctx, t.Tx, "remember deliveries", text, "INSERT INTO dedup_cache (dedup_key, expires_at) "+source+`
			ON CONFLICT (dedup_key) DO UPDATE SET expires_at = excluded.expires_at WHERE dedup_cache.expires_at <= $`+
			strconv.Itoa(len(args)+1)+" RETURNING dedup_key", append(args, micros(now))...)
		if err != nil {
			return nil, err
		}
		for _, key := range got {
			out[places[key]] = true
		}
	}
	return out, nil
}

func (t deliveries) Insert(ctx context.Context, d *engine.Delivery, payload []byte) error {
	return t.InsertAll(ctx, store.Received{Delivery: *d, Payload: payload})
}

func receivedFields(r *store.Received) []any { return deliveryFields(&r.Delivery) }

func payloadFields(r *store.Received) []any { return []any{(*string)(&r.ID), raw(&r.Payload)} }

func (t deliveries) InsertAll(ctx context.Context, ds ...store.Received) error {
	if err := insert(ctx, t.Tx, "insert delivery", "event_log", deliveryColumns, "", receivedFields, ds...); err != nil {
		return err
	}
	kept := make([]store.Received, 0, len(ds))
	for i := range ds {
		if ds[i].Payload != nil {
			kept = append(kept, ds[i])
		}
	}
	return insert(ctx, t.Tx, "insert payload", "event_payloads", "delivery_id, body", "", payloadFields, kept...)
}

func outcomeFields(d *engine.Delivery) []any {
	return []any{(*string)(&d.ID), &d.Event, &d.Action, &d.Ref.Repo, &d.Ref.Name, &d.Ref.SHA, (*string)(&d.Status), &d.Matched, &d.Error, raw(&d.Trace), at(&d.ProcessedAt)}
}

const saveDelivery = `UPDATE event_log SET event = $2, action = $3, repo = $4, ref = $5,
	sha = $6, status = $7, matched = $8, error = $9, trace = $10, processed_at = $11 WHERE id = $1 AND status = $12`

func (t deliveries) Save(ctx context.Context, d *engine.Delivery, was status.Event) error {
	return t.change(ctx, "save delivery", engine.ErrConflict, saveDelivery, append(outcomeFields(d), string(was))...)
}

func (t deliveries) SaveAll(ctx context.Context, was status.Event, ds ...*engine.Delivery) ([]bool, error) {
	out := make([]bool, len(ds))
	if !t.dialect.Arrays || len(ds) == 1 {
		for i, d := range ds {
			n, err := t.exec(ctx, "save delivery", saveDelivery, append(outcomeFields(d), string(was))...)
			if err != nil {
				return nil, err
			}
			out[i] = n == 1
		}
		return out, nil
	}
	for part := range t.dialect.parts(len(ds)) {
		places := map[string]int{}
		var rows [][]any
		for i := part.from; i < part.to; i++ {
			places[string(ds[i].ID)] = i
			rows = append(rows, outcomeFields(ds[i]))
		}
		source, args, err := t.dialect.rows(rows)
		if err != nil {
			return nil, t.failed("save deliveries", err)
		}
		got, err := list(ctx, t.Tx, "save deliveries", text, `UPDATE event_log l SET event = v.event, action = v.action, repo = v.repo, ref = v.ref, sha = v.sha,
			status = v.status, matched = v.matched, error = v.error, trace = v.trace, processed_at = v.processed_at
			FROM (`+source+`) AS v (id, event, action, repo, ref, sha, status, matched, error, trace, processed_at)
			WHERE l.id = v.id AND l.status = $12 RETURNING l.id`, append(args, string(was))...)
		if err != nil {
			return nil, err
		}
		for _, id := range got {
			out[places[id]] = true
		}
	}
	return out, nil
}

func (t deliveries) Get(ctx context.Context, id engine.DeliveryID) (*engine.Delivery, error) {
	return one(ctx, t.Tx, "get delivery", deliveryFields, "SELECT "+deliveryColumns+" FROM event_log WHERE id = $1", string(id))
}

func (t deliveries) Payload(ctx context.Context, id engine.DeliveryID) ([]byte, error) {
	b, err := one(ctx, t.Tx, "get payload", func(b *[]byte) []any { return []any{raw(b)} },
		"SELECT body FROM event_payloads WHERE delivery_id = $1", string(id))
	if err != nil {
		return nil, err
	}
	return *b, nil
}

func (t deliveries) Open(ctx context.Context, limit int) ([]engine.Delivery, error) {
	return list(ctx, t.Tx, "list open deliveries", deliveryFields, "SELECT "+deliveryColumns+
		" FROM event_log WHERE status = 'received' ORDER BY received_at, id LIMIT $1", limit)
}

func (t deliveries) Recent(ctx context.Context, before time.Time, limit int) ([]engine.Delivery, error) {
	return list(ctx, t.Tx, "list deliveries", deliveryFields, "SELECT "+deliveryColumns+
		" FROM event_log WHERE received_at < $1 ORDER BY received_at DESC, id DESC LIMIT $2", latest(before), limit)
}

// latest is the bound of a list that starts at a time, or now.
func latest(before time.Time) int64 {
	if before.IsZero() {
		return 1<<63 - 1
	}
	return micros(before)
}

type retention struct{ *Tx }

func text(s *string) []any { return []any{s} }

func (t retention) Runs(ctx context.Context, before time.Time, limit int) (int, error) {
	ids, err := list(ctx, t.Tx, "find old runs", text, fmt.Sprintf(`SELECT id FROM runs WHERE finished_at > 0 AND finished_at < $1
		AND status NOT IN ('%s','%s','%s','%s') ORDER BY finished_at LIMIT $2`+t.dialect.Skip,
		status.RunPending, status.RunRunning, status.RunHeld, status.RunCancelling), micros(before), limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	in, args := places(1, len(ids)), anys(ids)
	// Jobs, attempts, steps, logs and the queue go with the run, by foreign keys.
	for _, q := range []string{
		"INSERT INTO garbage (blob) SELECT s.blob FROM log_seals s JOIN attempts a ON a.id = s.attempt_id WHERE a.run_id IN (" + in + ") ON CONFLICT DO NOTHING",
		"DELETE FROM events WHERE run_id IN (" + in + ")",
		"DELETE FROM runs WHERE id IN (" + in + ")",
	} {
		if _, err := t.exec(ctx, "remove old runs", q, args...); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

func (t retention) Deliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := t.exec(ctx, "remove old deliveries", `DELETE FROM event_log WHERE id IN (SELECT id FROM event_log
		WHERE received_at < $1 AND status <> 'received' ORDER BY received_at LIMIT $2`+t.dialect.Skip+`)`, micros(before), limit)
	return int(n), err
}

func (t retention) Keys(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := t.exec(ctx, "forget deliveries", `DELETE FROM dedup_cache WHERE dedup_key IN (SELECT dedup_key FROM dedup_cache
		WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`+t.dialect.Skip+`)`, micros(now), limit)
	return int(n), err
}

func (t retention) Discard(ctx context.Context, blobs ...string) error {
	return insert(ctx, t.Tx, "discard blobs", "garbage", "blob", "ON CONFLICT DO NOTHING", text, blobs...)
}

func (t retention) Garbage(ctx context.Context, limit int) ([]string, error) {
	return list(ctx, t.Tx, "list garbage", text, "SELECT blob FROM garbage ORDER BY blob LIMIT $1", limit)
}

func (t retention) Gone(ctx context.Context, blobs ...string) error {
	for part := range slices.Chunk(blobs, rowsAtOnce) {
		if _, err := t.exec(ctx, "forget garbage", "DELETE FROM garbage WHERE blob IN ("+places(1, len(part))+")", anys(part)...); err != nil {
			return err
		}
	}
	return nil
}
