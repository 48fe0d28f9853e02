package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kici-dev/kici-go/engine/store/storetest"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/transport/message"
)

// world is a topology that runs.
type world struct {
	config   Config
	dir      string
	rec      *recorder
	postgres *storetest.Server // nil without one
	nodes    map[string]*node
	links    map[string]*link
	http     *http.Client
	admin    *adminclient.Client
	source   string              // path of the source's webhooks
	token    string              // that lets agents in
	relayKey string              // that lets orchestrators in at a relay
	relays   *adminclient.Client // nil without one

	database sync.Mutex // held while a fault of Postgres lasts

	settled atomic.Bool // everything is being stopped: nothing is started again
}

// node is a service that is kept running.
type node struct {
	Node
	*process
	listens bool
	world   *world
	at      atomic.Value // the address it listens on, in this life
	wanted  sync.Mutex   // held by whoever starts it
	down    atomic.Bool  // a fault wants it down
	faulty  sync.Mutex   // held while a fault lasts
}

// link is a wire with those who listen in.
type link struct {
	*Link
	Wire
	points
	heard  heard
	faulty sync.Mutex // held while a fault lasts
}

const (
	adminToken  = "an-admin-token-of-chaos"
	schema      = "chaos"
	relaySchema = "chaos_relay"
	secret      = "a secret of the clients"
	secretKey   = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
)

// kind is what differs between services.
type kind struct {
	program string
	env     func(w *world, n *node) []string
	listens bool // others dial it, at the address that it says
}

func kinds() map[string]kind {
	return map[string]kind{
		KindRelay:        {"kici-relay", (*world).relayEnv, true},
		KindOrchestrator: {"kici-orchestrator", (*world).orchestratorEnv, true},
		KindAgent:        {"kici-agent", (*world).agentEnv, false},
	}
}

func (w *world) orchestratorEnv(n *node) []string {
	env := []string{
		"KICI_PORT=0", "KICI_HOST=127.0.0.1", "KICI_DATA_DIR=" + filepath.Join(w.dir, n.Name), "KICI_BOOTSTRAP_ADMIN_TOKEN=" + adminToken,
		"KICI_SECRET_KEY=" + secretKey, "KICI_STORAGE_FS_PATH=" + w.blobs(), "KICI_WEBHOOK_PUBLIC_URL=" + w.front(),
	}
	if l := w.wire(n.Name, SpeaksPostgres); l != nil {
		env = append(env, "KICI_DATABASE_URL=postgres://ci@"+l.Addr()+"/postgres?sslmode=disable&application_name="+n.Name, "KICI_DATABASE_SCHEMA="+schema)
	}
	if l := w.wire(n.Name, SpeaksRelay); l != nil {
		env = append(env, "KICI_MODE=platform", "KICI_PLATFORM_URL=ws://"+l.Addr(), "KICI_PLATFORM_TOKEN="+w.relayKey, "KICI_CLUSTER_NAME=chaos")
	}
	return env
}

func (w *world) relayEnv(n *node) []string {
	env := []string{
		"KICI_PORT=0", "KICI_HOST=127.0.0.1", "KICI_DATA_DIR=" + filepath.Join(w.dir, n.Name), "KICI_BOOTSTRAP_ADMIN_TOKEN=" + adminToken,
		"KICI_SECRET_KEY=" + secretKey, "KICI_WEBHOOK_PUBLIC_URL=" + w.front(), "KICI_RELAY_ADVERTISED_URL=http://" + w.links["relays>"+n.Name].Addr(),
	}
	if l := w.wire(n.Name, SpeaksPostgres); l != nil {
		env = append(env, "KICI_DATABASE_URL=postgres://ci@"+l.Addr()+"/postgres?sslmode=disable&application_name="+n.Name, "KICI_DATABASE_SCHEMA="+relaySchema)
	}
	return env
}

func (w *world) agentEnv(n *node) []string {
	return []string{
		"KICI_ORCHESTRATOR_URL=ws://" + w.wire(n.Name, SpeaksSocket).Addr(), "KICI_AGENT_TOKEN=" + w.token, "KICI_AGENT_ID=" + n.Name,
		"KICI_PORT=0", "KICI_HOST=127.0.0.1", "KICI_DATA_DIR=" + filepath.Join(w.dir, n.Name, "data"), fmt.Sprintf("KICI_SLOTS=%d", n.Slots),
	}
}

