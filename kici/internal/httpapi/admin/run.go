package admin

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/lockfile/status"
)

func (h *Handler) runs() map[string]route {
	return map[string]route{
		"GET /runs": h.listRuns, "GET /runs/{id}": h.getRun, "GET /runs/{id}/jobs": h.getJobs, "GET /runs/{id}/explain": h.explainRun,
		"POST /runs/{id}/cancel": h.cancelRun, "POST /runs/{id}/rerun": h.rerunRun,
	}
}

func (h *Handler) listRuns(r *http.Request) (any, error) {
	w, err := windowOf(r)
	if err != nil {
		return nil, err
	}
	since, err := timeOf(r, "since")
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	f := store.RunFilter{Workflow: q.Get("workflowName"), Repo: q.Get("repo"), Since: since, Limit: w.limit, Skip: w.offset}
	if q.Get("status") != "" {
		for _, s := range strings.Split(q.Get("status"), ",") {
			f.Statuses = append(f.Statuses, status.Run(s))
		}
	}
	var found []engine.Run
	if storable(q.Get("status") + f.Workflow + f.Repo) { // no run is called otherwise
		err = h.view(r.Context(), func(tx store.Tx) (err error) {
			found, err = tx.Runs().List(r.Context(), f)
			return err
		})
	}
	out := []adminclient.Run{}
	for i := range found {
		out = append(out, shownRun(&found[i]))
	}
	return out, err
}

// storable tells text that a database can compare with what it holds.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func is(want, have string) bool { return want == "" || want == have }

func (h *Handler) getRun(r *http.Request) (any, error) {
	return h.Run(r.Context(), engine.RunID(r.PathValue("id")), r.URL.Query().Get("includeSteps") == "true")
}

// Run is a run with its jobs, and their steps if they are wanted.
func (h *Handler) Run(ctx context.Context, id engine.RunID, steps bool) (adminclient.Run, error) {
	var out adminclient.Run
	err := h.view(ctx, func(tx store.Tx) error {
		run, err := tx.Runs().Get(ctx, id)
		if err != nil {
			return Missing(err, "run", string(id))
		}
		out = shownRun(run)
		out.Jobs, err = h.jobs(ctx, tx, id, steps)
		return err
	})
	return out, err
}

func (h *Handler) getJobs(r *http.Request) (any, error) {
	id := engine.RunID(r.PathValue("id"))
	var out []adminclient.Job
	err := h.view(r.Context(), func(tx store.Tx) error {
		if _, err := tx.Runs().Get(r.Context(), id); err != nil {
			return Missing(err, "run", string(id))
		}
		var err error
		out, err = h.jobs(r.Context(), tx, id, r.URL.Query().Get("includeSteps") == "true")
		return err
	})
	return out, err
}

func (h *Handler) jobs(ctx context.Context, tx store.Tx, id engine.RunID, steps bool) ([]adminclient.Job, error) {
	rows, err := tx.Jobs().Of(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []adminclient.Job{}
	for i := range rows {
		j := shownJob(&rows[i])
		attempts, err := tx.Queue().Attempts(ctx, rows[i].ID)
		if err != nil {
			return nil, err
		}
		if j.Attempts = len(attempts); len(attempts) > 0 {
			last := &attempts[len(attempts)-1]
			j.AttemptID, j.AgentID = string(last.ID), string(last.Agent)
			if steps {
				if j.Steps, err = stepsOf(ctx, tx, last.ID); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, j)
	}
	return out, nil
}

func stepsOf(ctx context.Context, tx store.Tx, id engine.AttemptID) ([]adminclient.Step, error) {
	rows, err := tx.Steps().Of(ctx, id)
	var out []adminclient.Step
	for i := range rows {
		s := &rows[i]
		out = append(out, adminclient.Step{
			Index: s.Index, Kind: s.Kind, Name: s.Name, Status: string(s.Status), Error: s.Error, StartedAt: moment(s.StartedAt), FinishedAt: moment(s.FinishedAt),
		})
	}
	return out, err
}

// operator is who the runs are told that it was: there is one token.
const operator = "admin"

func (h *Handler) cancelRun(r *http.Request) (any, error) {
	var q adminclient.Cancel
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	id := engine.RunID(r.PathValue("id"))
	jobs, err := h.Runs.Cancel(r.Context(), id, runs.Cancel{By: operator, Reason: q.Reason, Force: q.Force})
	return map[string]int{"jobs": jobs}, Missing(err, "run", string(id))
}

func (h *Handler) rerunRun(r *http.Request) (any, error) {
	var q struct {
		FailedOnly bool `json:"failedOnly"`
	}
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	id := engine.RunID(r.PathValue("id"))
	made, err := h.Runs.Repeat(r.Context(), id, runs.Repeat{By: operator, FailedOnly: q.FailedOnly})
	return map[string]engine.RunID{"runId": made}, Missing(err, "run", string(id))
}

// explainRun is the decision that started the run.
func (h *Handler) explainRun(r *http.Request) (any, error) {
	id := engine.RunID(r.PathValue("id"))
	var run *engine.Run
	err := h.view(r.Context(), func(tx store.Tx) (err error) {
		run, err = tx.Runs().Get(r.Context(), id)
		return Missing(err, "run", string(id))
	})
	if err != nil {
		return nil, err
	}
	return h.delivery(r.Context(), run.Delivery, false)
}

func shownRun(r *engine.Run) adminclient.Run {
	return adminclient.Run{
		ID: string(r.ID), Workflow: r.Workflow, Status: string(r.Status), Reason: r.Reason, Repo: r.Ref.Repo, Ref: r.Ref.Name, SHA: r.Ref.SHA, Provider: r.Provider,
		RoutingKey: r.RoutingKey, DeliveryID: string(r.Delivery), ParentRunID: string(r.Parent), OriginalID: string(r.Original), TriggeredBy: r.TriggeredBy,
		CancelledBy: r.CancelledBy, Group: r.Group, CreatedAt: r.CreatedAt, StartedAt: moment(r.StartedAt), FinishedAt: moment(r.FinishedAt),
	}
}

func shownJob(j *engine.Job) adminclient.Job {
	out := adminclient.Job{
		ID: string(j.ID), Name: j.Name, Status: string(j.Status), Reason: j.Reason, StartedAt: moment(j.StartedAt), FinishedAt: moment(j.FinishedAt),
	}
	for _, n := range j.Needs {
		out.Needs = append(out.Needs, n.Upstream)
	}
	return out
}
