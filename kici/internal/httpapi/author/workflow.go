package author

import (
	"cmp"
	"errors"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/lockfile"
)

// workflows lists what is registered: the workflows of the lock files of default
// branches, whatever starts them.
func (h *Handler) workflows(q asker) (any, error) {
	all, err := h.Registry.Listeners(q.Context())
	if err != nil {
		return nil, err
	}
	repo, kind := q.URL.Query().Get("repo"), q.URL.Query().Get("triggerType")
	out := []adminclient.Workflow{}
	for _, l := range all {
		if !q.key.Sees(l.RoutingKey) || repo != "" && repo != l.Ref.Repo {
			continue
		}
		rows, err := h.registered(q, l)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if kind == "" || slices.Contains(row.Triggers, kind) {
				out = append(out, row)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b adminclient.Workflow) int {
		return cmp.Or(cmp.Compare(a.Repo, b.Repo), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// registered are the workflows of one registration, none when it has gone
// meanwhile or cannot be read, of which the registry's log tells.
func (h *Handler) registered(q asker, l *registry.Listener) (out []adminclient.Workflow, err error) {
	g, err := h.Registry.Lock(q.Context(), l)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := lockfile.Parse(g.Lock)
	if err != nil {
		return nil, nil //nolint:nilerr // a newer release wrote it
	}
	for i := range f.Workflows {
		w := &f.Workflows[i]
		row := adminclient.Workflow{Name: w.Name, Repo: g.Ref.Repo, Ref: g.Ref.Name, SHA: g.Ref.SHA, RoutingKey: g.RoutingKey, Triggers: []string{}, UpdatedAt: g.UpdatedAt}
		for k := range w.Triggers {
			if t := string(w.Triggers[k].Type); !slices.Contains(row.Triggers, t) {
				row.Triggers = append(row.Triggers, t)
			}
		}
		out = append(out, row)
	}
	return out, nil
}
