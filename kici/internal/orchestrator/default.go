package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/blob/fs"
	"github.com/kici-dev/kici-go/engine/provider/generic"
	"github.com/kici-dev/kici-go/engine/provider/local"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/executor/expr"
	"github.com/kici-dev/kici-go/executor/runner"
)

// Defaults fills in what was not given: the embedded store, files for blobs, the
// providers that need nothing, workers for pure functions.
func Defaults(o *Options, environ, child []string) {
	if o.OpenStore == nil {
		o.OpenStore = func(ctx context.Context, dir string) (store.Store, error) { return sqlite.Open(ctx, dir) }
	}
	if o.OpenBlobs == nil {
		o.OpenBlobs = openBlobs
	}
	if o.Providers[local.Name] == nil {
		o.Providers[local.Name] = local.New(local.Options{Environ: environ})
	}
	if o.Providers[generic.Name] == nil {
		o.Providers[generic.Name] = generic.New()
	}
	if o.Evaluator == nil {
		e := newEvaluator(expr.Options{Command: runner.Command{Args: child, Environ: environ}, Log: o.Log})
		o.Evaluator = e
		o.Services = append(o.Services, e.Run)
	}
}

// openBlobs keeps blobs beside the store, or for as long as this process lives.
func openBlobs(dir, blobDir string, now func() time.Time) (blob.Store, func() error, error) {
	remove := func() error { return nil }
	if dir == "" && blobDir == "" {
		temporary, err := os.MkdirTemp("", "kici-blobs-")
		if err != nil {
			return nil, nil, err
		}
		dir, remove = temporary, func() error { return os.RemoveAll(temporary) }
	}
	if blobDir == "" {
		blobDir = filepath.Join(dir, "blobs")
	}
	s, err := fs.Open(blobDir, now)
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return s, func() error { return errors.Join(s.Close(), remove()) }, nil
}

// evaluator starts its workers when the first function is to be called: most
// installations have none, and two idle processes are not nothing.
type evaluator struct {
	workers *expr.Evaluator
	wanted  func()
	demand  chan struct{}
}

func newEvaluator(o expr.Options) *evaluator {
	e := &evaluator{workers: expr.New(o), demand: make(chan struct{})}
	e.wanted = sync.OnceFunc(func() { close(e.demand) })
	return e
}

// Run owns the workers.
func (e *evaluator) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-e.demand:
		return e.workers.Run(ctx)
	}
}

// Evaluate implements dispatch.Evaluator.
func (e *evaluator) Evaluate(ctx context.Context, field, function string, event json.RawMessage) (json.RawMessage, error) {
	e.wanted()
	value, err := e.workers.Evaluate(ctx, expr.Request{Kind: expr.Kind(field), Expression: function, Event: event})
	if errors.Is(err, expr.ErrUnavailable) || errors.Is(err, expr.ErrClosed) { // says nothing about the function
		return nil, fmt.Errorf("%w: %w", engine.ErrUnavailable, err)
	}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return nil, &hintedError{err, hinted.Hint()}
	}
	return value, err
}

// hintedError says what the author can do in the reason of the job.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() + "; " + e.hint }
func (e *hintedError) Unwrap() error { return e.err }
