package kicitest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/executor/js/inline"
	"github.com/kici-dev/kici-go/executor/workflow"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
	"github.com/kici-dev/kici-go/lockfile/event"
	"github.com/kici-dev/kici-go/lockfile/jobspec"
)

// House is an orchestrator with its agents in this process: the real ones, over
// the link they really speak, with a store in memory. What surrounds them is
// played: the repository is files that the test commits, and commands do what
// scripts say. It is for tests of what a [Project] cannot have: queues, agents
// that get lost, cancelling, running again, events that start workflows, and of
// an embedder's own stores, secrets and sandboxes.
type House struct {
	t       T
	orch    *kici.Orchestrator
	repo    *repository
	running *running
	agents  map[string]*Agent
	outside func(func()) // calls in real time
	settle  func()       // waits until everybody waits, in virtual time
	limit   time.Duration
	ctx     context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu   sync.Mutex // guards what follows
	told int        // complaints about scripts that were passed on
}

// Limits of [Delivery.Wait] and its kin, by either clock.
const (
	waitReal    = time.Minute
	waitVirtual = 6 * time.Hour
)

// NewHouse starts a house by the clock on the wall and stops it after the test.
// The files are the first commit of main, see [Source] for their names; [Tree]
// and [File] add to them. Workflows are compiled and their lock file committed
// with them. Without [AgentNamed] there is one agent, "one", that takes any
// number of jobs and has every label that jobs of the first commit ask for.
//
// Options that shape a run on a laptop ([Env], [OnlyJob], [OnlyWorkflow],
// [FailFast], [CacheDir], [CancelAfter], …) mean nothing here, and end the test.
func NewHouse(t T, files map[string]string, options ...Option) *House {
	t.Helper()
	p := blueprintOf(t, files, options)
	h := p.open(t, func(f func()) { f() }, waitReal)
	t.Cleanup(h.close)
	return h
}

// InHouse is NewHouse in a bubble of virtual time: while everybody waits, the
// clock jumps to what happens next, so that an agent is given up after two
// minutes that take none. The house and what test started end with it. Inside,
// [House.T] reports to the test; the t outside must not be used.
func InHouse(t T, files map[string]string, test func(*House), options ...Option) {
	t.Helper()
	p := blueprintOf(t, files, options)
	defer p.running.guard(p.running.settings.patience)()
	defer keepClock()()
	outside, end := outsideWorker()
	defer end()
	begin := func(within T) {
		h := p.open(within, outside, waitVirtual)
		h.settle = synctest.Wait
		defer func() {
			h.close()
			<-time.After(time.Second) // the bundler leaves a goroutine that sleeps for a moment
		}()
		test(h)
	}
	if inner, ok := t.(*testing.T); ok {
		synctest.Test(inner, func(bubble *testing.T) { begin(bubble) })
		return
	}
	// A bubble wants a test, and this one cannot end in the middle of it.
	within := &bubbleT{T: t}
	synctest.Test(new(testing.T), func(*testing.T) {
		defer within.recover()
		begin(within)
	})
	if within.fatal != "" {
		t.Fatalf("%s", within.fatal)
	}
}

// bubbleT is somebody else's T in a bubble: what ends the test there ends the
// bubble first.
type bubbleT struct {
	T
	fatal string
}

// Fatalf implements T. It is called by the goroutine of the test only.
func (b *bubbleT) Fatalf(format string, args ...any) {
	b.fatal = fmt.Sprintf(format, args...)
	panic(b)
}

func (b *bubbleT) recover() {
	if x := recover(); x != nil && x != any(b) {
		panic(x)
	}
}

// outsideWorker calls functions on a goroutine of real time, one at a time. Its
// channels belong to the outside too: who waits for them lets no time pass.
func outsideWorker() (call func(func()), end func()) {
	ask, answer, gone := make(chan func()), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for f := range ask {
			f()
			answer <- struct{}{}
		}
	}()
	var one sync.Mutex
	call = func(f func()) {
		one.Lock()
		defer one.Unlock()
		ask <- f
		<-answer
	}
	return call, func() { close(ask); <-gone }
}

// blueprint is a house before time begins.
type blueprint struct {
	repo    *repository
	running *running
}

// blueprintOf compiles and checks, in real time.
func blueprintOf(t T, files map[string]string, options []Option) *blueprint {
	t.Helper()
	s := &settings{}
	s.add(options)
	if err := s.fitHouse(); err != nil {
		t.Fatalf("kicitest: %v", err)
	}
	name := s.simulation.Repo
	if name == (event.Repo{}) {
		name = event.Repo{Owner: "acme", Name: "shop"}
		s.simulation.Repo = name
	}
	repo := &repository{
		name: name.Owner + "/" + name.Name, temp: t.TempDir,
		commits: map[string]*commit{}, branches: map[string]string{}, compiled: map[string]map[string]string{},
	}
	all, err := places(files)
	if err == nil && s.tree != "" {
		var tree map[string]string
		if tree, err = readTree(s.tree); err == nil {
			delete(tree, lockPath)
			maps.Copy(tree, all)
			all = tree
		}
	}
	maps.Copy(all, s.files)
	if err == nil {
		_, err = repo.commit(defaultBranch, all)
	}
	if err != nil {
		t.Fatalf("kicitest: %v", err)
	}
	c := &core{jobs: map[string]*bench{}}
	c.engine = workflow.New(workflow.Options{Processes: c.processes, Client: &http.Client{Transport: network{}}, Watch: watch})
	return &blueprint{repo, &running{
		project: &Project{t: t, core: c, base: s}, settings: s, used: map[any]int{}, machines: map[workflow.Machine]struct{}{},
		owners: map[any]string{}, changed: make(chan struct{}),
	}}
}

