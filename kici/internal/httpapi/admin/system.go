package admin

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

func (h *Handler) system() map[string]route {
	return map[string]route{"GET /version": h.version, "GET /diagnose": h.diagnose, "GET /cluster-name": h.clusterName, "PUT /cluster-name": h.setClusterName}
}

func (h *Handler) version(*http.Request) (any, error) {
	return adminclient.Version{Version: h.Version, Protocol: h.Protocol}, nil
}

// FactClusterName is what the name of the deployment is stored as, and ClusterName
// what it may be.
const FactClusterName = "cluster_name"

var ClusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (h *Handler) clusterName(r *http.Request) (any, error) {
	var name string
	err := h.view(r.Context(), func(tx store.Tx) (err error) {
		name, err = tx.Facts().Get(r.Context(), FactClusterName)
		return Missing(err, "name of the", "cluster")
	})
	return map[string]string{"name": name}, err
}

func (h *Handler) setClusterName(r *http.Request) (any, error) {
	var q struct {
		Name string `json:"name"`
	}
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	if !ClusterName.MatchString(q.Name) {
		return nil, &badError{fmt.Sprintf("%q is no name of a cluster: lower-case letters, digits and '-' within, at most 63", q.Name)}
	}
	return nil, h.Store.Tx(r.Context(), func(tx store.Tx) error { return tx.Facts().Put(r.Context(), FactClusterName, q.Name) })
}

// diagnose looks at what usually is the matter.
func (h *Handler) diagnose(r *http.Request) (any, error) {
	out := adminclient.Diagnosis{Status: adminclient.OK, Checks: []adminclient.CheckPoint{
		h.checkStore(r.Context()), h.checkAgents(), h.checkDisk(), h.checkSources(r.Context()), h.checkEvents(r.Context()),
	}}
	for _, c := range out.Checks {
		if c.Status == adminclient.Fail || c.Status == adminclient.Warn && out.Status == adminclient.OK {
			out.Status = c.Status
		}
	}
	return out, nil
}

func point(name, status, format string, args ...any) adminclient.CheckPoint {
	return adminclient.CheckPoint{Name: name, Status: status, Message: fmt.Sprintf(format, args...)}
}

func (h *Handler) checkStore(ctx context.Context) adminclient.CheckPoint {
	began := time.Now()
	err := h.Store.Tx(ctx, func(tx store.Tx) error {
		_, err := tx.Sources().List(ctx)
		return err
	})
	if err != nil {
		return point("database", adminclient.Fail, "%v", err)
	}
	return point("database", adminclient.OK, "answers in %s", time.Since(began).Round(100*time.Microsecond))
}

func (h *Handler) checkAgents() adminclient.CheckPoint {
	n, busy := h.Agents()
	if n == 0 {
		return point("agents", adminclient.Warn, "none is connected; jobs wait in the queue")
	}
	return point("agents", adminclient.OK, "%d connected, %d jobs running", n, busy)
}

// Free space that an operator should know of.
const (
	littleSpace = 1 << 30
	noSpace     = 100 << 20
)

func (h *Handler) checkDisk() adminclient.CheckPoint {
	if h.DataDir == "" {
		return point("disk", adminclient.OK, "nothing is kept on disk")
	}
	free, err := freeSpace(h.DataDir)
	if err != nil {
		return point("disk", adminclient.Warn, "%s: %v", h.DataDir, err)
	}
	status := adminclient.OK
	switch {
	case free < noSpace:
		status = adminclient.Fail
	case free < littleSpace:
		status = adminclient.Warn
	}
	return point("disk", status, "%d MiB free in %s", free>>20, h.DataDir)
}

func (h *Handler) checkSources(ctx context.Context) adminclient.CheckPoint {
	var all []engine.Source
	err := h.view(ctx, func(tx store.Tx) (err error) {
		all, err = tx.Sources().List(ctx)
		return err
	})
	if err != nil {
		return point("sources", adminclient.Fail, "%v", err)
	}
	for i := range all {
		c, ok := h.Providers[all[i].Kind].(provider.Configurer)
		if h.Providers[all[i].Kind] == nil {
			return point("sources", adminclient.Fail, "%s: nothing serves sources of kind %q", all[i].Name, all[i].Kind)
		}
		if !ok {
			continue
		}
		if err := c.Validate(all[i].Config); err != nil {
			return point("sources", adminclient.Fail, "%s: %v", all[i].Name, err)
		}
	}
	all = slices.DeleteFunc(all, func(s engine.Source) bool { return !s.DeletedAt.IsZero() })
	if len(all) == 0 {
		return point("sources", adminclient.Warn, "there is none; 'kici-admin source add' makes one")
	}
	return point("sources", adminclient.OK, "%d", len(all))
}

func (h *Handler) checkEvents(ctx context.Context) adminclient.CheckPoint {
	var dead []engine.DeadEvent
	err := h.view(ctx, func(tx store.Tx) (err error) {
		dead, err = tx.Events().Dead(ctx, 0, maxLimit)
		return err
	})
	switch {
	case err != nil:
		return point("events", adminclient.Fail, "%v", err)
	case len(dead) > 0:
		return point("events", adminclient.Warn, "%d or more could not be handed over; 'kici-admin event-dlq list' shows why", len(dead))
	}
	return point("events", adminclient.OK, "all were handed over")
}
