package statement

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile/status"
)

type runs struct{ *Tx }

const runColumns = `id, delivery_id, source_id, workflow_name, status, repo, ref, sha, provider, routing_key, trust_tier,
	sender, is_test_run, parent_run_id, original_run_id, triggered_by, cancelled_by, reason, timeout, created_at, started_at, finished_at,
	concurrency_group, waiting_since`

func runFields(r *engine.Run) []any {
	return []any{(*string)(&r.ID), (*string)(&r.Delivery), (*string)(&r.Source), &r.Workflow, (*string)(&r.Status),
		&r.Ref.Repo, &r.Ref.Name, &r.Ref.SHA, &r.Provider, &r.RoutingKey, &r.Trust, &r.Sender, &r.Test,
		(*string)(&r.Parent), (*string)(&r.Original), &r.TriggeredBy, &r.CancelledBy, &r.Reason, (*int64)(&r.Timeout),
		at(&r.CreatedAt), at(&r.StartedAt), at(&r.FinishedAt), &r.Group, at(&r.WaitingSince)}
}

func snapshotFields(s *engine.Snapshot) []any {
	return []any{raw(&s.Lock), raw(&s.Event), raw(&s.Plan)}
}

func (t runs) Insert(ctx context.Context, r *engine.Run, s *engine.Snapshot) error {
	return t.InsertAll(ctx, []engine.Run{*r}, []engine.Snapshot{*s})
}

// kept is a snapshot with its run.
type kept struct {
	run string
	engine.Snapshot
}

func keptFields(k *kept) []any { return append([]any{&k.run}, snapshotFields(&k.Snapshot)...) }

// InsertAll leaves the runs locked in the sense of Lock: nobody else sees them.
func (t runs) InsertAll(ctx context.Context, rs []engine.Run, ss []engine.Snapshot) error {
	if err := insert(ctx, t.Tx, "insert run", "runs", runColumns, "", runFields, rs...); err != nil {
		return err
	}
	all := make([]kept, len(rs))
	for i := range rs {
		all[i] = kept{string(rs[i].ID), ss[i]}
		t.locked[string(rs[i].ID)] = true
	}
	return insert(ctx, t.Tx, "insert snapshot", "run_snapshots", "run_id, lock, event, plan", "", keptFields, all...)
}

func (t runs) Get(ctx context.Context, id engine.RunID) (*engine.Run, error) {
	return one(ctx, t.Tx, "get run", runFields, "SELECT "+runColumns+" FROM runs WHERE id = $1", string(id))
}

func (t runs) Lock(ctx context.Context, id engine.RunID) (*engine.Run, error) {
	t.locked[string(id)] = true
	return one(ctx, t.Tx, "lock run", runFields, "SELECT "+runColumns+" FROM runs WHERE id = $1"+t.dialect.Lock, string(id))
}

func (t runs) Snapshot(ctx context.Context, id engine.RunID) (*engine.Snapshot, error) {
	return one(ctx, t.Tx, "get snapshot", snapshotFields, "SELECT lock, event, plan FROM run_snapshots WHERE run_id = $1", string(id))
}

func (t runs) Event(ctx context.Context, id engine.RunID) ([]byte, error) {
	return t.part(ctx, "event", id)
}

func (t runs) Plan(ctx context.Context, id engine.RunID) ([]byte, error) {
	return t.part(ctx, "plan", id)
}

// part is one column of a snapshot.
func (t runs) part(ctx context.Context, column string, id engine.RunID) ([]byte, error) {
	b, err := one(ctx, t.Tx, "get "+column+" of run", func(b *[]byte) []any { return []any{raw(b)} }, "SELECT "+column+" FROM run_snapshots WHERE run_id = $1", string(id))
	if err != nil {
		return nil, err
	}
	return *b, nil
}

func (t runs) Save(ctx context.Context, r *engine.Run, was status.Run) error {
	return t.change(ctx, "save run", engine.ErrConflict, `UPDATE runs SET status = $3, cancelled_by = $4, reason = $5, started_at = $6,
		finished_at = $7, concurrency_group = $8, waiting_since = $9 WHERE id = $1 AND status = $2`,
		string(r.ID), string(was), string(r.Status), r.CancelledBy, r.Reason, micros(r.StartedAt), micros(r.FinishedAt), r.Group,
		micros(r.WaitingSince))
}

func (t runs) Replan(ctx context.Context, id engine.RunID, plan []byte) error {
	return t.change(ctx, "save plan", engine.ErrNotFound, "UPDATE run_snapshots SET plan = $2 WHERE run_id = $1", string(id), raw(&plan))
}

