package standard

import (
	"context"
	"errors"
	"log/slog"

	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/standard/database"
)

// Relay says which batteries a relay gets.
type Relay struct {
	// DataDir holds the embedded store. It is required.
	DataDir string
	// DatabaseURL is "sqlite:DIR" or "postgres://…"; empty is SQLite in DataDir.
	DatabaseURL string
	// DatabaseSchema is a deployment's own on Postgres.
	DatabaseSchema string
	Log            *slog.Logger
}

// RelayOptions gives the options. It opens nothing.
func RelayOptions(c Relay) ([]kici.RelayOption, error) {
	if c.DataDir == "" {
		return nil, errors.New("standard: a relay needs a DataDir")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	where := database.Config{URL: c.DatabaseURL, Schema: c.DatabaseSchema, DataDir: c.DataDir}
	if err := database.Check(where); err != nil {
		return nil, err
	}
	open := func(ctx context.Context) (kici.Store, error) { return database.Open(ctx, where) }
	return []kici.RelayOption{kici.WithLogger(c.Log), kici.WithRelayStoreOpener(open)}, nil
}
