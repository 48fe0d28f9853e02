package orchestrator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/pipe"
)

// settled waits for finished runs, as "workflow status", until they are as wanted.
func (h *house) settled(want ...string) []engine.Run {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.ctx, time.Minute)
	defer stop()
	l := h.rooms.Store.Listen(store.TopicRuns)
	defer l.Close()
	for {
		var all []engine.Run
		must(h.t, h.rooms.Store.View(ctx, func(tx store.Tx) (err error) {
			all, err = tx.Runs().Recent(ctx, time.Time{}, 100)
			return err
		}))
		var got []string
		open := false
		for _, r := range all {
			open = open || !r.Status.Terminal()
			got = append(got, fmt.Sprintf("%s %s", r.Workflow, r.Status))
		}
		slices.Sort(got)
		if slices.Equal(got, want) && !open {
			return all
		}
		if _, err := l.Wait(ctx); err != nil {
			h.t.Fatalf("runs: %q, want %q", got, want)
		}
	}
}

// cause is what a run was started by.
func (h *house) cause(runs []engine.Run, workflow string) (ev event.Event) {
	h.t.Helper()
	i := slices.IndexFunc(runs, func(r engine.Run) bool { return r.Workflow == workflow })
	must(h.t, h.rooms.Store.View(h.ctx, func(tx store.Tx) error {
		body, err := tx.Runs().Event(h.ctx, runs[i].ID)
		if err != nil {
			return err
		}
		return json.Unmarshal(body, &ev)
	}))
	return ev
}

const emitting = `
import { job, jobComplete, kiciEvent, lifecycle, push, step, workflow, workflowComplete } from '@kici-dev/sdk';
const one = (name: string, run: any) => [job(name, { runsOn: 'default', run })];
export const ci = workflow('ci', { on: push(), jobs: one('build', async ({ emit, log }) => {
  log.info((await emit('built', { env: 'prod', n: 1 })).deliveryId);
}) });
export const deploy = workflow('deploy', { on: kiciEvent({ name: 'built', match: { '$.env': 'prod' } }),
  jobs: one('go', async ({ rawPayload }) => { if (rawPayload.payload.n !== 1) throw new Error('n'); }) });
export const stay = workflow('stay', { on: kiciEvent({ name: 'built', match: { '$.env': 'test' } }), jobs: one('go', async () => {}) });
export const after = workflow('after', { on: workflowComplete({ name: 'deploy', status: ['success'] }), jobs: one('go', async () => {}) });
export const each = workflow('each', { on: jobComplete({ workflow: 'ci', job: 'build' }), jobs: one('go', async () => { throw new Error('no'); }) });
export const alarm = workflow('alarm', { on: lifecycle({ events: ['job_failed'] }), jobs: one('go', async ({ rawPayload }) => {
  if (rawPayload.lifecycleEvent !== 'job_failed' || rawPayload.workflowName !== 'each') throw new Error(JSON.stringify(rawPayload));
}) });
`

// A run emits, listeners start, what they finish starts others.
func TestEventsStartWorkflows(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, wire ...pipe.Option) {
		h := start(t, emitting, wire...)
		h.push()
		runs := h.settled("after success", "alarm success", "ci success", "deploy success", "each failed")
		for workflow, want := range map[string]string{"deploy": event.KiciEvent, "after": event.WorkflowComplete, "each": event.JobComplete, "alarm": event.Lifecycle} {
			if ev := h.cause(runs, workflow); ev.Type != want {
				t.Errorf("%s was started by %s", workflow, ev.Type)
			}
		}
		var done struct {
			WorkflowName, Status, Conclusion, SourceRepo string
			JobResults                                   []struct{ Name, Status string }
		}
		must(t, json.Unmarshal(h.cause(runs, "after").Payload, &done))
		if done.WorkflowName != "deploy" || done.Status != "success" || done.Conclusion != "success" || fmt.Sprint(done.JobResults) != "[{go success}]" || done.SourceRepo == "" {
			t.Errorf("%+v", done)
		}
	})
}

const endless = `
import { job, push, workflow, workflowComplete } from '@kici-dev/sdk';
export const ci = workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const echo = workflow('echo', { on: workflowComplete(), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
`

// Workflows that start each other come to an end.
func TestEndlessChainEnds(t *testing.T) {
	t.Parallel()
	h := start(t, endless)
	h.push()
	h.settled(append([]string{"ci success"}, slices.Repeat([]string{"echo success"}, intake.MaxChain)...)...)
	l := h.rooms.Store.Listen(store.TopicEvents)
	defer l.Close()
	for { // nothing is left to act on, and so nothing more to come
		var pending []engine.Event
		must(t, h.rooms.Store.View(h.ctx, func(tx store.Tx) (err error) {
			pending, err = tx.Events().Pending(h.ctx, 9)
			return err
		}))
		if len(pending) == 0 {
			break
		}
		_, err := l.Wait(h.ctx)
		must(t, err)
	}
	h.settled(append([]string{"ci success"}, slices.Repeat([]string{"echo success"}, intake.MaxChain)...)...)
}

const shouting = `
import { job, push, workflow } from '@kici-dev/sdk';
export default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', run: async ({ emit }) => {
  for (let i = 0; i < 101; i++) await emit('x', { i });
} })] });
`

// The job that emits too much hears so.
func TestEmitLimitIsHeard(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, wire ...pipe.Option) {
		h := start(t, shouting, wire...)
		run, jobs := h.push()
		if run.Status != status.RunFailed || !strings.Contains(jobs[0].Reason+string(jobs[0].Detail), "more than 100 times within a minute") {
			t.Errorf("%s: %s %s", run.Status, jobs[0].Reason, jobs[0].Detail)
		}
	})
}

const everyDay = `
import { job, push, schedule, workflow } from '@kici-dev/sdk';
export const ci = workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', run: async () => {} })] });
export const tick = workflow('tick', { on: [schedule({ cron: '0 5 * * *' }), schedule({ cron: '0 5 * * *', timezone: 'Asia/Tokyo' })],
  jobs: [job('a', { runsOn: 'default', run: async ({ rawPayload }) => {
    if (rawPayload.cronExpression !== '0 5 * * *' || !rawPayload.scheduledAt) throw new Error(JSON.stringify(rawPayload));
  } })] });
`

// A schedule fires when its time has come, by the clock that the house is given.
func TestScheduleFires(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	h := startWith(t, everyDay, []func(*orchestrator.Options){func(o *orchestrator.Options) { o.Now = now }})
	h.push()
	h.settled("ci success")
	ahead.Store(int64(24 * time.Hour))
	runs := h.settled("ci success", "tick success", "tick success")
	var zones []string
	for _, r := range runs {
		if r.Workflow == "tick" {
			var p struct{ Timezone string }
			must(t, json.Unmarshal(h.cause([]engine.Run{r}, "tick").Payload, &p))
			zones = append(zones, p.Timezone)
		}
	}
	slices.Sort(zones)
	if !slices.Equal(zones, []string{"Asia/Tokyo", "UTC"}) {
		t.Errorf("%q", zones)
	}
}