// unfinished is spelled as in the partial indexes, which it has to match.
const unfinished = "status IN ('pending', 'running', 'held', 'cancelling')"

func (t runs) InGroup(ctx context.Context, group string) ([]engine.Run, error) {
	return list(ctx, t.Tx, "list concurrency group", runFields, "SELECT "+runColumns+
		" FROM runs WHERE concurrency_group = $1 AND concurrency_group <> '' AND "+unfinished+" ORDER BY created_at, id", group)
}

// Overdue divides because a timeout is stored in nanoseconds.
func (t runs) Overdue(ctx context.Context, now time.Time, limit int) ([]engine.Run, error) {
	return list(ctx, t.Tx, "list overdue runs", runFields, "SELECT "+runColumns+" FROM runs WHERE "+unfinished+
		" AND status <> 'cancelling' AND timeout > 0 AND started_at > 0 AND started_at + timeout / 1000 <= $1 ORDER BY id LIMIT $2", micros(now), limit)
}

func (t runs) Unfinished(ctx context.Context, after engine.RunID, limit int) ([]engine.Run, error) {
	return list(ctx, t.Tx, "list unfinished runs", runFields, "SELECT "+runColumns+
		" FROM runs WHERE "+unfinished+" AND id > $1 ORDER BY id LIMIT $2", string(after), limit)
}

func (t runs) Recent(ctx context.Context, before time.Time, limit int) ([]engine.Run, error) {
	return list(ctx, t.Tx, "list runs", runFields, "SELECT "+runColumns+
		" FROM runs WHERE created_at < $1 ORDER BY created_at DESC, id DESC LIMIT $2", latest(before), limit)
}

// indexed is how long a name may be to stand in the indexes of lists.
const indexed = 500

// List asks for each status on its own, since each has its own order by time in the
// index, and merges the answers.
func (t runs) List(ctx context.Context, f store.RunFilter) ([]engine.Run, error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	where := "created_at >= " + arg(micros(f.Since))
	for _, equal := range [][2]string{{"workflow_name", f.Workflow}, {"repo", f.Repo}} {
		if equal[1] != "" {
			where += " AND " + equal[0] + " = " + arg(equal[1])
			if utf8.RuneCountInString(equal[1]) <= indexed {
				where += " AND length(" + equal[0] + ") <= 500" // as in the partial index
			}
		}
	}
	const order = " ORDER BY created_at DESC, id DESC LIMIT "
	limit, skip := arg(f.Limit), arg(f.Skip)
	if len(f.Statuses) == 0 {
		return list(ctx, t.Tx, "list runs", runFields, "SELECT "+runColumns+" FROM runs WHERE "+where+order+limit+" OFFSET "+skip, args...)
	}
	var branches []string
	all := arg(f.Limit + f.Skip)
	for _, s := range slices.Compact(slices.Sorted(slices.Values(f.Statuses))) {
		branches = append(branches, "SELECT * FROM (SELECT "+runColumns+" FROM runs WHERE "+where+" AND status = "+arg(string(s))+order+all+") AS s")
	}
	return list(ctx, t.Tx, "list runs", runFields, "SELECT * FROM ("+strings.Join(branches, " UNION ALL ")+") AS r"+order+limit+" OFFSET "+skip, args...)
}

func (t runs) Of(ctx context.Context, d engine.DeliveryID) ([]engine.Run, error) {
	return list(ctx, t.Tx, "list runs of delivery", runFields, "SELECT "+runColumns+" FROM runs WHERE delivery_id = $1 ORDER BY id", string(d))
}

func (t runs) Repeats(ctx context.Context, original engine.RunID) ([]engine.Run, error) {
	return list(ctx, t.Tx, "list repeated runs", runFields, "SELECT "+runColumns+
		" FROM runs WHERE original_run_id = $1 ORDER BY created_at, id", string(original))
}

func (t runs) Waiting(ctx context.Context, since time.Time, limit int) ([]engine.Run, error) {
	return list(ctx, t.Tx, "list waiting runs", runFields, "SELECT "+runColumns+" FROM runs WHERE "+unfinished+
		" AND concurrency_group <> '' AND waiting_since > 0 AND waiting_since <= $1 ORDER BY id LIMIT $2", micros(since), limit)
}

type jobs struct{ *Tx }

const jobColumns = `id, run_id, name, base_name, group_name, place, status, by_rule, route, spec, outputs, reason,
	needs_satisfied, ready_at, created_at, started_at, finished_at, detail, secrets, concurrency_group`