// blobs is the folder that orchestrators share, as they would share a bucket.
func (w *world) blobs() string { return filepath.Join(w.dir, "blobs") }

// wire is the link by which a node speaks something; nil when it does not.
func (w *world) wire(node, speaks string) *link { return w.links[w.config.Topology.from(node, speaks)] }

// front is where clients send deliveries.
func (w *world) front() string { return "http://" + w.wire("clients", SpeaksHTTP).Addr() }

// build makes nodes and links, and starts nothing.
func build(c Config, rec *recorder, dir string) (*world, error) {
	w := &world{config: c, dir: dir, rec: rec, nodes: map[string]*node{}, links: map[string]*link{}}
	for _, n := range c.Topology.Nodes {
		k, ok := kinds()[n.Kind]
		if !ok {
			continue
		}
		home := filepath.Join(dir, n.Name)
		if err := os.MkdirAll(home, 0o700); err != nil {
			return nil, err
		}
		if c.Private {
			if err := mount(home); err != nil {
				return nil, err
			}
		}
		one := &node{Node: n, world: w, listens: k.listens}
		one.process = &process{name: n.Name, program: filepath.Join(c.Programs, k.program), dir: home, rec: rec, env: func() []string {
			return append([]string{"PATH=" + c.Path, "HOME=" + home, "TMPDIR=" + w.temp(), "KICI_LOG_FORMAT=json", cookie(dir)}, k.env(w, one)...)
		}}
		w.nodes[n.Name] = one
	}
	for _, wire := range c.Topology.Wires {
		l := &link{Wire: wire}
		l.Link = &Link{Name: wire.Name, Targets: func() []Target { return w.targets(wire.To) }, NewTap: func(*Crossing) Tap { return w.tap(l) }}
		if err := l.Listen(); err != nil {
			return nil, err
		}
		w.links[wire.Name] = l
	}
	return w, os.MkdirAll(w.temp(), 0o700)
}

// temp is where the services put what is temporary.
func (w *world) temp() string { return filepath.Join(w.dir, "tmp") }

// home begins the home of every service, which jobs and their children inherit.
func home(dir string) string { return "HOME=" + dir + string(filepath.Separator) }

// cookie marks every process of a run, however far down.
func cookie(dir string) string { return "KICI_CHAOS=" + dir }

// targets are the addresses of nodes that have one.
func (w *world) targets(names []string) []Target {
	var out []Target
	for _, name := range names {
		if name == "postgres" {
			out = append(out, Target{"unix", w.postgres.Socket()})
			continue
		}
		if at, ok := w.nodes[name].at.Load().(string); ok && at != "" {
			out = append(out, Target{"tcp", at})
		}
	}
	return out
}

// tap listens in on a connection.
func (w *world) tap(l *link) Tap {
	switch l.Speaks {
	case SpeaksPostgres:
		return newPostgresTap(&l.points, w.config.Bugs.lie)
	case SpeaksSocket:
		t := &socketTap{points: &l.points, rec: w.rec, link: &l.heard, agent: l.From, swallow: w.config.Bugs.swallow}
		if w.config.Bugs.TwoAgents {
			t.deaf = true
			t.dispatched = func(frame []byte) { w.duplicate(l, frame) }
		}
		return t
	case SpeaksHTTP:
		return &answerTap{&l.points, w.config.Bugs.rename}
	}
	return nil
}

// duplicate hands a job to another agent as well: a bug that a run may plant.
func (w *world) duplicate(from *link, frame []byte) {
	for _, name := range w.config.Topology.wires(SpeaksSocket) {
		l := w.links[name]
		if l == from {
			continue
		}
		l.Link.mu.Lock()
		var x *Crossing
		for c := range l.open {
			x = c
		}
		l.Link.mu.Unlock()
		if x != nil {
			_ = x.Inject(Down, socketFrame(unnumbered(frame), false))
			return
		}
	}
}

