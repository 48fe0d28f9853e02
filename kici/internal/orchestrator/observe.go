package orchestrator

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/observe"
)

// observe puts the one before the store who counts and traces, if that is wanted.
func (o *Orchestrator) observe(s store.Store, t *observe.Tracer) (store.Store, error) {
	if o.o.Metrics == nil {
		return observe.Watch(s, nil, t), nil
	}
	m, err := observe.NewMetrics(o.o.Metrics, o.config.Version)
	if err != nil {
		return nil, fmt.Errorf("kici: metrics: %w", err)
	}
	return observe.Watch(s, m, t), nil
}

// serveMetrics adds /metrics. What is a state is read through the rooms.
func (h *house) serveMetrics(mux *http.ServeMux) {
	reg := h.o.o.Metrics
	if reg == nil {
		return
	}
	s := observe.State{Store: h.store, Now: h.o.o.Now, Agents: h.dispatch.Connected}
	if h.relay != nil {
		s.Relay = func() bool { _, up := h.relay.Relay(); return up }
	}
	reg.MustRegister(observe.NewState(s), h.fleet) // the registry was empty of us a moment ago
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
}
