package dev

import (
	"context"
	"maps"
	"slices"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/dispatch"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// secrets are those of the author's machine. The files are read for every job:
// they are edited while a dev runs, and they are small.
type secrets struct {
	folder string // .kici
	typed  localsecret.Typed
}

var _ dispatch.Secrets = (*secrets)(nil)

// Resolve implements dispatch.Secrets.
func (s *secrets) Resolve(_ context.Context, _ *engine.Run, environment string) ([]jobspec.Secret, error) {
	all, err := localsecret.Load(s.folder, s.typed)
	if err != nil {
		return nil, err
	}
	values := all.For(environment)
	var out []jobspec.Secret
	for _, key := range slices.Sorted(maps.Keys(values)) {
		v := values[key]
		out = append(out, jobspec.Secret{Key: key, Value: v.Text, Scope: v.Context, Backend: v.Source})
	}
	return out, nil
}
