package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/generic"
	"github.com/kici-dev/kici-go/engine/provider/git"
	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// sources are reachable under the documented name of the webhook ones as well.
func (h *Handler) sources() map[string]route {
	out := map[string]route{"GET /source-presets": h.presets, "POST /source-purge": h.purgeSources}
	for _, base := range []string{"/sources", "/generic-sources"} {
		maps.Copy(out, map[string]route{
			"POST " + base: h.addSource, "GET " + base: h.listSources, "GET " + base + "/{id}": h.getSource,
			"PATCH " + base + "/{id}": h.updateSource, "DELETE " + base + "/{id}": h.removeSource,
			"POST " + base + "/{id}/enable": h.switchSource(true), "POST " + base + "/{id}/disable": h.switchSource(false),
			"GET " + base + "/{id}/webhook-secret": h.webhookSecret, "POST " + base + "/{id}/trigger": h.triggerLocal,
		})
	}
	return out
}

func (h *Handler) presets(*http.Request) (any, error) {
	return slices.DeleteFunc(git.Presets(), func(p string) bool { return h.Providers[p] == nil }), nil
}

// find looks by id, name, then routing key.
func (h *Handler) find(ctx context.Context, tx store.Tx, id string) (*engine.Source, error) {
	s, err := tx.Sources().Find(ctx, id)
	if !errors.Is(err, engine.ErrNotFound) {
		return s, err
	}
	all, err := tx.Sources().List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].RoutingKey == id {
			return &all[i], nil
		}
	}
	return nil, &missingError{"source", id}
}

func (h *Handler) source(r *http.Request) (s *engine.Source, err error) {
	err = h.view(r.Context(), func(tx store.Tx) (err error) {
		s, err = h.find(r.Context(), tx, r.PathValue("id"))
		return err
	})
	return s, err
}

func (h *Handler) listSources(r *http.Request) (any, error) {
	out := []adminclient.Source{}
	err := h.view(r.Context(), func(tx store.Tx) error {
		all, err := tx.Sources().List(r.Context())
		for i := range all {
			if all[i].DeletedAt.IsZero() || r.URL.Query().Get("includeDeleted") == "true" {
				out = append(out, h.shownSource(&all[i]))
			}
		}
		return err
	})
	return out, err
}

func (h *Handler) getSource(r *http.Request) (any, error) {
	s, err := h.source(r)
	if err != nil {
		return nil, err
	}
	return h.shownSource(s), nil
}

// fields of a request that are the source's own; the others are its provider's.
type sourceFields struct {
	Name, Kind string
	Enabled    *bool
	config     map[string]any
}

func readSource(r *http.Request) (f sourceFields, err error) {
	if err := Decode(r, &f.config); err != nil {
		return f, err
	}
	for name, to := range map[string]*string{"name": &f.Name, "kind": &f.Kind, "providerType": &f.Kind, "orgId": new(string)} {
		v, there := f.config[name]
		if !there {
			continue
		}
		text, ok := v.(string)
		if !ok {
			return f, &badError{name + " must be a text"}
		}
		*to = text
		delete(f.config, name)
	}
	if v, there := f.config["enabled"]; there {
		on, ok := v.(bool)
		if !ok {
			return f, &badError{"enabled must be true or false"}
		}
		f.Enabled = &on
		delete(f.config, "enabled")
	}
	return f, nil
}

// kind is the provider that serves the source: a preset names one by itself.
func (f *sourceFields) settle(providers map[string]provider.Provider) error {
	preset, _ := f.config["preset"].(string)
	if preset != "" && f.Kind != local.Name {
		f.Kind = preset
	}
	if f.Kind == "" || f.Kind == "universal-git" && preset == "" {
		f.Kind = generic.Name
	}
	if slices.Contains(git.Presets(), f.Kind) {
		f.config["preset"] = f.Kind
	}
	if providers[f.Kind] == nil {
		return &badError{fmt.Sprintf("%q is no kind of source; there are %s", f.Kind, strings.Join(slices.Sorted(maps.Keys(providers)), ", "))}
	}
	return nil
}