// unnumbered takes the number of a session away.
func unnumbered(frame []byte) []byte {
	e, err := message.Open(message.ToAgent, frame)
	if err != nil {
		return frame
	}
	out, err := message.Encode(e.Message)
	if err != nil {
		return frame
	}
	return out
}

// up starts everything and makes the source that clients send to.
func (w *world) up(ctx context.Context) error {
	if err := w.upRelays(ctx); err != nil {
		return err
	}
	for _, name := range w.config.Topology.of(KindOrchestrator) {
		if err := w.nodes[name].boot(ctx); err != nil {
			return err
		}
	}
	w.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}, Timeout: clientTimeout}
	w.admin = adminclient.New("http://"+w.wire("operator", SpeaksAdmin).Addr(), adminToken)
	if err := w.sources(ctx); err != nil {
		return err
	}
	token, err := w.admin.RegisterAgent(ctx, adminclient.NewAgentToken{Name: "chaos"})
	if err != nil {
		return err
	}
	w.token = token.Token
	for _, name := range w.config.Topology.of(KindAgent) {
		if err := w.nodes[name].boot(ctx); err != nil {
			return err
		}
	}
	return nil
}

// upRelays starts the relays, if there are any, and gets a key for orchestrators.
func (w *world) upRelays(ctx context.Context) error {
	all := w.config.Topology.of(KindRelay)
	if len(all) == 0 {
		return nil
	}
	for _, name := range all {
		if err := w.nodes[name].boot(ctx); err != nil {
			return err
		}
	}
	w.relays = adminclient.New("http://"+w.wire("relay-operator", SpeaksAdmin).Addr(), adminToken)
	key, err := w.relays.CreateOrchestratorKey(ctx, adminclient.NewOrchestratorKey{Name: "chaos"})
	w.relayKey = key.Key
	return err
}

// boot starts a node and waits until it serves.
func (n *node) boot(ctx context.Context) error {
	n.at.Store("")
	if err := n.start(); err != nil {
		return err
	}
	if n.listens {
		line, err := n.says(ctx, `"listening"`)
		if err != nil {
			return err
		}
		var said struct {
			Address string `json:"address"`
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			return fmt.Errorf("chaos: %s: %w: %s", n.Name, err, line)
		}
		n.at.Store(said.Address)
	}
	_, err := n.says(ctx, `"ready"`)
	return err
}

// keep starts a node again that has ended, as a service manager would, until ctx
// ends.
func (n *node) keep(ctx context.Context) {
	for rest(ctx, 200*time.Millisecond) {
		n.wanted.Lock()
		if !n.running() && !n.down.Load() && !n.world.settled.Load() {
			n.revive(ctx)
		}
		n.wanted.Unlock()
	}
}

// revive starts a node and learns its address; one that does not come up is
// tried again.
func (n *node) revive(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := n.boot(limited); err != nil && n.running() && !n.down.Load() {
		freeze(n.pid(), false) // a child that stands still does not hear that its parent died
		n.kill()
	}
}

// down ends everything softly, agents first, and says who did not.
func (w *world) down(ctx context.Context) []string {
	w.settled.Store(true)
	var left []string
	for _, kind := range []string{KindAgent, KindOrchestrator, KindRelay} {
		var all sync.WaitGroup
		var mu sync.Mutex
		for _, name := range w.config.Topology.of(kind) {
			all.Go(func() {
				limited, cancel := context.WithTimeout(ctx, 60*time.Second)
				defer cancel()
				n := w.nodes[name]
				n.wanted.Lock()
				defer n.wanted.Unlock()
				if err := n.stop(limited); err != nil {
					mu.Lock()
					defer mu.Unlock()
					left = append(left, err.Error())
				}
			})
		}
		all.Wait()
	}
	return left
}

// abandon kills whatever still runs: the harness could not go on.
func (w *world) abandon() error {
	w.settled.Store(true)
	for _, n := range w.nodes {
		if pid := n.pid(); pid != 0 {
			freeze(pid, false)
		}
		n.kill()
	}
	for _, pid := range marked(home(w.dir)) { // what was found to be left is not left by us
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if w.postgres == nil {
		return nil
	}
	return w.postgres.Stop()
}
