package standard

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/kici-dev/kici-go/engine/provider/git"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/standard/database"
)

// Orchestrator says which batteries an orchestrator gets.
type Orchestrator struct {
	// DataDir holds the embedded store and what providers cache. It is required.
	DataDir string
	// DatabaseURL is "sqlite:DIR" or "postgres://…"; empty is SQLite in DataDir.
	DatabaseURL string
	// DatabaseSchema is a deployment's own on Postgres; "kici" when empty.
	DatabaseSchema string
	// LockEntries and LockTTL bound the lock files that are remembered by commit;
	// 500 and an hour.
	LockEntries int
	LockTTL     time.Duration
	Environ     []string // of the process, for git and for workers
	Log         *slog.Logger
}

// ErrDatabaseURL: nobody knows a store for the URL.
var ErrDatabaseURL = database.ErrURL

// OrchestratorOptions gives the options. It opens nothing.
func OrchestratorOptions(c Orchestrator) ([]kici.OrchestratorOption, error) {
	if c.DataDir == "" {
		return nil, errors.New("standard: an orchestrator needs a DataDir")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	where := database.Config{URL: c.DatabaseURL, Schema: c.DatabaseSchema, DataDir: c.DataDir}
	if err := database.Check(where); err != nil {
		return nil, err
	}
	open := func(ctx context.Context) (kici.Store, error) { return database.Open(ctx, where) }
	out := []kici.OrchestratorOption{kici.WithLogger(c.Log), kici.WithEnviron(c.Environ), kici.WithStoreOpener(open), kici.WithMetrics(registry())}
	forge := git.New(git.Options{
		CacheDir: filepath.Join(c.DataDir, "git"), Environ: c.Environ, Logger: c.Log, LockEntries: c.LockEntries, LockTTL: c.LockTTL,
	})
	for _, preset := range git.Presets() {
		out = append(out, kici.WithProvider(preset, forge))
	}
	return out, nil
}
