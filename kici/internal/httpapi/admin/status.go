package admin

import (
	"context"
	"errors"
	"net/http"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
	"github.com/kici-dev/kici-go/lockfile/event"
)

// badError is a request that cannot be right.
type badError struct{ text string }

func (e *badError) Error() string { return e.text }

// Bad is a request that cannot be right, for a reason.
func Bad(text string) error { return &badError{text} }

var (
	// ErrKey: an API key is missing, wrong, expired or revoked.
	ErrKey     = errors.New("the API key is missing, wrong, expired or revoked")
	errToken   = errors.New("the admin token is missing or wrong")
	errNoRoute = errors.New("there is no such path")
)

// statuses is the one place where errors become statuses. Texts replace the
// error's own where those are for programmers.
var statuses = []struct {
	err        error
	code       int
	text, hint string
}{
	{errToken, http.StatusUnauthorized, "", "it is the orchestrator's KICI_BOOTSTRAP_ADMIN_TOKEN; kici-admin takes it from KICI_ADMIN_TOKEN or --token"},
	{ErrKey, http.StatusUnauthorized, "", "'kici-admin api-key create' makes one, 'kici login --token' keeps it"},
	{errNoRoute, http.StatusNotFound, "", "client and orchestrator may be of different releases"},
	{engine.ErrNotFound, http.StatusNotFound, "", ""},
	{intake.ErrNoSource, http.StatusNotFound, "there is no such source", ""},
	{intake.ErrDisabled, http.StatusConflict, "the source is disabled", "'kici-admin source enable' takes its deliveries in again"},
	{engine.ErrExists, http.StatusConflict, "that name is taken", ""},
	{engine.ErrConflict, http.StatusConflict, "it changed meanwhile; look again", ""},
	{runs.ErrFinished, http.StatusConflict, "the run has finished", ""},
	{runs.ErrUnfinished, http.StatusConflict, "the run has not finished", "cancel it first, or wait for it"},
	{runs.ErrNothingFailed, http.StatusConflict, "no job of the run failed", "without 'failed' all of it is run again"},
	{runs.ErrTooSoon, http.StatusTooManyRequests, "it was repeated a moment ago", "wait a few seconds"},
	{intake.ErrTooLarge, http.StatusRequestEntityTooLarge, "the payload is larger than the source allows", ""},
	{provider.ErrMisconfigured, http.StatusBadRequest, "", ""},
	{provider.ErrMalformed, http.StatusBadRequest, "", ""},
	{provider.ErrNoRepository, http.StatusUnprocessableEntity, "", ""},
	{provider.ErrNoCommit, http.StatusUnprocessableEntity, "", ""},
	{provider.ErrUnavailable, http.StatusBadGateway, "", ""},
	{store.ErrClosed, http.StatusServiceUnavailable, "the orchestrator is stopping", ""},
	{context.Canceled, http.StatusServiceUnavailable, "the orchestrator is stopping", ""},
}

// Status turns an error into what the client gets.
func Status(err error) *adminclient.Error {
	var bad *badError
	var missing *missingError
	var config *provider.ConfigError
	var unknown *event.UnknownError
	switch {
	case errors.As(err, &bad):
		return &adminclient.Error{Status: http.StatusBadRequest, Message: bad.text}
	case errors.As(err, &missing):
		return &adminclient.Error{Status: http.StatusNotFound, Message: missing.Error()}
	case errors.As(err, &unknown):
		return &adminclient.Error{Status: http.StatusBadRequest, Message: unknown.Error()}
	case errors.As(err, &config):
		out := &adminclient.Error{Status: http.StatusBadRequest, Message: "the source cannot be configured like this"}
		for _, p := range config.Problems {
			out.Problems = append(out.Problems, adminclient.Problem{Path: p.Path, Message: p.Message})
		}
		return out
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			out := &adminclient.Error{Status: s.code, Message: s.text, Hint: s.hint}
			if s.text == "" {
				out.Message = err.Error()
			}
			return out
		}
	}
	return &adminclient.Error{Status: http.StatusInternalServerError, Message: "the orchestrator failed; its log says why"}
}

// missingError names what was looked for.
type missingError struct{ what, id string }

func (e *missingError) Error() string { return "there is no " + e.what + " " + e.id }
func (e *missingError) Unwrap() error { return engine.ErrNotFound }

// Missing names what a store did not find.
func Missing(err error, what, id string) error {
	if errors.Is(err, engine.ErrNotFound) {
		return &missingError{what, id}
	}
	return err
}

// Fail sends what an error means.
func (h *Handler) Fail(w http.ResponseWriter, r *http.Request, err error) {
	out := Status(err)
	if out.Status == http.StatusInternalServerError {
		h.Log.Error("an admin request failed", "method", r.Method, "path", r.URL.Path, "err", err)
	}
	send(w, out.Status, out)
}