func (h *Handler) addSource(r *http.Request) (any, error) {
	f, err := readSource(r)
	if err != nil {
		return nil, err
	}
	if f.config == nil {
		f.config = map[string]any{}
	}
	if err := checkName(f.Name); err != nil {
		return nil, err
	}
	if err := f.settle(h.Providers); err != nil {
		return nil, err
	}
	id := engine.SourceID(h.NewID())
	s := &engine.Source{
		ID: id, Name: f.Name, Kind: f.Kind, RoutingKey: h.RoutingKey(f.Kind, id), Enabled: f.Enabled == nil || *f.Enabled, CreatedAt: h.Now(), UpdatedAt: h.Now(),
	}
	if err := h.configure(s, f.config); err != nil {
		return nil, err
	}
	err = h.Store.Tx(r.Context(), func(tx store.Tx) error {
		if err := vacate(r.Context(), tx, s.Name, s.ID); err != nil {
			return err
		}
		return tx.Sources().Put(r.Context(), s)
	})
	if err != nil {
		return nil, err
	}
	return h.shownSource(s), nil
}

// vacate makes sure that a name is free for a source. One that was removed gives
// its name up, and with it the chance to come back.
func vacate(ctx context.Context, tx store.Tx, name string, id engine.SourceID) error {
	old, err := tx.Sources().Find(ctx, name)
	switch {
	case errors.Is(err, engine.ErrNotFound), err == nil && old.ID == id:
		return nil
	case err != nil:
		return err
	case old.DeletedAt.IsZero():
		return engine.ErrExists
	}
	return tx.Sources().Delete(ctx, old.ID)
}

// checkName keeps names usable as part of an address.
func checkName(name string) error {
	if name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
	}) {
		return &badError{fmt.Sprintf("a source needs a name of letters, digits, '-', '_' and '.': it is part of its webhook's address; %q is none", name)}
	}
	return nil
}

// configure checks a configuration with its provider.
func (h *Handler) configure(s *engine.Source, config map[string]any) error {
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if c, ok := h.Providers[s.Kind].(provider.Configurer); ok {
		if err := c.Validate(text); err != nil {
			return err
		}
	}
	s.Config = text
	return nil
}

func (h *Handler) updateSource(r *http.Request) (any, error) {
	f, err := readSource(r)
	if err != nil {
		return nil, err
	}
	var s *engine.Source
	err = h.Store.Tx(r.Context(), func(tx store.Tx) (err error) {
		if s, err = h.find(r.Context(), tx, r.PathValue("id")); err != nil {
			return err
		}
		if err := h.change(s, f); err != nil {
			return err
		}
		if err := vacate(r.Context(), tx, s.Name, s.ID); err != nil {
			return err
		}
		return tx.Sources().Put(r.Context(), s)
	})
	if err != nil {
		return nil, err
	}
	return h.shownSource(s), nil
}

func (h *Handler) change(s *engine.Source, f sourceFields) error {
	old := map[string]any{}
	if len(s.Config) > 0 {
		if err := json.Unmarshal(s.Config, &old); err != nil {
			return err
		}
	}
	merged := maps.Clone(old)
	for k, v := range f.config {
		if v == nil {
			delete(merged, k)
			continue
		}
		merged[k] = unhide(v, old[k])
	}
	if f.Name != "" {
		if err := checkName(f.Name); err != nil {
			return err
		}
		s.Name = f.Name
	}
	next := sourceFields{Kind: s.Kind, config: merged}
	if f.Kind != "" {
		next.Kind = f.Kind
	}
	if _, forge := f.config["preset"]; forge && f.config["preset"] == nil { // a plain webhook again
		next.Kind = generic.Name
	}
	if err := next.settle(h.Providers); err != nil {
		return err
	}
	if f.Enabled != nil {
		if s.Enabled = *f.Enabled; s.Enabled {
			s.DeletedAt = time.Time{}
		}
	}
	s.Kind, s.UpdatedAt = next.Kind, h.Now()
	return h.configure(s, next.config)
}

func (h *Handler) removeSource(r *http.Request) (any, error) {
	return nil, h.Store.Tx(r.Context(), func(tx store.Tx) error {
		s, err := h.find(r.Context(), tx, r.PathValue("id"))
		if err != nil {
			return err
		}
		if r.URL.Query().Get("hard") == "true" {
			return tx.Sources().Delete(r.Context(), s.ID)
		}
		if s.DeletedAt.IsZero() {
			s.DeletedAt = h.Now()
		}
		s.Enabled, s.UpdatedAt = false, h.Now()
		return tx.Sources().Put(r.Context(), s)
	})
}

