package agentend

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/kici/internal/agent/agenttest"
	"github.com/kici-dev/kici-go/lockfile/status"
	"github.com/kici-dev/kici-go/transport/message"
)

// blobs is the orchestrator's side of the cache: one archive by key, over HTTP.
type blobs struct {
	*httptest.Server
	mu     sync.Mutex
	bodies map[string][]byte
	done   map[string]*message.CacheUserSaveComplete
	spoil  bool
}

func newBlobs(t *testing.T) *blobs {
	b := &blobs{bodies: map[string][]byte{}, done: map[string]*message.CacheUserSaveComplete{}}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sig") != "signed" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		switch r.Method {
		case http.MethodPut:
			body, _ := io.ReadAll(r.Body)
			if int64(len(body)) != r.ContentLength {
				http.Error(w, "length", http.StatusLengthRequired)
			}
			b.bodies[r.URL.Path] = body
		case http.MethodGet:
			body := b.bodies[r.URL.Path]
			if b.spoil {
				body = append(slices.Clone(body), 0)
			}
			_, _ = w.Write(body)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *blobs) answer(m message.Message) message.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch m := m.(type) {
	case *message.CacheUserSaveRequest:
		if b.done[m.Key] != nil {
			return &message.CacheUserSaveResponse{RequestID: m.MessageID, Skip: true}
		}
		return &message.CacheUserSaveResponse{RequestID: m.MessageID, UploadURL: b.URL + "/" + m.Key + "?sig=signed"}
	case *message.CacheUserSaveComplete:
		b.done[m.Key] = m
	case *message.CacheUserRestoreRequest:
		done := b.done[m.Key]
		if done == nil {
			return &message.CacheUserRestoreResponse{RequestID: m.MessageID}
		}
		return &message.CacheUserRestoreResponse{RequestID: m.MessageID, Hit: true, MatchedKey: m.Key, DownloadURL: b.URL + "/" + m.Key + "?sig=signed", TarHash: done.TarHash}
	case *message.EventEmit:
		return &message.EventEmitResponse{RequestID: m.RequestID, DeliveryID: "delivery-of-" + m.EventName}
	}
	return nil
}

func TestCache(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("c", "const h = await ctx.cache.restore({ key: 'k1', paths: ['out'] }); await $`echo hit ${String(h.hit)}; mkdir -p out; cat out/f 2>/dev/null || true; echo kept > out/f`; await ctx.cache.save({ key: 'k1', paths: ['out'] });")))
		b := newBlobs(t)
		o.answer = b.answer
		temp := t.TempDir()
		open(t, o, 1, func(c *Config) { c.TempDir = temp }).ready(t)
		for i, want := range [][]string{{"hit false"}, {"hit true", "kept"}} {
			job := fmt.Sprintf("job-%d", i)
			o.send(dispatch(r, "c", func(m *message.JobDispatch) { m.JobID = job }))
			if end := o.ended(job); end.State != status.JobSuccess || !slices.Equal(o.log(job, 0), want) {
				t.Errorf("%+v %q", end.Data.Result, o.log(job, 0))
			}
		}
		sum := sha256.Sum256(b.bodies["/k1"])
		if done := b.done["k1"]; done.TarHash != hex.EncodeToString(sum[:]) || done.SizeBytes != int64(len(b.bodies["/k1"])) {
			t.Errorf("%+v", done)
		}
		b.mu.Lock()
		b.spoil = true
		b.mu.Unlock()
		o.send(dispatch(r, "c", func(m *message.JobDispatch) { m.JobID = "job-spoilt" }))
		if end := o.ended("job-spoilt"); end.State != status.JobFailed || !strings.Contains(end.Data.Result.Reason, "damaged") || strings.Contains(string(end.Data.Result.Failure), "sig=") {
			t.Errorf("%+v", end.Data.Result)
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestEmit(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, o *orchestrator) {
		r := agenttest.New(t, agenttest.Flow(agenttest.Job("e", "const d = await ctx.emit('built', { n: 1 }); await $`echo ${JSON.stringify(d)}`;")))
		b := newBlobs(t)
		o.answer = b.answer
		open(t, o, 1, nil).ready(t)
		o.send(dispatch(r, "e", nil))
		end := o.ended("job-e")
		if end.State != status.JobSuccess || !strings.Contains(strings.Join(o.log("job-e", 0), ""), "delivery-of-built") {
			t.Errorf("%+v %v", end.Data.Result, o.log("job-e", 0))
		}
	})
}
