package intake

import (
	"context"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/engine/registry"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/lockfile"
	"github.com/kici-dev/kici-go/lockfile/pattern"
)

// Secrets finds the secret that a genericWebhook trigger names in its auth. What
// is registered may only reach what its own repository may read.
type Secrets interface {
	Resolve(ctx context.Context, r *engine.Registration, name string) (string, error)
}

// proofs say, by proofKey, why a delivery does not satisfy the auth of a trigger;
// empty when it does. They are made when the delivery comes in, because the
// headers that carry keys are not stored.
type proofs map[string]string

// proofKey is what one proof holds for: the same auth in another registration may
// name another secret.
func proofKey(source engine.SourceID, repo string, a *lockfile.WebhookAuth) string {
	return strings.Join([]string{string(source), repo, a.Method, a.Secret, a.SignatureHeader, a.Header}, "\n")
}

// prove compares a delivery with the auth of every trigger that listens to its
// source. A secret that cannot be found keeps its own triggers from matching and
// no others, so it is no reason to refuse the delivery.
func (i *Intake) prove(ctx context.Context, g *Gate, in *provider.Inbound) (proofs, error) {
	if _, code := g.provider.(provider.Cloner); code {
		return nil, nil
	}
	ls, err := i.Registry.Listeners(ctx)
	if err != nil {
		return nil, err
	}
	var out proofs
	for _, l := range ls {
		for _, t := range l.Triggers() {
			if t.Type != lockfile.TriggerGenericWebhook || t.Auth == nil || t.Source != g.Source.Name {
				continue
			}
			key := proofKey(l.Source, l.Ref.Repo, t.Auth)
			if _, done := out[key]; done {
				continue
			}
			if out == nil {
				out = proofs{}
			}
			out[key] = i.proof(ctx, l, t.Auth, in)
		}
	}
	return out, nil
}

func (i *Intake) proof(ctx context.Context, l *registry.Listener, a *lockfile.WebhookAuth, in *provider.Inbound) (why string) {
	if i.Secrets == nil {
		return "nothing here knows secrets"
	}
	secret, err := i.Secrets.Resolve(ctx, &l.Registration, a.Secret)
	if err != nil {
		return "the secret could not be found: " + err.Error()
	}
	if err := verification.Prove(a, secret, in, i.Now()); err != nil {
		return err.Error()
	}
	return ""
}

// proven is the veto of those who did not prove themselves.
func proven(t *task, l *registry.Listener) trigger.Veto {
	return func(_ *lockfile.Workflow, tr *lockfile.Trigger) *trigger.Check {
		if tr.Type != lockfile.TriggerGenericWebhook || tr.Auth == nil {
			return nil
		}
		why, known := t.proofs[proofKey(l.Source, l.Ref.Repo, tr.Auth)]
		switch {
		case !known:
			why = "the trigger was registered after the delivery came in"
		case why == "":
			return nil
		}
		return &trigger.Check{Check: "auth", Pattern: tr.Auth.Method + " with secret " + tr.Auth.Secret, Reason: why}
	}
}

// addressed is the veto of those whose address was another one. A path is
// compared with what follows the source in the URL, or with that and the source.
func addressed(t *task) trigger.Veto {
	return func(_ *lockfile.Workflow, tr *lockfile.Trigger) *trigger.Check {
		if tr.Type != lockfile.TriggerGenericWebhook || tr.Path == "" {
			return nil
		}
		failed := &trigger.Check{Check: "path", Pattern: tr.Path, Value: t.path}
		glob, err := pattern.CompileGlob(strings.Trim(tr.Path, "/"))
		if err != nil {
			failed.Reason = err.Error()
			return failed
		}
		for _, value := range []string{t.path, strings.TrimSuffix(t.source.Name+"/"+t.path, "/")} {
			if ok, err := glob.Match(value); ok && err == nil {
				return nil
			}
		}
		return failed
	}
}
