package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/route"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
	"github.com/kici-dev/kici-go/lockfile/status"
)

// Request asks for a run of one workflow.
type Request struct {
	Delivery    engine.DeliveryID
	Source      engine.SourceID
	Provider    string
	RoutingKey  string
	Ref         engine.Ref
	Trust       string
	TriggeredBy string
	Test        bool
	Event       *event.Event
	Workflow    *lockfile.Workflow
	Lock        []byte // the file the workflow stands in
	Depth       int    // how many events led to this one
	// Groups are the concurrency groups that pure functions of the lock file named,
	// by place in the workflow's jobs.
	Groups map[int]string
}

// Plan is what a run's snapshot remembers besides lock and event: what the
// author's code answered.
type Plan struct {
	Prepared *jobspec.Prepared `json:"prepared,omitempty"`
	// Carried are the jobs whose outcome a repeated run took over.
	Carried []string `json:"carried,omitempty"`
	// Groups are those of Request.
	Groups map[int]string `json:"groups,omitempty"`
	// Depth counts the events that led to the run, so that workflows which start
	// each other come to an end.
	Depth int `json:"depth,omitempty"`
}

// whole adds what was known before the author's code was asked.
func (p *Plan) whole(answer *jobspec.Prepared) *jobspec.Prepared {
	if len(p.Groups) == 0 {
		return answer
	}
	out := *answer
	out.Groups = maps.Clone(p.Groups)
	maps.Copy(out.Groups, answer.Groups)
	return &out
}

// CreateTx makes a run and queues what can start.
func (r *Runs) CreateTx(ctx context.Context, tx store.Tx, q Request) (engine.RunID, error) {
	ids, err := r.CreateAllTx(ctx, tx, q)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// CreateAllTx makes a run of each request and queues what can start. Together they
// cost little more of the database than one.
func (r *Runs) CreateAllTx(ctx context.Context, tx store.Tx, qs ...Request) ([]engine.RunID, error) {
	var ids []engine.RunID
	var all sheet
	for i := range qs {
		q := &qs[i]
		body, err := json.Marshal(q.Event)
		if err != nil {
			return nil, fmt.Errorf("runs: event: %w", err)
		}
		run := r.requested(q)
		run.Workflow, run.Timeout = q.Workflow.Name, milliseconds(q.Workflow.Timeout)
		d := r.begun(ctx, tx, run, &engine.Snapshot{Lock: q.Lock, Event: body})
		if err := d.begin(q.Workflow, Plan{Depth: q.Depth, Groups: q.Groups}, nil); err != nil {
			return nil, err
		}
		ids = append(ids, run.ID)
		all.add(d)
	}
	return ids, all.write(ctx, tx)
}

func (r *Runs) requested(q *Request) *engine.Run {
	return &engine.Run{
		ID: engine.RunID(r.NewID()), Delivery: q.Delivery, Source: q.Source, Status: status.RunPending,
		Ref: q.Ref, Provider: q.Provider, RoutingKey: q.RoutingKey, Trust: q.Trust, Sender: q.Event.SenderUsername, Test: q.Test,
		TriggeredBy: q.TriggeredBy, CreatedAt: r.Now(),
	}
}

// RefuseTx makes a run that has failed before it began: a lock file that cannot
// be read starts nothing, and somebody has to see that.
func (r *Runs) RefuseTx(ctx context.Context, tx store.Tx, q Request, reason string) (engine.RunID, error) {
	body, err := json.Marshal(q.Event)
	if err != nil {
		return "", fmt.Errorf("runs: event: %w", err)
	}
	run := r.requested(&q)
	if run.Workflow = lockfile.Path; q.Workflow != nil {
		run.Workflow = q.Workflow.Name
	}
	if err := tx.Runs().Insert(ctx, run, &engine.Snapshot{Lock: q.Lock, Event: body, Plan: encode(Plan{})}); err != nil {
		return "", err
	}
	d := &decision{r: r, ctx: ctx, tx: tx, run: run}
	d.announce("", KindRunCreated, d.change())
	return run.ID, d.fail(reason)
}

// begin takes the first decision about a run. carried are outcomes of jobs that
// need not run again, by name.
func (d *decision) begin(w *lockfile.Workflow, p Plan, carried map[string]*engine.Job) error {
	d.fresh.snapshot.Plan = encode(p)
	d.announce("", KindRunCreated, d.change())
	want := jobspec.PrepareFor(w)
	switch {
	case want != nil && p.Prepared == nil:
		d.insert(d.prepareJob(w, want))
	default:
		prepared := p.Prepared
		if prepared == nil {
			prepared = &jobspec.Prepared{}
		}
		if err := d.expand(w, p.whole(prepared), carried); err != nil {
			return err
		}
	}
	return d.advance()
}

// prepareJob asks the author's code for what the plan still needs.
func (d *decision) prepareJob(w *lockfile.Workflow, want *jobspec.Prepare) engine.Job {
	return d.pseudo(InitPrefix+w.Name, -1, jobspec.Spec{Kind: jobspec.KindPrepare, Prepare: want}, w)
}

// pseudo is a job that no author wrote.
func (d *decision) pseudo(name string, place int, s jobspec.Spec, w *lockfile.Workflow) engine.Job {
	s.Workflow, s.Source, s.ContentHash, s.HashFiles = w.Name, w.Source, w.ContentHash, w.ResolvedHashFiles
	s.Name, s.Base = name, name
	return engine.Job{
		ID: engine.JobID(d.r.NewID()), Run: d.run.ID, Name: name, Base: name, Place: place, Status: status.JobPending,
		Route: route.Of([]string{route.InitRunner}, nil), Spec: encode(s), CreatedAt: d.r.Now(),
	}
}

func milliseconds(ms *float64) time.Duration {
	if ms == nil {
		return 0
	}
	return time.Duration(*ms * float64(time.Millisecond))
}
