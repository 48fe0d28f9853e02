//go:build !linux

package storetest

import (
	"context"
	"errors"
)

// ErrNoPostgres says that the machine has no PostgreSQL to start.
var ErrNoPostgres = errors.New("storetest: a private PostgreSQL is started on Linux only")

// Server is a private PostgreSQL.
type Server struct{ URL string }

// Postgres would start a server.
func Postgres(context.Context, bool, ...string) (*Server, error) { return nil, ErrNoPostgres }

// Pid is none.
func (*Server) Pid() int { return 0 }

// Stop does nothing.
func (*Server) Stop() error { return nil }

// Socket is nowhere.
func (*Server) Socket() string { return "" }

// Pid is nobody's.
func (*Server) Pid() int { return 0 }

// Crash does nothing.
func (*Server) Crash() {}

// Restart would start the server again.
func (*Server) Restart(context.Context) error { return ErrNoPostgres }
