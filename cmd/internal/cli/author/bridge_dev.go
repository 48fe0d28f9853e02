package author

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
)

// devOnceForReal runs one event through both tiers and shows it live. Signals
// are those of a local run.
func devOnceForReal(ctx context.Context, s *cli.State, o devFlags, live *lines) (*result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	force := make(chan struct{})
	stop := interrupting(s, live, cancel, force, "Cancelling")
	defer stop()

	options, err := devOptions(s, o)
	if err != nil {
		return nil, err
	}
	options.Force = force
	v := &viewer{state: s, live: live, debug: o.Debug, silent: o.JSON || o.Quiet}
	res, err := author.DevOnce(ctx, options, v.observe)
	switch {
	case ctx.Err() != nil && res == nil:
		return nil, cli.ErrInterrupted
	case err != nil:
		return nil, devError(err)
	}
	return v.outcome(res)
}

func devOptions(s *cli.State, o devFlags) (author.DevOptions, error) {
	options := author.DevOptions{
		Dir: s.Dir, Event: o.Once, Branch: o.Branch, SHA: o.SHA, Port: o.Port, Concurrency: o.Concurrency,
		Secrets: o.Secrets, Contexts: o.Contexts, Environ: s.Environ(),
	}
	if o.Debug {
		options.Log = slog.New(slog.NewTextHandler(s.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	var err error
	options.Payload, err = payload(s, o.Payload, o.Once)
	return options, err
}

// devError puts the library's advice into the words of the command line.
func devError(err error) error {
	var usage *author.RunUsageError
	var commit *author.DevCommitError
	var other *author.DevRunningError
	switch {
	case errors.Is(err, author.ErrDevNotRunning):
		return &cli.HintedError{Err: err, Hint: "start 'kici dev' in another terminal, or run the event alone: 'kici dev --once <event>'"}
	case errors.As(err, &other):
		return &cli.HintedError{Err: err, Hint: "'kici dev trigger <event>' hands it events"}
	case errors.As(err, &usage):
		return &cli.UsageError{Message: usage.Message, Hint: usage.Hint}
	case errors.As(err, &commit):
		return &cli.HintedError{Err: err, Hint: commit.Hint}
	}
	return err
}

func devTriggerForReal(ctx context.Context, s *cli.State, o devFlags) (*author.DevTriggered, error) {
	options, err := devOptions(s, o)
	if err != nil {
		return nil, err
	}
	got, err := author.DevTrigger(ctx, options)
	if err != nil {
		return nil, devError(err)
	}
	return got, nil
}

// devForReal runs until it is interrupted.
func devForReal(ctx context.Context, a *app, o devFlags) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	options, err := devOptions(a.State, o)
	if err != nil {
		return err
	}
	if !o.JSON && !o.Quiet {
		a.banner()
	}
	live := newLines(a.Stdout, a.style, o.JSON || o.Quiet)
	if a.wantsTree(o.shown()) {
		live.tree = newTree(a.style, cli.NewScreen(a.Stdout, a.Size), time.Now)
		live.tree.start()
	}
	force := make(chan struct{})
	options.Force = force
	stop := interrupting(a.State, live, cancel, force, "Stopping")
	interrupted, err := author.Dev(ctx, options, newStage(a, live, o))
	stop()
	if lineErr := live.close(); err == nil {
		err = lineErr
	}
	switch {
	case err != nil && ctx.Err() == nil || err != nil && !errors.Is(err, cli.ErrInterrupted):
		return devError(err)
	case interrupted:
		return cli.ErrInterrupted
	}
	return nil
}
