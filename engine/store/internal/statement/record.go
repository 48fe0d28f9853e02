package statement

import (
	"context"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
)

type steps struct{ *Tx }

const stepColumns = "attempt_id, step_index, kind, name, status, error, data, log_bytes, started_at, finished_at"

func stepFields(s *engine.Step) []any {
	return []any{(*string)(&s.Attempt), &s.Index, &s.Kind, &s.Name, (*string)(&s.Status), &s.Error, raw(&s.Data), &s.LogBytes,
		at(&s.StartedAt), at(&s.FinishedAt)}
}

func (t steps) Put(ctx context.Context, s ...engine.Step) error {
	return insert(ctx, t.Tx, "put step", "steps", stepColumns, `ON CONFLICT (attempt_id, step_index, kind) DO UPDATE SET
		name = excluded.name, status = excluded.status, error = excluded.error, data = excluded.data,
		log_bytes = excluded.log_bytes, started_at = excluded.started_at, finished_at = excluded.finished_at`, stepFields, s...)
}

func (t steps) Of(ctx context.Context, a engine.AttemptID) ([]engine.Step, error) {
	return list(ctx, t.Tx, "list steps", stepFields, "SELECT "+stepColumns+
		" FROM steps WHERE attempt_id = $1 ORDER BY step_index, started_at, kind", string(a))
}

type agents struct{ *Tx }

const agentColumns = `id, labels, platform, arch, version, hostname, slots, scaled, instance, generation, connected_at,
	seen_at, disconnected_at`

func agentFields(a *engine.Agent) []any {
	return []any{(*string)(&a.ID), (*packed[engine.Label])(&a.Labels), &a.Platform, &a.Arch, &a.Version, &a.Hostname, &a.Slots,
		&a.Scaled, &a.Instance, &a.Generation, at(&a.ConnectedAt), at(&a.SeenAt), at(&a.Disconnected)}
}

func (t agents) Put(ctx context.Context, a *engine.Agent) error {
	return insert(ctx, t.Tx, "put agent", "agents", agentColumns, `ON CONFLICT (id) DO UPDATE SET labels = excluded.labels,
		platform = excluded.platform, arch = excluded.arch, version = excluded.version, hostname = excluded.hostname,
		slots = excluded.slots, scaled = excluded.scaled, instance = excluded.instance, generation = excluded.generation,
		connected_at = excluded.connected_at, seen_at = excluded.seen_at, disconnected_at = excluded.disconnected_at`, agentFields, *a)
}

func (t agents) Get(ctx context.Context, id engine.AgentID) (*engine.Agent, error) {
	return one(ctx, t.Tx, "get agent", agentFields, "SELECT "+agentColumns+" FROM agents WHERE id = $1", string(id))
}

func (t agents) List(ctx context.Context) ([]engine.Agent, error) {
	return list(ctx, t.Tx, "list agents", agentFields, "SELECT "+agentColumns+" FROM agents ORDER BY id")
}

func (t agents) Gone(ctx context.Context, id engine.AgentID, generation int64, now time.Time) error {
	return t.change(ctx, "note that an agent left", engine.ErrConflict,
		"UPDATE agents SET instance = '', disconnected_at = $3 WHERE id = $1 AND generation = $2", string(id), generation, micros(now))
}

const tokenColumns = "id, name, hash, labels, created_at, expires_at, revoked_at, used_at"

func tokenFields(k *engine.AgentToken) []any {
	return []any{(*string)(&k.ID), &k.Name, raw(&k.Hash), (*packed[engine.Label])(&k.Labels), at(&k.CreatedAt), at(&k.ExpiresAt),
		at(&k.RevokedAt), at(&k.UsedAt)}
}

func (t agents) AddToken(ctx context.Context, k *engine.AgentToken) error {
	return insert(ctx, t.Tx, "add agent token", "agent_tokens", tokenColumns, "", tokenFields, *k)
}

func (t agents) Token(ctx context.Context, hash []byte) (*engine.AgentToken, error) {
	return one(ctx, t.Tx, "find agent token", tokenFields, "SELECT "+tokenColumns+" FROM agent_tokens WHERE hash = $1", raw(&hash))
}

func (t agents) Tokens(ctx context.Context) ([]engine.AgentToken, error) {
	return list(ctx, t.Tx, "list agent tokens", tokenFields, "SELECT "+tokenColumns+" FROM agent_tokens ORDER BY created_at, id")
}

func (t agents) UseToken(ctx context.Context, id engine.TokenID, now time.Time) error {
	return t.change(ctx, "use agent token", engine.ErrNotFound, "UPDATE agent_tokens SET used_at = $2 WHERE id = $1", string(id), micros(now))
}

// RevokeToken keeps the time of the first revocation.
func (t agents) RevokeToken(ctx context.Context, id engine.TokenID, now time.Time) error {
	return t.change(ctx, "revoke agent token", engine.ErrNotFound,
		"UPDATE agent_tokens SET revoked_at = CASE WHEN revoked_at = 0 THEN $2 ELSE revoked_at END WHERE id = $1", string(id), micros(now))
}

func (t agents) Drain(ctx context.Context, id engine.AgentID, now time.Time) error {
	_, err := t.exec(ctx, "drain agent", "INSERT INTO agent_drains (agent_id, since) VALUES ($1, $2) ON CONFLICT DO NOTHING", string(id), micros(now))
	return err
}

func (t agents) Undrain(ctx context.Context, id engine.AgentID) error {
	_, err := t.exec(ctx, "end drain of agent", "DELETE FROM agent_drains WHERE agent_id = $1", string(id))
	return err
}

