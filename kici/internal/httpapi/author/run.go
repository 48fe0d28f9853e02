package author

import (
	"errors"
	"net/http"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/kici/internal/httpapi/admin"
)

// visible is an error unless the asker may see the run, the same one as for a run
// that does not exist.
func (h *Handler) visible(q asker, id engine.RunID) error {
	var run *engine.Run
	err := h.Admin.Store.View(q.Context(), func(tx store.Tx) (err error) {
		run, err = tx.Runs().Get(q.Context(), id)
		return err
	})
	if err == nil && !q.key.Sees(run.RoutingKey) {
		err = engine.ErrNotFound
	}
	return admin.Missing(err, "run", string(id))
}

func (h *Handler) run(q asker) (any, error) {
	id := engine.RunID(q.PathValue("id"))
	if err := h.visible(q, id); err != nil {
		return nil, err
	}
	return h.Admin.Run(q.Context(), id, true)
}

func (h *Handler) logs(w http.ResponseWriter, q asker) {
	if err := h.visible(q, engine.RunID(q.PathValue("id"))); err != nil {
		h.Admin.Fail(w, q.Request, err)
		return
	}
	h.Admin.RunLogs(w, q.Request)
}

// manyRuns bounds what one request cancels.
const manyRuns = 1000

// cancel ends a run, or all unfinished runs of a branch.
func (h *Handler) cancel(q asker) (any, error) {
	var in adminclient.AuthorCancel
	if err := admin.Decode(q.Request, &in); err != nil {
		return nil, err
	}
	how := runs.Cancel{By: "key " + q.key.Prefix, Force: in.Force}
	if q.key.Label != "" {
		how.By = q.key.Label
	}
	var ids []engine.RunID
	switch {
	case (in.RunID == "") == (in.Branch == ""):
		return nil, admin.Bad("say runId or branch, one of them")
	case in.RunID != "":
		if err := h.visible(q, engine.RunID(in.RunID)); err != nil {
			return nil, err
		}
		ids = []engine.RunID{engine.RunID(in.RunID)}
	default:
		found, err := h.ofBranch(q, in)
		if err != nil {
			return nil, err
		}
		ids = found
	}
	out := adminclient.Cancelled{RunIDs: []string{}}
	for _, id := range ids {
		_, err := h.Admin.Runs.Cancel(q.Context(), id, how)
		if in.Branch != "" && errors.Is(err, runs.ErrFinished) {
			continue // it was faster
		}
		if err != nil {
			return nil, admin.Missing(err, "run", string(id))
		}
		out.RunIDs = append(out.RunIDs, string(id))
	}
	return out, nil
}

// ofBranch lists the unfinished runs of a branch that the asker may see.
func (h *Handler) ofBranch(q asker, in adminclient.AuthorCancel) (out []engine.RunID, err error) {
	branch := strings.TrimPrefix(in.Branch, "refs/heads/")
	err = h.Admin.Store.View(q.Context(), func(tx store.Tx) error {
		out = nil
		for after := engine.RunID(""); len(out) < manyRuns; {
			page, err := tx.Runs().Unfinished(q.Context(), after, manyRuns)
			if err != nil || len(page) == 0 {
				return err
			}
			for i := range page {
				r := &page[i]
				if strings.TrimPrefix(r.Ref.Name, "refs/heads/") == branch && (in.Repo == "" || in.Repo == r.Ref.Repo) && q.key.Sees(r.RoutingKey) {
					out = append(out, r.ID)
				}
			}
			after = page[len(page)-1].ID
		}
		return nil
	})
	return out, err
}
