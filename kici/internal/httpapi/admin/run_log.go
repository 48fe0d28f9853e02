package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/logs"
	"github.com/kici-dev/kici-go/engine/runs"
	"github.com/kici-dev/kici-go/engine/store"
	"github.com/kici-dev/kici-go/kici/adminclient"
)

// logQuery is which lines of a run are wanted.
type logQuery struct {
	run    engine.RunID
	job    string // name or id; empty: all
	query  logs.Query
	follow bool
	plain  bool
}

func readLogQuery(r *http.Request) (q logQuery, err error) {
	v := r.URL.Query()
	q = logQuery{run: engine.RunID(r.PathValue("id")), job: v.Get("job"), follow: v.Get("follow") == "true", plain: v.Get("format") == "plain"}
	if text := v.Get("step"); text != "" {
		step, err := strconv.Atoi(text)
		if err != nil {
			return q, &badError{fmt.Sprintf("step=%q is not a number", text)}
		}
		q.query.Steps = []int{step}
	}
	if text := v.Get("tail"); text != "" {
		if q.query.Tail, err = strconv.ParseInt(text, 10, 64); err != nil || q.query.Tail < 1 {
			return q, &badError{fmt.Sprintf("tail=%q is not a number of lines", text)}
		}
	}
	return q, nil
}

// RunLogs streams the lines of a run's jobs as JSON, a line each, ended by
// {"end":true}; or as plain text.
func (h *Handler) RunLogs(w http.ResponseWriter, r *http.Request) {
	q, err := readLogQuery(r)
	var jobs []engine.Job
	if err == nil {
		jobs, err = h.jobsOf(r.Context(), q)
	}
	if err != nil {
		h.Fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/x-ndjson")
	if q.plain {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	out := &lineWriter{w: w, flush: http.NewResponseController(w), plain: q.plain, named: q.job == "" && len(jobs) > 1}
	if q.follow {
		out.named = q.job == ""
		err = h.followLogs(r.Context(), q, out)
	} else {
		err = h.readLogs(r.Context(), q, jobs, out)
	}
	out.end(r.Context(), err)
}

func (h *Handler) jobsOf(ctx context.Context, q logQuery) (out []engine.Job, err error) {
	err = h.view(ctx, func(tx store.Tx) error {
		if _, err := tx.Runs().Get(ctx, q.run); err != nil {
			return Missing(err, "run", string(q.run))
		}
		all, err := tx.Jobs().Of(ctx, q.run)
		for i := range all {
			if q.wants(all[i].ID, all[i].Name) {
				out = append(out, all[i])
			}
		}
		return err
	})
	if err == nil && len(out) == 0 && q.job != "" && !q.follow {
		return nil, &missingError{"job", q.job}
	}
	return out, err
}

func (q *logQuery) wants(id engine.JobID, name string) bool {
	return q.job == "" || q.job == name || q.job == string(id)
}

// readLogs gives what is there, of the last attempt of every job.
func (h *Handler) readLogs(ctx context.Context, q logQuery, jobs []engine.Job, out *lineWriter) error {
	for i := range jobs {
		var attempts []engine.Attempt
		err := h.view(ctx, func(tx store.Tx) (err error) {
			attempts, err = tx.Queue().Attempts(ctx, jobs[i].ID)
			return err
		})
		if err != nil {
			return err
		}
		if len(attempts) == 0 {
			continue
		}
		q.query.Attempt = attempts[len(attempts)-1].ID
		for l, err := range h.Logs.Read(ctx, q.query) {
			if err != nil {
				return err
			}
			if err := out.line(jobs[i].Name, l); err != nil {
				return err
			}
		}
		if err := out.flush.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// manyFollowed bounds the attempts of a run that are followed at once; another
// one begins when one of them has ended.
const manyFollowed = 64

// followLogs follows every attempt of the run from when it begins, until the run
// has finished.
func (h *Handler) followLogs(ctx context.Context, q logQuery, out *lineWriter) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(manyFollowed)
	seen := map[engine.AttemptID]bool{}
	for e, err := range h.Runs.Watch(ctx, q.run, 0) {
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		var change struct {
			runs.JobChange
			Job string `json:"job"` // of a step
		}
		if e.Job == "" || json.Unmarshal(e.Data, &change) != nil || change.Attempt == "" || seen[change.Attempt] {
			continue
		}
		name := change.Job
		if name == "" {
			name = change.Name
		}
		seen[change.Attempt] = true
		if !q.wants(e.Job, name) {
			continue
		}
		query := q.query
		query.Attempt = change.Attempt
		g.Go(func() error {
			for l, err := range h.Logs.Follow(ctx, query) {
				if err != nil {
					return err
				}
				if err := errors.Join(out.line(name, l), out.soon()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// lineWriter writes lines of several jobs.
type lineWriter struct {
	mu    sync.Mutex // guards w
	w     http.ResponseWriter
	flush *http.ResponseController
	plain bool
	named bool // plain lines say whose they are
}

func (o *lineWriter) line(job string, l logs.Line) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.plain {
		if o.named {
			if _, err := fmt.Fprintf(o.w, "[%s] ", job); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintln(o.w, l.Text)
		return err
	}
	return json.NewEncoder(o.w).Encode(adminclient.LogLine{Job: job, Step: l.Step, Number: l.Number, At: l.At, Text: l.Text})
}

func (o *lineWriter) soon() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.flush.Flush()
}

// end tells a log that is whole from one that broke off.
func (o *lineWriter) end(ctx context.Context, err error) {
	if ctx.Err() != nil || o.plain && err == nil {
		return // nobody listens, or nothing is to be said
	}
	switch {
	case o.plain:
		_, _ = fmt.Fprintf(o.w, "error: %s\n", Status(err).Message)
	case err != nil:
		_ = json.NewEncoder(o.w).Encode(map[string]string{"error": Status(err).Message})
	default:
		_ = json.NewEncoder(o.w).Encode(map[string]bool{"end": true})
	}
}