func drainFields(d *engine.Drain) []any { return []any{(*string)(&d.Agent), at(&d.Since)} }

func (t agents) Drains(ctx context.Context) ([]engine.Drain, error) {
	return list(ctx, t.Tx, "list drains", drainFields, "SELECT agent_id, since FROM agent_drains ORDER BY agent_id")
}

type events struct{ *Tx }

const eventColumns = "run_id, job_id, kind, data, created_at, done"

func eventFields(e *engine.Event) []any {
	return []any{(*string)(&e.Run), (*string)(&e.Job), &e.Kind, raw(&e.Data), at(&e.At), inverse(&e.Pending)}
}

func deadFields(d *engine.DeadEvent) []any { return append(numberedFields(&d.Event), &d.Reason) }

func numberedFields(e *engine.Event) []any { return append([]any{&e.Seq}, eventFields(e)...) }

// Append locks the runs first. A number is drawn when a row is written, not when
// it commits, so without the lock a follower of the run could see 8, and later 7.
// Sorted, so that two transactions never wait for each other.
func (t events) Append(ctx context.Context, es ...engine.Event) error {
	var of []string
	for _, e := range es {
		if e.Run != "" {
			of = append(of, string(e.Run))
		}
	}
	slices.Sort(of)
	for _, id := range slices.Compact(of) {
		if t.dialect.Lock == "" { // one writer: nothing to lock out
			break
		}
		if t.locked[id] {
			continue
		}
		if _, err := t.exec(ctx, "order events", "SELECT 1 FROM runs WHERE id = $1"+t.dialect.Lock, id); err != nil {
			return err
		}
	}
	return insert(ctx, t.Tx, "append events", "events", eventColumns, "", eventFields, es...)
}

func (t events) After(ctx context.Context, run engine.RunID, seq int64, limit int) ([]engine.Event, error) {
	return list(ctx, t.Tx, "follow run", numberedFields, "SELECT seq, "+eventColumns+
		" FROM events WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3", string(run), seq, limit)
}

func (t events) Since(ctx context.Context, seq int64, limit int) ([]engine.Event, error) {
	return list(ctx, t.Tx, "follow runs", numberedFields, "SELECT seq, "+eventColumns+" FROM events WHERE seq > $1 ORDER BY seq LIMIT $2", seq, limit)
}

func (t events) Last(ctx context.Context) (int64, error) {
	n, err := one(ctx, t.Tx, "find last event", func(n *int64) []any { return []any{n} }, "SELECT COALESCE(MAX(seq), 0) FROM events")
	if err != nil {
		return 0, err
	}
	return *n, nil
}

func (t events) Pending(ctx context.Context, limit int) ([]engine.Event, error) {
	return list(ctx, t.Tx, "list events", numberedFields, "SELECT seq, "+eventColumns+" FROM events WHERE NOT done ORDER BY seq LIMIT $1", limit)
}

func (t events) Done(ctx context.Context, seqs ...int64) error {
	for part := range slices.Chunk(seqs, rowsAtOnce) {
		if _, err := t.exec(ctx, "confirm events", "UPDATE events SET done = TRUE WHERE seq IN ("+places(1, len(part))+")", anys(part)...); err != nil {
			return err
		}
	}
	return nil
}

func (t events) Bury(ctx context.Context, seq int64, reason string) error {
	return t.change(ctx, "give up event", engine.ErrNotFound, "UPDATE events SET done = TRUE, dead = $2 WHERE seq = $1", seq, reason)
}

func (t events) Dead(ctx context.Context, after int64, limit int) ([]engine.DeadEvent, error) {
	return list(ctx, t.Tx, "list dead events", deadFields, "SELECT seq, "+eventColumns+", dead FROM events WHERE dead <> '' AND seq > $1 ORDER BY seq LIMIT $2", after, limit)
}

func (t events) Revive(ctx context.Context, seq int64) error {
	return t.change(ctx, "revive event", engine.ErrNotFound, "UPDATE events SET done = FALSE, dead = '' WHERE seq = $1 AND dead <> ''", seq)
}

func (t events) Discard(ctx context.Context, seq int64) error {
	return t.change(ctx, "discard event", engine.ErrNotFound, "UPDATE events SET dead = '' WHERE seq = $1 AND dead <> ''", seq)
}

type schedules struct{ *Tx }

type fired struct {
	schedule string
	at       time.Time
}

func firedFields(f *fired) []any { return []any{&f.schedule, at(&f.at)} }

func (t schedules) Fired(ctx context.Context) (map[string]time.Time, error) {
	rows, err := list(ctx, t.Tx, "list schedules", firedFields, "SELECT schedule, fired_at FROM cron_last_fired")
	out := make(map[string]time.Time, len(rows))
	for _, f := range rows {
		out[f.schedule] = f.at
	}
	return out, err
}

// Fire is one statement for the reason that First is.
func (t schedules) Fire(ctx context.Context, schedule string, instant time.Time) (bool, error) {
	n, err := t.exec(ctx, "fire schedule", `INSERT INTO cron_last_fired (schedule, fired_at) VALUES ($1, $2)
		ON CONFLICT (schedule) DO UPDATE SET fired_at = excluded.fired_at WHERE cron_last_fired.fired_at < excluded.fired_at`, schedule, micros(instant))
	return n == 1, err
}

func (t schedules) Forget(ctx context.Context, names ...string) error {
	for part := range slices.Chunk(names, rowsAtOnce) {
		if _, err := t.exec(ctx, "forget schedules", "DELETE FROM cron_last_fired WHERE schedule IN ("+places(1, len(part))+")", anys(part)...); err != nil {
			return err
		}
	}
	return nil
}
