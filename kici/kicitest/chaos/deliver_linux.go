package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/provider/verification"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/kici/author"
)

// workflow is what deliveries start. A job writes down that it ran where only
// its machine can see it, prints numbered lines, and takes a while.
const workflow = `
import { genericWebhook, job, step, workflow } from '@kici-dev/sdk';

const say = (name: string, needs: any[] = []) => job(name, { runsOn: 'default', needs, steps: [step('say', async ({ $, rawPayload }) => {
  const p = rawPayload as any;
  await $` + "`" + `
echo "began $KICI_RUN_ID ${name} ${p.key}" >> "$HOME/witness"
i=0; while [ $i -lt ${p.lines} ]; do echo "line ${p.key} $i"; i=$((i+1)); if [ $i = $((${p.lines}/2)) ]; then sleep ${p.rest}; fi; done
echo "ended $KICI_RUN_ID ${name} ${p.key}" >> "$HOME/witness"
` + "`" + `;
})] });

const first = say('first');
export const one = workflow('one', { on: genericWebhook({ source: 'chaos', events: ['one', 'both'] }), jobs: [say('only')] });
export const two = workflow('two', { on: genericWebhook({ source: 'chaos', events: ['two', 'both'] }), jobs: [first, say('second', [first])] });
`

// expect says which workflows an event starts.
func expect() map[string][]string {
	return map[string][]string{"one": {"one"}, "two": {"two"}, "both": {"one", "two"}, "none": nil}
}

// repository makes a bare one whose only commit has the workflow and its lock
// file.
func (w *world) repository(ctx context.Context) (string, error) {
	tree, bare := filepath.Join(w.dir, "tree"), filepath.Join(w.dir, "repo.git")
	file := filepath.Join(tree, ".kici", "workflows", "chaos.ts")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(workflow), 0o644)); err != nil {
		return "", err
	}
	if err := w.git(ctx, "init", "-q", "-b", "main", tree); err != nil {
		return "", err
	}
	res, err := author.Compile(ctx, author.CompileOptions{Dir: tree})
	if err != nil {
		return "", err
	}
	if res.Failed() {
		return "", fmt.Errorf("chaos: the workflow does not compile: %v", res.Diagnostics)
	}
	for _, args := range [][]string{
		{"-C", tree, "add", "."},
		{"-C", tree, "-c", "user.name=chaos", "-c", "user.email=chaos@localhost", "commit", "-q", "-m", "chaos"},
		{"clone", "-q", "--bare", tree, bare},
	} {
		if err := w.git(ctx, args...); err != nil {
			return "", err
		}
	}
	return bare, nil
}

