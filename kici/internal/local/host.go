package local

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kici-dev/kici-go/executor"
	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/executor/mask"
)

// host is what one job reports to: it masks, stores and passes on.
type host struct {
	run           *run
	workflow, job string
	masks         *mask.Set
	secrets       func(environment string) []executor.Secret

	mu      sync.Mutex // guards streams and logs; never held while the observer is called by Emit
	streams map[streamKey]*mask.Stream
	logs    map[int]*Log
	emitted []executor.Emission
}

type streamKey struct {
	row    int
	stream executor.Stream
}

var _ executor.Host = (*host)(nil)

func (h *host) Begin(r executor.Row) {
	h.flush() // what the bucket before still held back comes before the new row
	h.run.observe(StepStarted{h.workflow, h.job, r})
}

// Log masks. A stream per row and output stream, because a secret may be cut
// by a chunk's end but never continues in another stream.
func (h *host) Log(row int, stream executor.Stream, p []byte) {
	h.mu.Lock()
	key := streamKey{row, stream}
	s := h.streams[key]
	if s == nil {
		s = h.masks.Stream(func(p []byte) error { h.pass(row, stream, p); return nil })
		h.streams[key] = s
	}
	h.mu.Unlock()
	_, _ = s.Write(p) // the sink never fails
}

// pass runs on the goroutine that called Log or flush; calls of one job come
// one at a time.
func (h *host) pass(row int, stream executor.Stream, p []byte) {
	if len(p) == 0 {
		return
	}
	if h.run.o.KeepLogs {
		h.store(row, p)
	}
	h.run.observe(Output{h.workflow, h.job, row, stream, p})
}

func (h *host) store(row int, p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	log := h.logs[row]
	if log == nil {
		log = &Log{}
		h.logs[row] = log
	}
	if log.Truncated {
		return
	}
	limit := h.run.o.LogCap
	if left := limit - int64(len(log.Text)); int64(len(p)) > left {
		log.Text = append(log.Text, p[:left]...)
		log.Text = fmt.Appendf(log.Text, "\n[the log of this step is longer than %d bytes; the rest was not stored]\n", limit)
		log.Truncated = true
		return
	}
	log.Text = append(log.Text, p...)
}

func (h *host) flush() {
	h.mu.Lock()
	streams := h.streams
	h.streams = map[streamKey]*mask.Stream{}
	h.mu.Unlock()
	for _, s := range streams {
		_ = s.Flush()
	}
}

func (h *host) Rule(row int, r executor.RuleResult) {
	r.Error = h.masks.String(r.Error)
	h.run.observe(RuleEvaluated{h.workflow, h.job, row, r})
}

func (h *host) End(r executor.RowResult) {
	h.flush()
	h.run.observe(StepFinished{h.workflow, h.job, h.maskRow(r)})
}

func (h *host) maskRow(r executor.RowResult) executor.RowResult {
	r.Failure = h.maskFailure(r.Failure)
	if len(r.Outputs) > 0 {
		r.Outputs = []byte(h.masks.String(string(r.Outputs)))
	}
	return r
}

func (h *host) maskFailure(f *executor.Failure) *executor.Failure {
	if f == nil {
		return nil
	}
	out := *f
	for _, s := range []*string{&out.Message, &out.Stack, &out.Command, &out.Tail, &out.Frame} {
		*s = h.masks.String(*s)
	}
	return &out
}

// maskResult masks everything of a result that is shown. The outputs that
// other jobs get stay as they are: a token is no use to them as stars.
func (h *host) maskResult(r executor.Result) executor.Result {
	r.Reason = h.masks.String(r.Reason)
	r.Failure = h.maskFailure(r.Failure)
	rows := make([]executor.RowResult, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = h.maskRow(row)
	}
	r.Rows = rows
	published := make([]executor.Secret, len(r.Secrets))
	for i, secret := range r.Secrets {
		published[i] = executor.Secret{Key: secret.Key, Value: mask.Placeholder}
	}
	r.Secrets = published
	return r
}

func (h *host) Emit(_ context.Context, e executor.Emission) (string, error) {
	h.mu.Lock()
	h.emitted = append(h.emitted, e)
	h.mu.Unlock()
	shown := e
	shown.Payload = []byte(h.masks.String(string(e.Payload)))
	h.run.observe(Emitted{h.workflow, h.job, shown, h.run.o.FollowEvents})
	return h.run.newID("evt"), nil
}

func (h *host) Reveal(values []string) { h.masks.Add(values...) }

func (h *host) Secrets(_ context.Context, environment string) ([]executor.Secret, error) {
	return h.secrets(environment), nil
}

func (h *host) RestoreCache(ctx context.Context, dir string, c executor.Cache) (executor.CacheHit, error) {
	got, err := cache.Restore(ctx, h.run.cache(), cacheSpec(c), h.run.places(dir))
	return executor.CacheHit{Hit: got.Hit, MatchedKey: got.MatchedKey}, err
}

func (h *host) SaveCache(ctx context.Context, dir string, c executor.Cache) error {
	_, err := cache.Save(ctx, h.run.cache(), cacheSpec(c), h.run.places(dir))
	if errors.Is(err, cache.ErrNothingToSave) {
		return nil // a first run may not have made what it will cache
	}
	return err
}

func cacheSpec(c executor.Cache) cache.Spec {
	return cache.Spec{Key: c.Key, Paths: c.Paths, RestoreKeys: c.RestoreKeys}
}
