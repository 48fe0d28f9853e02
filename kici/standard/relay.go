package standard

import (
	"errors"
	"log/slog"

	"github.com/kici-dev/kici-go/kici"
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
	open, err := store(Orchestrator{DataDir: c.DataDir, DatabaseURL: c.DatabaseURL, DatabaseSchema: c.DatabaseSchema})
	if err != nil {
		return nil, err
	}
	return []kici.RelayOption{kici.WithLogger(c.Log), kici.WithRelayStoreOpener(open)}, nil
}