func (w *world) git(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = []string{"PATH=" + w.config.Path, "HOME=" + w.dir, "GIT_CONFIG_NOSYSTEM=1", cookie(w.dir)}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chaos: git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// sources registers the repository's workflows, and makes the source of the
// deliveries.
func (w *world) sources(ctx context.Context) error {
	repo, err := w.repository(ctx)
	if err != nil {
		return err
	}
	if _, err := w.admin.AddSource(ctx, adminclient.SourceInput{Name: "code", Kind: "local", Config: map[string]any{"path": repo}}); err != nil {
		return err
	}
	hooks, err := w.admin.AddSource(ctx, adminclient.SourceInput{Name: "chaos", Kind: "generic", Config: map[string]any{
		"verificationConfig": map[string]any{"secret": secret}, "dedupWindowSeconds": 86400, "rateLimitRpm": 0,
	}})
	if err != nil {
		return err
	}
	at, err := url.Parse(hooks.WebhookURL)
	if err != nil {
		return err
	}
	w.source = at.Path
	if w.relays != nil {
		if w.source, err = w.relayed(ctx); err != nil {
			return err
		}
	}
	push, err := w.admin.TriggerLocal(ctx, "code", adminclient.LocalTrigger{Event: "push"})
	if err != nil {
		return err
	}
	for {
		d, err := w.admin.Delivery(ctx, push.DeliveryID, false)
		if err != nil {
			return err
		}
		if d.Status == "processed" {
			return nil
		}
		if d.Status != "received" || !rest(ctx, 20*time.Millisecond) {
			return fmt.Errorf("chaos: the push that registers the workflows is %s: %s", d.Status, d.Error)
		}
	}
}

// relayed waits until a relay knows the source, and gives the path that clients
// send to.
func (w *world) relayed(ctx context.Context) (string, error) {
	for {
		all, err := w.relays.RelayedSources(ctx, "default")
		if err != nil {
			return "", err
		}
		for _, s := range all {
			if s.Name != "chaos" || s.Connected == 0 {
				continue
			}
			at, err := url.Parse(s.WebhookURL)
			if err != nil {
				return "", err
			}
			return at.Path, nil
		}
		if !rest(ctx, 50*time.Millisecond) {
			return "", context.Cause(ctx)
		}
	}
}

// delivery is what a client sends.
type delivery struct {
	Key   string  `json:"key"`
	Event string  `json:"-"`
	Lines int     `json:"lines"`
	Rest  float64 `json:"rest"` // seconds that each of its jobs takes
	again int     // how often it is sent although it was accepted
}

// draw makes the deliveries of a run, in the order in which they are sent: not
// quite that of their numbers.
func draw(r *rand.Rand, n, matching int) []delivery {
	events := []string{"one", "one", "two", "both"}
	var out []delivery
	for i := range n {
		d := delivery{Key: fmt.Sprintf("d%06d", i), Event: "none", Lines: 2 + r.IntN(60), Rest: float64(r.IntN(10)) / 10}
		if r.IntN(100) < matching {
			d.Event = events[r.IntN(len(events))]
		}
		if r.IntN(5) == 0 {
			d.again = 1 + r.IntN(2)
		}
		out = append(out, d)
	}
	for i := range out { // neighbours change places
		j := min(len(out)-1, i+r.IntN(4))
		out[i], out[j] = out[j], out[i]
	}
	return out
}

const (
	clientTimeout = 15 * time.Second
	// clientPause is between tries of one delivery.
	clientPause = 300 * time.Millisecond
)

// deliver sends all, a few at a time, and returns when each was accepted. sent
// counts them.
func (w *world) deliver(ctx context.Context, all []delivery, clients int, pace time.Duration, accepted *atomic.Int64) error {
	next := make(chan delivery)
	var work sync.WaitGroup
	for range clients {
		work.Go(func() {
			for d := range next {
				w.insist(ctx, d)
				accepted.Add(1)
			}
		})
	}
	for _, d := range all {
		select {
		case next <- d:
		case <-ctx.Done():
		}
		if pace > 0 {
			rest(ctx, pace)
		}
	}
	close(next)
	work.Wait()
	return context.Cause(ctx)
}

// insist sends a delivery until it is accepted, as often as it takes, and then
// again if it is one of those.
func (w *world) insist(ctx context.Context, d delivery) {
	w.rec.add(Event{Kind: Sent, Key: d.Key, Event: d.Event, Lines: d.Lines})
	for left := 1 + d.again; left > 0 && ctx.Err() == nil; {
		if w.send(ctx, d) {
			left--
			continue
		}
		rest(ctx, clientPause)
	}
}

// send posts it once.
func (w *world) send(ctx context.Context, d delivery) bool {
	body, err := json.Marshal(d)
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.front()+w.source, strings.NewReader(string(body)))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Event-Type", d.Event)
	req.Header.Set("X-Delivery-Id", d.Key)
	req.Header.Set("X-Signature-256", "sha256="+verification.Sign(body, secret))
	began := time.Now()
	res, err := w.http.Do(req)
	if err != nil {
		w.rec.add(Event{Kind: Unanswered, Key: d.Key, Took: time.Since(began)})
		return false
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	var said struct {
		DeliveryID string `json:"deliveryId"`
		Duplicate  bool   `json:"duplicate"`
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err != nil {
		w.rec.add(Event{Kind: Unanswered, Key: d.Key, Took: time.Since(began)})
		return false
	}
	w.rec.add(Event{Kind: Answered, Key: d.Key, ID: said.DeliveryID, Status: res.StatusCode, Duplicate: said.Duplicate, Took: time.Since(began)})
	return res.StatusCode/100 == 2
}

// witness reads what the jobs of all agents wrote down.
func (w *world) witness() ([]Execution, error) {
	var out []Execution
	for _, agent := range w.config.Topology.of(KindAgent) {
		text, err := os.ReadFile(filepath.Join(w.dir, agent, "witness"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		out = append(out, executions(agent, string(text))...)
	}
	return out, nil
}

func executions(agent, text string) []Execution {
	var out []Execution
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 4 {
			continue
		}
		x := Execution{Agent: agent, Run: engine.RunID(f[1]), Job: f[2], Key: f[3]}
		if f[0] == "began" {
			out = append(out, x)
			continue
		}
		i := slices.IndexFunc(out, func(o Execution) bool { return o == x })
		if i >= 0 {
			out[i].Ended = true
		}
	}
	return out
}

// follow reads along with the logs of some runs, as somebody at a screen would, and
// writes down what it was shown. A reader that is cut off gives up.
func (w *world) follow(ctx context.Context) {
	seen := map[string]bool{}
	for rest(ctx, 300*time.Millisecond) {
		runs, err := w.admin.Runs(ctx, adminclient.RunFilter{Status: []string{"running"}, Limit: 5})
		if err != nil {
			continue
		}
		for _, r := range runs {
			if !seen[r.ID] {
				seen[r.ID] = true
				w.watch(ctx, r.ID)
				break
			}
		}
	}
}

// watch follows one run for a while.
func (w *world) watch(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for l, err := range w.admin.Logs(ctx, id, adminclient.LogFilter{Follow: true}) {
		if err != nil {
			return
		}
		w.rec.add(Event{Kind: Followed, ID: id, Job: l.Job, Step: l.Step, Text: []string{l.Text}})
	}
}

// busy counts runs that are not over, and deliveries that were not worked
// through.
func (w *world) busy(ctx context.Context) (int, error) {
	runs, err := w.admin.Runs(ctx, adminclient.RunFilter{Status: []string{"pending", "running", "cancelling", "held"}, Limit: 100})
	if err != nil {
		return 0, err
	}
	open, err := w.admin.Deliveries(ctx, adminclient.DeliveryFilter{Status: "received", Limit: 100})
	return len(runs) + len(open), err
}
