package local

import (
	"maps"
	"slices"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
)

// typed is what somebody said on the command line.
type typed struct {
	env     map[string]string // --env
	secrets localsecret.Typed // all of it
}

func readTyped(o Options) (typed, error) {
	t := typed{env: map[string]string{}, secrets: localsecret.Typed{Flat: map[string]string{}, Contexts: map[string]map[string]string{}}}
	for _, pair := range o.Env {
		k, v, err := localsecret.ParsePair("--env", pair)
		if err != nil {
			return t, &UsageError{Message: err.Error()}
		}
		t.env[k], t.secrets.Flat[k] = v, v
	}
	for _, pair := range o.Secrets {
		k, v, err := localsecret.ParsePair("--secret", pair)
		if err != nil {
			return t, &UsageError{Message: err.Error()}
		}
		t.secrets.Flat[k] = v
		delete(t.env, k) // named as a secret it is one, and no variable
	}
	for _, pair := range o.Contexts {
		c, k, v, err := localsecret.ParseContextPair(pair)
		if err != nil {
			return t, &UsageError{Message: err.Error()}
		}
		if t.secrets.Contexts[c] == nil {
			t.secrets.Contexts[c] = map[string]string{}
		}
		t.secrets.Contexts[c][k] = v
	}
	return t, nil
}

// hidden are the values to mask. Variables typed with --env are readable as
// secrets and yet none: masking NODE_ENV=test would star out every "test".
func (r *run) hidden() []string {
	plain := slices.Collect(maps.Values(r.typed.env))
	return slices.DeleteFunc(r.secrets.Texts(), func(v string) bool { return slices.Contains(plain, v) })
}

// secretsFor lists what a job of that environment may read; own are those that
// the jobs it needs have published.
func (r *run) secretsFor(environment string, own []executor.Secret) []executor.Secret {
	var out []executor.Secret
	values := r.secrets.For(environment)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		v := values[key]
		_, quiet := r.typed.env[key]
		out = append(out, executor.Secret{Key: key, Value: v.Text, Scope: v.Context, Backend: v.Source, Quiet: quiet})
	}
	return append(out, own...)
}