// purgeSources ends removed sources for good.
func (h *Handler) purgeSources(r *http.Request) (any, error) {
	var q adminclient.Purge
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	out := []adminclient.Source{}
	err := h.Store.Tx(r.Context(), func(tx store.Tx) error {
		out = out[:0]
		all, err := tx.Sources().List(r.Context())
		if err != nil {
			return err
		}
		for i := range all {
			s := &all[i]
			if s.DeletedAt.IsZero() || !is(q.RoutingKey, s.RoutingKey) {
				continue
			}
			if !q.DryRun {
				if err := tx.Sources().Delete(r.Context(), s.ID); err != nil {
					return err
				}
			}
			out = append(out, h.shownSource(s))
		}
		return nil
	})
	return out, err
}

func (h *Handler) switchSource(on bool) route {
	return func(r *http.Request) (any, error) {
		var s *engine.Source
		err := h.Store.Tx(r.Context(), func(tx store.Tx) (err error) {
			if s, err = h.find(r.Context(), tx, r.PathValue("id")); err != nil {
				return err
			}
			s.Enabled, s.UpdatedAt = on, h.Now()
			if on {
				s.DeletedAt = time.Time{}
			}
			return tx.Sources().Put(r.Context(), s)
		})
		if err != nil {
			return nil, err
		}
		return h.shownSource(s), nil
	}
}

func (h *Handler) webhookSecret(r *http.Request) (any, error) {
	s, err := h.source(r)
	if err != nil {
		return nil, err
	}
	var c struct {
		Detail struct{ Secret, Token string } `json:"verificationConfig"`
	}
	if err := json.Unmarshal(s.Config, &c); err != nil {
		return nil, err
	}
	secret := c.Detail.Secret
	if secret == "" {
		secret = c.Detail.Token
	}
	if secret == "" {
		return nil, &missingError{"webhook secret of", s.Name}
	}
	h.Log.Info("a webhook secret was read", "source", s.Name)
	return map[string]string{"secret": secret}, nil
}

// trigger makes events of a repository on disk.
type trigger interface {
	Trigger(ctx context.Context, s *engine.Source, t local.Trigger) (*provider.Inbound, error)
}

func (h *Handler) triggerLocal(r *http.Request) (any, error) {
	var q adminclient.LocalTrigger
	if err := Decode(r, &q); err != nil {
		return nil, err
	}
	gate, err := h.Intake.Open(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p, ok := h.Providers[gate.Source.Kind].(trigger)
	if !ok {
		return nil, &badError{fmt.Sprintf("%s is a source of kind %s; only repositories on disk can be triggered", gate.Source.Name, gate.Source.Kind)}
	}
	if q.Event == "" {
		q.Event = "push"
	}
	in, err := p.Trigger(r.Context(), gate.Source, local.Trigger{Event: q.Event, Ref: q.Ref, SHA: q.SHA, Repo: q.Repo, Payload: q.Payload})
	if err != nil {
		return nil, err
	}
	receipt, err := h.Intake.Accept(r.Context(), gate, in)
	if err != nil {
		return nil, err
	}
	return adminclient.Triggered{DeliveryID: string(receipt.ID), Duplicate: receipt.Duplicate}, nil
}

func (h *Handler) shownSource(s *engine.Source) adminclient.Source {
	out := adminclient.Source{
		ID: string(s.ID), Name: s.Name, Kind: s.Kind, RoutingKey: s.RoutingKey, Enabled: s.Enabled, WebhookURL: h.WebhookURL(s), CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
		DeletedAt: moment(s.DeletedAt),
	}
	if json.Unmarshal(s.Config, &out.Config) == nil {
		hide(out.Config)
	}
	return out
}

const hidden = "***"

// secretFields are those of any provider's configuration that must not be seen.
var secretFields = []string{"secret", "token", "credential", "password", "privateKey"}

func hide(config map[string]any) {
	for k, v := range config {
		switch v := v.(type) {
		case map[string]any:
			hide(v)
		case string:
			if v != "" && slices.Contains(secretFields, k) {
				config[k] = hidden
			}
		}
	}
}

// unhide puts what was hidden back where a client sent it as it was shown.
func unhide(sent, old any) any {
	switch v := sent.(type) {
	case string:
		if was, ok := old.(string); ok && v == hidden {
			return was
		}
	case map[string]any:
		was, _ := old.(map[string]any)
		for k := range v {
			v[k] = unhide(v[k], was[k])
		}
	}
	return sent
}
