package rig

import (
	"context"

	"github.com/kici-dev/kici-go/engine/store/storetest"
)

// Server is a private PostgreSQL; its URL says where. Stop ends it.
type Server = storetest.Server

// ErrNoPostgres says that the machine has no PostgreSQL to start.
var ErrNoPostgres = storetest.ErrNoPostgres

// Postgres starts a server with fsync and synchronous_commit on. settings are
// further ones, "name=value".
func Postgres(ctx context.Context, settings ...string) (*Server, error) {
	return storetest.Postgres(ctx, true, settings...)
}
