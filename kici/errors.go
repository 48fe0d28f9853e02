package kici

import (
	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/internal/link/agentend"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
)

// RefusedError ends the Run of an agent: its orchestrator does not want it, and
// asking again would not change that.
type RefusedError = agentend.RefusedError

// What callers branch on.
var (
	ErrNotFound    = engine.ErrNotFound
	ErrNotReady    = orchestrator.ErrNotReady
	ErrRanBefore   = orchestrator.ErrRanBefore
	ErrFinished    = runs.ErrFinished
	ErrUnfinished  = runs.ErrUnfinished
	ErrTooSoon     = runs.ErrTooSoon
	ErrNoSource    = intake.ErrNoSource
	ErrNewerSchema = store.ErrNewerSchema
	ErrLocked      = store.ErrLocked
	ErrOldSchema   = store.ErrOldSchema

	// Answers of providers.
	ErrSignature     = provider.ErrSignature
	ErrForbidden     = provider.ErrForbidden
	ErrMalformed     = provider.ErrMalformed
	ErrMisconfigured = provider.ErrMisconfigured
	ErrNoLockfile    = provider.ErrNoLockfile
	ErrNoRepository  = provider.ErrNoRepository
	ErrNoCommit      = provider.ErrNoCommit
	ErrUnavailable   = provider.ErrUnavailable
)
