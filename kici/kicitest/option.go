package kicitest

import (
	"iter"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Option changes how an event is made or what its run meets. Options given to
// a project hold for all of its events, options given to an event for that one.
// A [Script] and a [Reply] are options too.
type Option interface{ apply(*settings) }

type option func(*settings)

func (o option) apply(s *settings) { o(s) }

// settings is everything options can say. Zero is the default.
type settings struct {
	scripts []*Script
	replies []*Reply
	policy  policy
	network bool

	simulation event.Simulation
	payload    any
	fields     []field

	env, secrets, contexts []string // KEY=VALUE, as on a command line
	variables              map[string]string
	environ                []string
	files                  map[string]string
	tree                   string
	cache                  string
	places                 []string // environment that names folders of the run

	workflow, job    string
	concurrency      int
	failFast, follow bool
	debug            bool
	wallClock        bool
	at               time.Time
	cancelAfter      time.Duration
	patience         time.Duration

	// of a House
	agents       []agentPlan
	orchestrator kici.OrchestratorConfig
	parts        []kici.OrchestratorOption
	sandbox      kici.Runner
	log          *slog.Logger
}

// policy is what happens to commands without a script.
type policy uint8

const (
	refuse policy = iota
	allow
	real
)

type field struct {
	path  string
	value any
}

func (s *settings) add(options []Option) {
	for _, o := range options {
		if o != nil {
			o.apply(s)
		}
	}
}

func (s *settings) clone() *settings {
	c := *s
	c.scripts, c.replies, c.fields = slices.Clone(s.scripts), slices.Clone(s.replies), slices.Clone(s.fields)
	c.env, c.secrets, c.contexts = slices.Clone(s.env), slices.Clone(s.secrets), slices.Clone(s.contexts)
	c.agents, c.parts = slices.Clone(s.agents), slices.Clone(s.parts)
	c.variables, c.files = maps.Clone(s.variables), maps.Clone(s.files)
	return &c
}

func (s *settings) with(options []Option) *settings {
	c := s.clone()
	c.add(options)
	return c
}

func put(m *map[string]string, key, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[key] = value
}

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

// Files names the files that the event changed, for path filters and
// ctx.changedFiles. The last such option counts.
func Files(names ...string) Option {
	return option(func(s *settings) { s.simulation.Files = slices.Clone(names) })
}

// SHA is the commit of the event.
func SHA(sha string) Option { return option(func(s *settings) { s.simulation.SHA = sha }) }

// Repository is where the event comes from, as owner and name.
func Repository(owner, name string) Option {
	return option(func(s *settings) { s.simulation.Repo = event.Repo{Owner: owner, Name: name} })
}

// Payload replaces the event's payload, which otherwise is a typical one. The
// value is encoded as JSON.
func Payload(v any) Option { return option(func(s *settings) { s.payload = v }) }

// Field sets one field of the payload, by a path with dots:
//
//	kicitest.Field("pull_request.draft", true)
func Field(path string, value any) Option {
	return option(func(s *settings) { s.fields = append(s.fields, field{path, value}) })
}

// From is the branch that a pull request wants merged.
func From(branch string) Option { return Field("pull_request.head.ref", branch) }

// Secret gives the jobs a secret. It is masked wherever it would be seen.
func Secret(key, value string) Option {
	return option(func(s *settings) { s.secrets = append(s.secrets, key+"="+value) })
}

// SecretOf gives a secret to the jobs of one environment.
func SecretOf(environment, key, value string) Option {
	return option(func(s *settings) { s.contexts = append(s.contexts, environment+"."+key+"="+value) })
}

// Env sets an environment variable as `kici run local --env` does: it wins
// over what workflows set themselves.
func Env(key, value string) Option {
	return option(func(s *settings) { s.env = append(s.env, key+"="+value) })
}

// Variable sets a variable as an organisation would: workflows may override it.
func Variable(key, value string) Option {
	return option(func(s *settings) { put(&s.variables, key, value) })
}

// Machine is the environment of the machine, as os.Environ returns it. Steps
// see the documented part of it. By default the machine has none, so that a
// test means the same everywhere.
func Machine(environ []string) Option {
	return option(func(s *settings) { s.environ = slices.Clone(environ) })
}

// File puts a file into the folder that steps work in.
func File(name, text string) Option {
	return option(func(s *settings) { put(&s.files, name, text) })
}

// Tree copies a folder, without .git and node_modules, to where steps work.
func Tree(dir string) Option { return option(func(s *settings) { s.tree = dir }) }

// CacheDir is where caches are kept. By default each run starts with none.
func CacheDir(dir string) Option { return option(func(s *settings) { s.cache = dir }) }

// OnlyWorkflow runs one of the workflows that the event matches.
func OnlyWorkflow(name string) Option { return option(func(s *settings) { s.workflow = name }) }

// OnlyJob runs one job and what it needs.
func OnlyJob(name string) Option { return option(func(s *settings) { s.job = name }) }

// Agents bounds how many jobs run at a time. By default there is one for each.
func Agents(n int) Option { return option(func(s *settings) { s.concurrency = n }) }

// FailFast cancels the other jobs when one fails, as a local run does. By
// default they go on, as they do on agents.
func FailFast() Option { return option(func(s *settings) { s.failFast = true }) }

// FollowEvents runs the workflows that listen to what others emit.
func FollowEvents() Option { return option(func(s *settings) { s.follow = true }) }

// Debug makes ctx.log.debug heard.
func Debug() Option { return option(func(s *settings) { s.debug = true }) }

// AllowCommands lets commands without a script succeed in no time, without
// output and without a process.
func AllowCommands() Option { return option(func(s *settings) { s.policy = allow }) }

// RealCommands starts commands without a script as real processes. The clock
// of the run stands still while one runs; with [WallClock] it does not. Most
// commands need a PATH, so give it the [Machine].
func RealCommands(environ []string) Option {
	return option(func(s *settings) { s.policy, s.environ = real, slices.Clone(environ) })
}

// RealNetwork lets requests without a reply go out.
func RealNetwork() Option { return option(func(s *settings) { s.network = true }) }

// WallClock turns virtual time off: a minute takes a minute.
func WallClock() Option { return option(func(s *settings) { s.wallClock = true }) }

// At is when the event happens. By default it is the first second of the year
// 2000, UTC. It has no meaning under [WallClock].
func At(t time.Time) Option { return option(func(s *settings) { s.at = t }) }

// CancelAfter cancels the run when it has lasted that long, as somebody who
// presses a button would: hooks run, and their time counts.
func CancelAfter(d time.Duration) Option { return option(func(s *settings) { s.cancelAfter = d }) }

// Patience is how long, in real time, a workflow may compute without ever
// waiting for something. Virtual time stands still meanwhile, so that no
// time-out of its own could end a loop that never does. The default is 10
// seconds.
func Patience(d time.Duration) Option { return option(func(s *settings) { s.patience = d }) }