// open starts everything.
func (p *blueprint) open(t T, outside func(func()), limit time.Duration) *House {
	t.Helper()
	s := p.running.settings
	p.running.begin = time.Now()
	h := &House{t: t, repo: p.repo, running: p.running, agents: map[string]*Agent{}, outside: outside, settle: func() {}, limit: limit}
	h.repo.temp = t.TempDir
	h.ctx, h.stop = context.WithCancel(context.Background())
	log := s.log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	config := s.orchestrator
	config.Sources = append([]kici.SourceConfig{{Name: repositoryName, Kind: repositoryKind, Config: json.RawMessage("{}")}}, config.Sources...)
	var err error
	h.orch, err = kici.NewOrchestrator(config, append([]kici.OrchestratorOption{
		kici.WithLogger(log), kici.WithProvider(repositoryKind, h.repo), kici.WithSecrets(typedSecrets{s}), kici.WithEvaluator(evaluator{outside}),
	}, s.parts...)...)
	if err != nil {
		t.Fatalf("kicitest: %v", err)
	}
	h.work.Go(func() {
		if err := h.orch.Run(h.ctx); err != nil {
			t.Errorf("kicitest: the orchestrator: %v", err)
		}
	})
	if len(s.agents) == 0 {
		s.agents = []agentPlan{{name: "one", slots: everyJob, labels: h.repo.labels()}}
	}
	for _, plan := range s.agents {
		if err := h.hire(plan); err != nil {
			h.close()
			t.Fatalf("kicitest: agent %q: %v", plan.name, err)
		}
	}
	return h
}

// close stops everybody.
func (h *House) close() {
	for _, a := range h.agents {
		a.retire()
	}
	h.stop()
	h.work.Wait()
	h.complain()
}

// T is the test that the house reports to.
func (h *House) T() T { return h.t }

// Orchestrator is the one of the house, as an embedder has it: its Handler takes
// webhooks and agents from outside, and everything can be looked up.
func (h *House) Orchestrator() *kici.Orchestrator { return h.orch }

// Command scripts a command from now on; see [Command].
func (h *House) Command(text string) *Script { return h.script(Command(text)) }

// CommandPrefix scripts commands from now on; see [CommandPrefix].
func (h *House) CommandPrefix(prefix string) *Script { return h.script(CommandPrefix(prefix)) }

func (h *House) script(s *Script) *Script {
	h.running.add(s)
	return s
}

// Fetch scripts a request from now on; see [Fetch].
func (h *House) Fetch(request string) *Reply {
	r := Fetch(request)
	h.running.add(r)
	return r
}

// add takes options in while jobs may be under way.
func (r *running) add(options ...Option) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settings.add(options)
}

// complain passes on what had no script.
func (h *House) complain() {
	h.t.Helper()
	h.running.mu.Lock()
	missing := h.running.missing
	h.running.mu.Unlock()
	h.mu.Lock()
	fresh := missing[h.told:]
	h.told = len(missing)
	h.mu.Unlock()
	for _, text := range fresh {
		h.t.Errorf("kicitest: %s\n  %s", text, h.running.scripted())
	}
}

// typedSecrets are those of the options.
type typedSecrets struct{ s *settings }

// Resolve implements kici.Secrets.
func (x typedSecrets) Resolve(_ context.Context, _ *engine.Run, environment string) ([]jobspec.Secret, error) {
	var out []jobspec.Secret
	for _, pair := range x.s.secrets {
		k, v, _ := strings.Cut(pair, "=")
		out = append(out, jobspec.Secret{Key: k, Value: v})
	}
	for _, pair := range x.s.contexts {
		name, v, _ := strings.Cut(pair, "=")
		if of, k, _ := strings.Cut(name, "."); of == environment {
			out = append(out, jobspec.Secret{Key: k, Value: v, Scope: of})
		}
	}
	return out, nil
}

// evaluator evaluates pure functions in this process, where an installation has
// workers: a test trusts its own lock files.
type evaluator struct{ outside func(func()) }

// Evaluate implements kici.Evaluator.
func (e evaluator) Evaluate(_ context.Context, field, function string, event json.RawMessage) (value json.RawMessage, err error) {
	e.outside(func() {
		value, err = inline.Evaluate(inline.Request{Kind: inline.Kind(field), Expression: function, Event: event},
			inline.Limits{Time: time.Second, Heap: 1 << 30, Result: 1 << 20})
	})
	return value, err
}

// Statuses on the way to those that jobs end with; see [Delivery.Until].
const (
	Pending    = author.RunStatus("pending")
	Queued     = author.RunStatus("queued")
	Running    = author.RunStatus("running")
	Recovering = author.RunStatus("recovering")
	Cancelling = author.RunStatus("cancelling")
)
