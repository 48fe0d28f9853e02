package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
	"github.com/kici-dev/kici-go/executor/sandbox/container/containertest"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// lab holds the container engines of these tests.
var lab = containertest.New(os.Environ())

// closeLab is TestMain's.
func closeLab() error { return lab.Close() }

const inContainers = `
import { job, push, step, workflow } from '@kici-dev/sdk';
const container = { image: '` + containertest.ImageBash + `' };
const made = job('made', { runsOn: 'default', container, steps: [
  step('look', async ({ $ }) => { await $` + "`pwd; echo image=$FROM_IMAGE uid=$(id -u); cat .kici/kici.lock.json | head -c 1; echo; echo hello > file`" + `; }),
  step('owner', async ({ $ }) => ({ owner: (await $` + "`stat -c %u file .kici`" + `).stdout.trim() })),
] });
const read = job('read', { runsOn: 'default', needs: [made], run: async ({ log, inputs, $ }) => {
  log.info(JSON.stringify(inputs)); await $` + "`echo outside=${process.env.FROM_IMAGE ?? 'yes'}; pwd`" + `;
} });
export default workflow('ci', { on: push(), jobs: [made, read] });
`

const waitsInContainer = `
import { job, push, step, workflow } from '@kici-dev/sdk';
export default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', container: { image: '` + containertest.ImageBash + `' },
  onCancel: async ({ $ }) => { await $` + "`echo put away`" + `; },
  steps: [step('wait', async ({ $ }) => { await $` + "`echo waiting; sleep 600`" + `; })],
})] });
`

// contained is a house whose agent finds one engine.
type contained struct {
	*world
	engine, data string
}

func newContained(t *testing.T, kind string) *contained {
	t.Helper()
	return &contained{world: newWorld(t), engine: lab.Need(t, kind), data: t.TempDir()}
}

func (c *contained) agent() *process {
	c.t.Helper()
	p, _ := c.world.agent("one", "DOCKER_HOST="+c.engine, "KICI_DATA_DIR="+c.data)
	return p
}

// push pushes a workflow to a forge that tells the house, and gives the run.
func (c *contained) push(workflow string) string {
	c.t.Helper()
	const secret = "a secret of the forge"
	forge := forgetest.Start(c.t, forgetest.Options{})
	forge.CreateRepo("me/app")
	var source adminclient.Source
	c.kiciAdmin(&source, "source", "add", "generic", "--name", "forge", "--preset", "gitea", "--secret", secret, "--git-url-template", forge.Template())
	forge.Hook(forgetest.Gitea, source.WebhookURL, secret)
	_, answers := forge.Push("me/app", forgetest.Change{Files: files(c.t, workflow)})
	if len(answers) != 1 || answers[0].Status != http.StatusAccepted {
		c.t.Fatalf("%+v", answers)
	}
	var recorded []adminclient.Delivery
	c.kiciAdmin(&recorded, "event-log", "list", "--delivery-id", answers[0].ID)
	return c.started(recorded[0].ID)[0].ID
}

// left are the containers of a run.
func (c *contained) left(run string) int {
	c.t.Helper()
	return len(containertest.Left(c.t, c.engine, "kici-run-id", run))
}

// clean says that nothing of a run is left: no container, no volume, no folder.
func (c *contained) clean(run string) {
	c.t.Helper()
	if n := c.left(run); n > 0 {
		c.t.Errorf("%d containers are left", n)
	}
	if v := containertest.Volumes(c.t, c.engine); len(v) > 0 {
		c.t.Errorf("volumes are left: %q", v)
	}
	work := filepath.Join(c.data, "agent", "work")
	c.until("the work folders are gone", func() bool {
		entries, err := os.ReadDir(work)
		if err != nil {
			c.t.Fatal(err)
		}
		return len(entries) == 0
	})
}

// A job that names an image runs in a container of a real engine, beside one that
// names none: its log and outputs come back, and nothing stays behind.
func TestContainerJob(t *testing.T) {
	t.Parallel()
	for _, kind := range containertest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newContained(t, kind)
			c.agent()
			run := c.push(inContainers)
			got, lines := c.finished(run)
			if got.Status != "success" {
				t.Fatalf("%+v %q", got, lines)
			}
			for _, want := range []string{"/workspace", "image=yes uid=0", "{", `{"made":{"owner":{"owner":"0\n0"}}}`, "outside=yes"} {
				if !slices.Contains(lines, want) {
					t.Errorf("the log lacks %q: %q", want, lines)
				}
			}
			c.clean(run)
		})
	}
}

// A run whose job is in a container is cancelled: its hook runs, in the container,
// and then the container is gone.
func TestContainerJobCancelled(t *testing.T) {
	t.Parallel()
	for _, kind := range containertest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newContained(t, kind)
			c.agent()
			c.local(waitsInContainer)
			run := c.trigger()
			c.says(run, "waiting")
			if n := c.left(run); n != 1 {
				t.Errorf("%d containers while it runs", n)
			}
			c.kiciAdmin(nil, "runs", "cancel", run)
			got, lines := c.finished(run)
			if got.Status != "cancelled" || !slices.Contains(lines, "put away") {
				t.Errorf("%+v %q", got, lines)
			}
			c.clean(run)
		})
	}
}

// The agent is killed while its job is in a container. The container loses its
// input and ends; the agent that follows in the same folder takes it away although
// no job of its own asks for a container.
func TestContainerOfAKilledAgent(t *testing.T) {
	t.Parallel()
	for _, kind := range containertest.Kinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := newContained(t, kind)
			agent := c.agent()
			c.local(waitsInContainer)
			run := c.trigger()
			c.says(run, "waiting")
			agent.kill()
			c.until("the container has ended by itself", func() bool {
				for _, b := range containertest.Left(t, c.engine, "kici-run-id", run) {
					if b.State == "running" {
						return false
					}
				}
				return true
			})
			c.agent()
			c.until("the container is gone", func() bool { return c.left(run) == 0 })
			var got adminclient.Run
			if got, _ = c.finished(run); got.Status != "failed" || !strings.Contains(got.Jobs[0].Reason, "infrastructure") {
				t.Errorf("%+v", got)
			}
			c.clean(run)
		})
	}
}
