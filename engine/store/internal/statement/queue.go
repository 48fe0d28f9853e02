package statement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

type queue struct{ *Tx }

const entryColumns = "job_id, run_id, route, status, fence, tries, last_error, enqueued_at, available_at, expires_at"

func entryFields(e *engine.Entry) []any {
	return []any{(*string)(&e.Job), (*string)(&e.Run), (*string)(&e.Route), (*string)(&e.Status), (*int64)(&e.Fence),
		&e.Tries, &e.LastError, at(&e.EnqueuedAt), at(&e.AvailableAt), at(&e.ExpiresAt)}
}

const attemptColumns = `id, job_id, run_id, fence, agent_id, status, reason, dispatched_at, ack_deadline, acked_at,
	started_at, seen_at, ended_at, cancel`

func attemptFields(a *engine.Attempt) []any {
	return []any{(*string)(&a.ID), (*string)(&a.Job), (*string)(&a.Run), (*int64)(&a.Fence), (*string)(&a.Agent),
		(*string)(&a.Status), &a.Reason, at(&a.DispatchedAt), at(&a.AckDeadline), at(&a.AckedAt), at(&a.StartedAt),
		at(&a.SeenAt), at(&a.EndedAt), &a.Cancel}
}

func (t queue) Enqueue(ctx context.Context, entries ...engine.Entry) error {
	return insert(ctx, t.Tx, "enqueue", "dispatch_queue", entryColumns, "", entryFields, entries...)
}

func (t queue) Get(ctx context.Context, job engine.JobID) (*engine.Entry, error) {
	return one(ctx, t.Tx, "get queue entry", entryFields, "SELECT "+entryColumns+" FROM dispatch_queue WHERE job_id = $1", string(job))
}

// Backlog goes from route to route by the index, and into each as far as it counts.
func (t queue) Backlog(ctx context.Context, now time.Time, most int) ([]store.Backlog, error) {
	return list(ctx, t.Tx, "count queue", func(b *store.Backlog) []any {
		return []any{(*string)(&b.Route), &b.Count, at(&b.Oldest)}
	}, `WITH RECURSIVE routes (route) AS (
			SELECT MIN(route) FROM dispatch_queue WHERE status = 'pending'
			UNION ALL SELECT (SELECT MIN(route) FROM dispatch_queue WHERE status = 'pending' AND route > routes.route) FROM routes WHERE routes.route IS NOT NULL),
		counted AS (SELECT route,
			(SELECT COUNT(*) FROM (SELECT 1 FROM dispatch_queue q WHERE q.status = 'pending' AND q.route = routes.route AND q.available_at <= $1 LIMIT $2) AS c) AS waiting,
			(SELECT q.enqueued_at FROM dispatch_queue q WHERE q.status = 'pending' AND q.route = routes.route AND q.available_at <= $1 ORDER BY q.place LIMIT 1) AS oldest
			FROM routes WHERE route IS NOT NULL)
		SELECT route, waiting, oldest FROM counted WHERE waiting > 0 ORDER BY route`, micros(now), most)
}

// claimed is what the update of the queue gives back.
type claimed struct {
	Job, Run string
	Fence    int64
	Place    int64
}