func jobFields(j *engine.Job) []any {
	return []any{(*string)(&j.ID), (*string)(&j.Run), &j.Name, &j.Base, &j.Group, &j.Place, (*string)(&j.Status), &j.ByRule,
		(*string)(&j.Route), raw(&j.Spec), raw(&j.Outputs), &j.Reason, &j.NeedsSatisfied, at(&j.ReadyAt),
		at(&j.CreatedAt), at(&j.StartedAt), at(&j.FinishedAt), raw(&j.Detail), raw(&j.Secrets), &j.Turn}
}

// edge is a row of job_needs.
type edge struct {
	Job   string
	Place int
	engine.Need
}

func edgeFields(e *edge) []any { return []any{&e.Job, &e.Place, &e.Upstream, &e.RunOnFailure} }

const edgeColumns = "job_id, place, upstream_name, run_on_failure"

func edgesOf(js ...engine.Job) []edge {
	var out []edge
	for i := range js {
		for k, n := range js[i].Needs {
			out = append(out, edge{string(js[i].ID), k, n})
		}
	}
	return out
}

func (t jobs) Insert(ctx context.Context, js ...engine.Job) error {
	if err := insert(ctx, t.Tx, "insert jobs", "jobs", jobColumns, "", jobFields, js...); err != nil {
		return err
	}
	return insert(ctx, t.Tx, "insert needs", "job_needs", edgeColumns, "", edgeFields, edgesOf(js...)...)
}

func (t jobs) Alone(ctx context.Context, id engine.JobID) (*engine.Job, error) {
	return one(ctx, t.Tx, "get job", jobFields, "SELECT "+jobColumns+" FROM jobs WHERE id = $1", string(id))
}

func (t jobs) Get(ctx context.Context, id engine.JobID) (*engine.Job, error) {
	j, err := t.Alone(ctx, id)
	if err != nil {
		return nil, err
	}
	edges, err := list(ctx, t.Tx, "get needs", edgeFields, "SELECT "+edgeColumns+" FROM job_needs WHERE job_id = $1 ORDER BY place", string(id))
	for _, e := range edges {
		j.Needs = append(j.Needs, e.Need)
	}
	return j, err
}

func (t jobs) Of(ctx context.Context, run engine.RunID) ([]engine.Job, error) {
	js, err := list(ctx, t.Tx, "list jobs", jobFields, "SELECT "+jobColumns+" FROM jobs WHERE run_id = $1 ORDER BY place, name", string(run))
	if err != nil {
		return nil, err
	}
	edges, err := list(ctx, t.Tx, "list needs", edgeFields, `SELECT n.job_id, n.place, n.upstream_name, n.run_on_failure
		FROM job_needs n JOIN jobs j ON j.id = n.job_id WHERE j.run_id = $1 ORDER BY n.job_id, n.place`, string(run))
	if err != nil {
		return nil, err
	}
	index := make(map[string]int, len(js))
	for i := range js {
		index[string(js[i].ID)] = i
	}
	for _, e := range edges {
		j := &js[index[e.Job]]
		j.Needs = append(j.Needs, e.Need)
	}
	return js, nil
}

func (t jobs) Save(ctx context.Context, j *engine.Job, was status.Job) error {
	return t.change(ctx, "save job", engine.ErrConflict, `UPDATE jobs SET status = $3, by_rule = $4, route = $5, spec = $6, outputs = $7,
		reason = $8, needs_satisfied = $9, ready_at = $10, started_at = $11, finished_at = $12, detail = $13, secrets = $14 WHERE id = $1 AND status = $2`,
		string(j.ID), string(was), string(j.Status), j.ByRule, string(j.Route), raw(&j.Spec), raw(&j.Outputs), j.Reason,
		j.NeedsSatisfied, micros(j.ReadyAt), micros(j.StartedAt), micros(j.FinishedAt), raw(&j.Detail), raw(&j.Secrets))
}

func (t jobs) Turn(ctx context.Context, group string) ([]engine.Job, error) {
	return list(ctx, t.Tx, "list jobs of a concurrency group", jobFields, "SELECT "+jobColumns+` FROM jobs WHERE concurrency_group = $1
		AND concurrency_group <> '' AND needs_satisfied AND status IN ('pending', 'queued', 'running', 'recovering', 'cancelling')
		ORDER BY ready_at, id`, group)
}

func (t jobs) Needs(ctx context.Context, j *engine.Job) error {
	if _, err := t.exec(ctx, "replace needs", "DELETE FROM job_needs WHERE job_id = $1", string(j.ID)); err != nil {
		return err
	}
	return insert(ctx, t.Tx, "replace needs", "job_needs", edgeColumns, "", edgeFields, edgesOf(*j)...)
}
