package database

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/engine/store/postgres"
	"github.com/kici-dev/kici-go/engine/store/sqlite"
)

// Config says where a database is.
type Config struct {
	URL     string // "sqlite:FOLDER" or "postgres://…"; empty is SQLite in DataDir
	Schema  string // of Postgres; "kici" when empty
	DataDir string // for an empty URL
}

// ErrURL: nobody knows a store for the URL.
var ErrURL = errors.New("standard: a database URL begins with sqlite: or postgres://")

// What callers branch on.
var (
	ErrLocked      = store.ErrLocked
	ErrNewerSchema = store.ErrNewerSchema
)

// Schema is how far a database is.
type Schema = store.Schema

// Check says whether a store can be chosen. It opens nothing.
func Check(c Config) error {
	_, err := choose(c)
	return err
}

// Open opens the store, which the caller closes.
func Open(ctx context.Context, c Config) (store.Store, error) {
	open, err := choose(c)
	if err != nil {
		return nil, err
	}
	return open(ctx)
}

// Migrate brings the database up to date and tells how far it was before. With
// look it changes nothing. The embedded database must not be in use; on Postgres
// several may migrate at a time, and one of them does it.
func Migrate(ctx context.Context, c Config, look bool) (before Schema, err error) {
	s, err := Open(ctx, c)
	if err != nil {
		return before, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if before, err = s.Schema(ctx); err != nil || look {
		return before, err
	}
	return before, s.Migrate(ctx, time.Now())
}

type opener func(context.Context) (store.Store, error)

func choose(c Config) (opener, error) {
	server := func(ctx context.Context) (store.Store, error) {
		return postgres.Open(ctx, postgres.Config{URL: c.URL, Schema: c.Schema})
	}
	embedded := func(dir string) opener {
		return func(ctx context.Context) (store.Store, error) { return sqlite.Open(ctx, dir) }
	}
	scheme, rest, _ := strings.Cut(c.URL, ":")
	switch {
	case scheme == "":
		return embedded(c.DataDir), nil
	case scheme == "sqlite":
		dir, err := sqliteDir(rest)
		return embedded(dir), err
	case scheme == "postgres", scheme == "postgresql", strings.Contains(scheme, "="): // host=… dbname=…
		return server, nil
	}
	return nil, fmt.Errorf("%w", ErrURL)
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