// Claim picks in a materialised subquery: inlined, Postgres may evaluate it once
// per row and then takes more than the limit.
func (t queue) Claim(ctx context.Context, c store.Claim) ([]engine.Attempt, error) {
	if len(c.Routes) == 0 || c.Limit <= 0 {
		return nil, nil
	}
	args := []any{micros(c.Now), c.Limit}
	for _, r := range c.Routes {
		args = append(args, string(r))
	}
	got, err := list(ctx, t.Tx, "claim", func(c *claimed) []any { return []any{&c.Job, &c.Run, &c.Fence, &c.Place} },
		`WITH picked AS MATERIALIZED (SELECT job_id FROM dispatch_queue WHERE status = 'pending' AND available_at <= $1
			AND route IN (`+places(3, len(c.Routes))+`) ORDER BY place LIMIT $2`+t.dialect.Skip+`)
		UPDATE dispatch_queue SET status = 'dispatched', fence = fence + 1, tries = tries + 1
		WHERE job_id IN (SELECT job_id FROM picked) RETURNING job_id, run_id, fence, place`, args...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(got, func(a, b claimed) int { return int(a.Place - b.Place) })
	var out []engine.Attempt
	for i, g := range got {
		if len(c.Agents) > 0 {
			c.Agent = c.Agents[i%len(c.Agents)]
		}
		out = append(out, engine.Attempt{ID: c.NewID(), Job: engine.JobID(g.Job), Run: engine.RunID(g.Run), Fence: engine.Fence(g.Fence),
			Agent: c.Agent, Status: status.QueueDispatched, DispatchedAt: c.Now, AckDeadline: c.AckDeadline, SeenAt: c.Now})
	}
	return out, insert(ctx, t.Tx, "insert attempts", "attempts", attemptColumns, "", attemptFields, out...)
}

// Check asks for both rows at once. It is the entry that says which fence is the
// newest; whoever waited for its lock sees what it has become.
func (t queue) Check(ctx context.Context, k engine.Token) (*engine.Attempt, error) {
	a, err := one(ctx, t.Tx, "check attempt", attemptFields, "SELECT "+qualified("a", attemptColumns)+` FROM dispatch_queue q
		JOIN attempts a ON a.job_id = q.job_id AND a.fence = q.fence
		WHERE q.job_id = $1 AND q.fence = $2 AND q.status IN ('dispatched','recovering')`+t.dialect.Lock, string(k.Job), int64(k.Fence))
	if errors.Is(err, engine.ErrNotFound) {
		return nil, fmt.Errorf("store: job %s, fence %d: %w", k.Job, k.Fence, engine.ErrStale)
	}
	return a, err
}

// qualified puts a table's name before each column.
func qualified(table, columns string) string {
	fields := strings.FieldsFunc(columns, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
	return table + "." + strings.Join(fields, ", "+table+".")
}

// out tells whether an agent has the job.
func out(s status.Queue) bool { return s == status.QueueDispatched || s == status.QueueRecovering }

func (t queue) Save(ctx context.Context, a *engine.Attempt) error {
	if !out(a.Status) {
		return fmt.Errorf("store: save attempt: %s ends it, which End and Requeue do: %w", a.Status, engine.ErrConflict)
	}
	if err := t.entry(ctx, "save attempt", a.Token(), "status = $3", string(a.Status)); err != nil {
		return err
	}
	_, err := t.exec(ctx, "save attempt", `UPDATE attempts SET agent_id = $3, status = $4, reason = $5, ack_deadline = $6, acked_at = $7,
		started_at = $8, seen_at = $9, cancel = $10 WHERE job_id = $1 AND fence = $2`, string(a.Job), int64(a.Fence), string(a.Agent),
		string(a.Status), a.Reason, micros(a.AckDeadline), micros(a.AckedAt), micros(a.StartedAt), micros(a.SeenAt), a.Cancel)
	return err
}

// entry updates the queue entry an attempt holds; without it the token is stale.
// $1 and $2 are the token.
func (t queue) entry(ctx context.Context, what string, k engine.Token, set string, args ...any) error {
	return t.change(ctx, what, engine.ErrStale, "UPDATE dispatch_queue SET "+set+
		" WHERE job_id = $1 AND fence = $2 AND status IN ('dispatched','recovering')", append([]any{string(k.Job), int64(k.Fence)}, args...)...)
}

// close ends the attempt of a token whose entry has been updated.
func (t queue) close(ctx context.Context, k engine.Token, how status.Queue, reason string, now time.Time) error {
	_, err := t.exec(ctx, "end attempt", "UPDATE attempts SET status = $3, reason = $4, ended_at = $5 WHERE job_id = $1 AND fence = $2",
		string(k.Job), int64(k.Fence), string(how), reason, micros(now))
	return err
}

func (t queue) Alive(ctx context.Context, now time.Time, tokens ...engine.Token) error {
	for _, k := range tokens {
		if _, err := t.exec(ctx, "note sign of life", `UPDATE attempts SET seen_at = $3 WHERE job_id = $1 AND fence = $2
			AND ended_at = 0 AND seen_at < $3`, string(k.Job), int64(k.Fence), micros(now)); err != nil {
			return err
		}
	}
	return nil
}

func (t queue) End(ctx context.Context, k engine.Token, how status.Queue, reason string, now time.Time) error {
	if how == status.QueuePending || out(how) {
		return fmt.Errorf("store: end attempt: %s is no end: %w", how, engine.ErrConflict)
	}
	if err := t.entry(ctx, "end attempt", k, "status = $3, last_error = $4", string(how), reason); err != nil {
		return err
	}
	return t.close(ctx, k, how, reason, now)
}

func (t queue) Requeue(ctx context.Context, k engine.Token, reason string, now, from time.Time, counts bool) error {
	back := 1
	if counts {
		back = 0
	}
	if err := t.entry(ctx, "requeue", k, "status = 'pending', last_error = $3, available_at = $4, tries = tries - $5",
		reason, micros(from), back); err != nil {
		return err
	}
	return t.close(ctx, k, status.QueueFailed, reason, now)
}

func (t queue) Drop(ctx context.Context, job engine.JobID, how status.Queue, reason string) error {
	return t.change(ctx, "drop from queue", engine.ErrConflict,
		"UPDATE dispatch_queue SET status = $2, last_error = $3 WHERE job_id = $1 AND status = 'pending'", string(job), string(how), reason)
}

func (t queue) Expired(ctx context.Context, now time.Time, limit int) ([]engine.Entry, error) {
	return list(ctx, t.Tx, "list expired entries", entryFields, "SELECT "+entryColumns+` FROM dispatch_queue
		WHERE status = 'pending' AND expires_at > 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2`, micros(now), limit)
}

func (t queue) attempts(ctx context.Context, what, where string, args ...any) ([]engine.Attempt, error) {
	return list(ctx, t.Tx, what, attemptFields, "SELECT "+attemptColumns+" FROM attempts WHERE "+where, args...)
}

func (t queue) Unacked(ctx context.Context, now time.Time, limit int) ([]engine.Attempt, error) {
	return t.attempts(ctx, "list unanswered attempts", "ended_at = 0 AND acked_at = 0 AND ack_deadline <= $1 ORDER BY ack_deadline LIMIT $2", micros(now), limit)
}

func (t queue) Silent(ctx context.Context, since time.Time, limit int) ([]engine.Attempt, error) {
	return t.attempts(ctx, "list silent attempts", "ended_at = 0 AND seen_at < $1 ORDER BY seen_at LIMIT $2", micros(since), limit)
}

func (t queue) Held(ctx context.Context, agent engine.AgentID) ([]engine.Attempt, error) {
	return t.attempts(ctx, "list attempts of agent", "ended_at = 0 AND agent_id = $1 ORDER BY dispatched_at, id", string(agent))
}

func (t queue) Attempt(ctx context.Context, id engine.AttemptID) (*engine.Attempt, error) {
	return one(ctx, t.Tx, "get attempt", attemptFields, "SELECT "+attemptColumns+" FROM attempts WHERE id = $1", string(id))
}

func (t queue) Attempts(ctx context.Context, job engine.JobID) ([]engine.Attempt, error) {
	return t.attempts(ctx, "list attempts", "job_id = $1 ORDER BY fence", string(job))
}
