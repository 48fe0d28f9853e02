package standard

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/provider/git"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
	"github.com/kici-dev/kici-go/kici"
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
var ErrDatabaseURL = errors.New("standard: a database URL begins with sqlite: or postgres://")

// OrchestratorOptions gives the options. It opens nothing.
func OrchestratorOptions(c Orchestrator) ([]kici.OrchestratorOption, error) {
	if c.DataDir == "" {
		return nil, errors.New("standard: an orchestrator needs a DataDir")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	open, err := store(c)
	if err != nil {
		return nil, err
	}
	out := []kici.OrchestratorOption{kici.WithLogger(c.Log), kici.WithEnviron(c.Environ), kici.WithStoreOpener(open)}
	forge := git.New(git.Options{
		CacheDir: filepath.Join(c.DataDir, "git"), Environ: c.Environ, Logger: c.Log, LockEntries: c.LockEntries, LockTTL: c.LockTTL,
	})
	for _, preset := range git.Presets() {
		out = append(out, kici.WithProvider(preset, forge))
	}
	return out, nil
}

// store chooses by URL.
func store(c Orchestrator) (func(context.Context) (kici.Store, error), error) {
	scheme, rest, _ := strings.Cut(c.DatabaseURL, ":")
	switch scheme {
	case "":
		return func(ctx context.Context) (kici.Store, error) { return sqlite.Open(ctx, c.DataDir) }, nil
	case "sqlite":
		dir, err := sqliteDir(rest)
		return func(ctx context.Context) (kici.Store, error) { return sqlite.Open(ctx, dir) }, err
	case "postgres", "postgresql":
		return func(ctx context.Context) (kici.Store, error) {
			return postgres.Open(ctx, postgres.Config{URL: c.DatabaseURL, Schema: c.DatabaseSchema})
		}, nil
	}
	if strings.Contains(scheme, "=") { // host=… dbname=…
		return func(ctx context.Context) (kici.Store, error) {
			return postgres.Open(ctx, postgres.Config{URL: c.DatabaseURL, Schema: c.DatabaseSchema})
		}, nil
	}
	return nil, ErrDatabaseURL
}

// sqliteDir is the folder that the database lies in: kici.db, with its journal
// and its lock.
func sqliteDir(path string) (string, error) {
	path = strings.TrimPrefix(path, "//")
	if filepath.Base(path) == "kici.db" {
		path = filepath.Dir(path)
	}
	switch {
	case path == "":
		return "", errors.New("standard: sqlite: needs the path of a folder")
	case path == ":memory:":
		return "", nil
	case filepath.Ext(path) == ".db":
		return "", errors.New("standard: sqlite: names the folder that holds kici.db, not another file")
	}
	return filepath.Abs(path)
}
