package dev

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/kici/internal/localsecret"
)

// Options say for which repository, and how. Dir is required.
type Options struct {
	Dir string // a folder of the repository

	// The event of Once and Trigger.
	Event   string // as typed: "push", "pr:opened", "dispatch:deploy"
	Branch  string // a branch, a tag or a whole ref; empty is HEAD. Of a pull request: what it is to be merged into
	SHA     string // the commit; empty is the tip of Branch
	Payload []byte // JSON; nil is a typical one

	Port        int      // of Serve; default: the next free one from 4000 on
	Concurrency int      // jobs at a time; default: one a core
	Secrets     []string // KEY=VALUE, beside those of the files in .kici
	Contexts    []string // context.KEY=VALUE

	// Environ is the environment of this process: git, jobs and children see the
	// documented part of it.
	Environ []string
	// Runner runs the jobs; nil starts children of this program, for which main
	// must call kici.ServeChild. ChildCommand is the program to start instead.
	Runner       executor.Runner
	ChildCommand []string
	// Force, when closed, ends what was cancelled at once.
	Force <-chan struct{}

	Log *slog.Logger // of the tiers; default: nothing
	Now func() time.Time

	// Tests have the tiers keep things elsewhere, and the agent come by a socket.
	store  store.Store
	socket bool
}

func (o *Options) defaults() error {
	if o.Concurrency < 0 {
		return &local.UsageError{Message: fmt.Sprintf("concurrency %d: at least one job has to run", o.Concurrency)}
	}
	if o.Concurrency == 0 {
		o.Concurrency = runtime.GOMAXPROCS(0)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// typed are the secrets that somebody typed.
func (o *Options) typed() (localsecret.Typed, error) {
	t := localsecret.Typed{Flat: map[string]string{}, Contexts: map[string]map[string]string{}}
	for _, pair := range o.Secrets {
		k, v, err := localsecret.ParsePair("secret", pair)
		if err != nil {
			return t, &local.UsageError{Message: err.Error()}
		}
		t.Flat[k] = v
	}
	for _, pair := range o.Contexts {
		c, k, v, err := localsecret.ParseContextPair(pair)
		if err != nil {
			return t, &local.UsageError{Message: err.Error()}
		}
		if t.Contexts[c] == nil {
			t.Contexts[c] = map[string]string{}
		}
		t.Contexts[c][k] = v
	}
	return t, nil
}

// lookup finds a variable in KEY=VALUE entries.
func lookup(environ []string, key string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if k, v, _ := strings.Cut(environ[i], "="); k == key {
			return v
		}
	}
	return ""
}
