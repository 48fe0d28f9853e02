package step

import (
	"context"

	"github.com/kici-dev/kici-go/executor"
)

// restore fetches declared caches. A cache is an optimisation: what goes wrong
// is said and not fatal.
func (e *Engine) restore(ctx context.Context, specs []executor.Cache) error {
	_, err := e.restoreHit(ctx, specs)
	return err
}

func (e *Engine) restoreHit(ctx context.Context, specs []executor.Cache) (all bool, err error) {
	all = len(specs) > 0
	for _, c := range specs {
		hit, err := e.host.RestoreCache(ctx, e.job.Dir, c)
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if err != nil {
			e.say("cache %q not restored: %v", c.Key, err)
		}
		all = all && hit.Hit && hit.MatchedKey == c.Key
	}
	return all, nil
}

func (e *Engine) save(ctx context.Context, specs []executor.Cache) error {
	for _, c := range specs {
		err := e.host.SaveCache(ctx, e.job.Dir, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			e.say("cache %q not saved: %v", c.Key, err)
		}
	}
	return nil
}
