package dev

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/trigger"
	"github.com/kici-dev/kici-go/kici/internal/local"
	"github.com/kici-dev/kici-go/kici/internal/orchestrator"
)

// logsPath is the page of a run's logs. Whoever knows the id of a run may read
// it: ids are random, and what is logged is masked.
func logsPath(id engine.RunID) string { return "/dev/runs/" + string(id) + "/logs" }

const triggerPath = "/dev/trigger"

// maxRequest bounds what is read of a request.
const maxRequest = 32 << 20

// routes adds the paths of a dev to those of its orchestrator.
func (s *server) routes(rooms *orchestrator.Rooms, mux *http.ServeMux) {
	mux.HandleFunc("GET /dev/runs/{id}/logs", func(w http.ResponseWriter, r *http.Request) {
		run, jobs, err := rooms.Lookup(r.Context(), engine.RunID(r.PathValue("id")))
		if errors.Is(err, engine.ErrNotFound) {
			http.Error(w, "there is no such run", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if err == nil {
			err = (&logPage{rooms, w}).write(r.Context(), run, jobs)
		}
		if err != nil {
			fmt.Fprintln(w, "the rest cannot be shown:", err)
		}
	})
	mux.HandleFunc("POST "+triggerPath, func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+s.token)) != 1 {
			reply(w, http.StatusUnauthorized, answer{Problem: "the token is not that of this dev"})
			return
		}
		s.trigger(w, r)
	})
}

// question is an event that somebody asks for.
type question struct {
	Event   string          `json:"event"`
	Branch  string          `json:"branch,omitempty"`
	SHA     string          `json:"sha,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// answer is what came of it.
type answer struct {
	Runs      []startedRun       `json:"runs,omitempty"`
	Decisions []trigger.Decision `json:"decisions,omitempty"`
	Problem   string             `json:"problem,omitempty"`
	Hint      string             `json:"hint,omitempty"`
	Usage     bool               `json:"usage,omitempty"` // the question itself is wrong
}

type startedRun struct {
	Workflow string `json:"workflow"`
	Logs     string `json:"logs"`
}

func reply(w http.ResponseWriter, code int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(a) // whoever asked may have gone
}

// trigger hands an event in and waits until it is known what it starts.
func (s *server) trigger(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(io.LimitReader(r.Body, maxRequest)).Decode(&q); err != nil {
		reply(w, http.StatusBadRequest, answer{Problem: err.Error(), Usage: true})
		return
	}
	a, err := s.ask(r.Context(), q)
	var usage *local.UsageError
	var commit *CommitError
	switch {
	case errors.As(err, &usage):
		reply(w, http.StatusBadRequest, answer{Problem: usage.Message, Hint: usage.Hint, Usage: true})
	case errors.As(err, &commit):
		reply(w, http.StatusUnprocessableEntity, answer{Problem: commit.Reason, Hint: commit.Hint})
	case err != nil:
		reply(w, http.StatusInternalServerError, answer{Problem: err.Error()})
	default:
		reply(w, http.StatusOK, a)
	}
}

func (s *server) ask(ctx context.Context, q question) (answer, error) {
	o := &Options{Event: q.Event, Branch: q.Branch, SHA: q.SHA, Payload: q.Payload}
	receipt, err := s.submit(ctx, wanted(o), "")
	if err != nil {
		return answer{}, refused(err, o)
	}
	started, err := s.rooms.Started(ctx, receipt.ID)
	if err != nil {
		return answer{}, err
	}
	d, _, err := s.rooms.Delivery(ctx, receipt.ID)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if a.Decisions, err = verdict(d, s.repo.lock()); err != nil {
		return answer{}, err
	}
	inLockOrder(started, a.Decisions)
	for i := range started {
		a.Runs = append(a.Runs, startedRun{started[i].Workflow, s.url + logsPath(started[i].ID)})
	}
	return a, nil
}
