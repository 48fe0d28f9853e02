package local

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// Options say what to run and how. Dir is required, and Event or Fixture.
type Options struct {
	Dir     string // working directory
	KiciDir string // default .kici
	Event   string // an event argument: "push", "pr:open", "schedule:0 2 * * *"
	Fixture string // or a fixture of .kici/tests: its name, or a glob over the names

	Workflow string   // run only this one
	Job      string   // run only this job and what it needs
	Branch   string   // of the event; default: git's
	SHA      string   // of the event; default: git's
	Payload  []byte   // of the event, JSON; default: made up
	Files    []string // changed files; nil: git's

	Concurrency  int // jobs at a time; default: one a core
	KeepGoing    bool
	Container    bool
	InPlace      bool
	Keep         bool
	FollowEvents bool
	Debug        bool

	Env      []string // KEY=VALUE, typed variables
	Secrets  []string // KEY=VALUE, typed secrets
	Contexts []string // context.KEY=VALUE, typed secrets of a context

	// Environ is the environment of this process. Steps see its documented
	// part; the rest serves git and the folders for copies, locks and caches.
	Environ []string

	// Runner runs the jobs; nil starts children of this program, for which
	// main must call kici.ServeChild.
	Runner executor.Runner
	// ChildCommand is the program to start as a child instead of this one.
	ChildCommand []string
	// Force, when closed, ends a cancelled run at once.
	Force <-chan struct{}

	// KeepLogs keeps the output of every row in the result, up to LogCap.
	KeepLogs bool
	LogCap   int64 // bytes a row; default 10 MB
	Limits   executor.Limits

	CompileOutput io.Writer // what top-level code prints while compiling
	Log           *slog.Logger
	Now           func() time.Time
}

func (o *Options) defaults() {
	if o.Concurrency == 0 {
		o.Concurrency = runtime.GOMAXPROCS(0)
	}
	if o.LogCap <= 0 {
		o.LogCap = DefaultLogCap
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// DefaultLogCap bounds what is stored of a row's output.
const DefaultLogCap = 10 << 20

// UsageError: the caller asked for something that does not exist or makes no
// sense. Commands end with status 2.
type UsageError struct {
	Message string
	Hint    string
}

func (e *UsageError) Error() string { return e.Message }

// lookup finds a variable in KEY=VALUE entries.
func lookup(environ []string, key string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if k, v, _ := strings.Cut(environ[i], "="); k == key {
			return v
		}
	}
	return ""
}

// unknown makes the error for a name that is in no list.
func unknown(what, name string, known []string) error {
	e := &UsageError{Message: fmt.Sprintf("unknown %s %q", what, name)}
	if len(known) == 0 {
		e.Hint = "there is none"
		return e
	}
	e.Hint = fmt.Sprintf("%ss: %s", what, strings.Join(known, ", "))
	if near := event.Nearest(name, known); len(near) > 0 {
		e.Hint = fmt.Sprintf("did you mean %q? %s", near[0], e.Hint)
	}
	return e
}
