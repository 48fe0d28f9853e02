package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/blob/fs"
	"github.com/kici-dev/kici-go/engine/cache"
	agentcache "github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/executor/cache/cachetest"
)

// agent is the agent's port over real links. The messages between the two calls
// of the engine are left out.
type agent struct {
	*cache.Cache
	client *http.Client
	scope  func() cache.Scope
}

func remote(t *testing.T, clock *cachetest.Clock, l cachetest.Limits, trusted bool) *agent {
	t.Helper()
	blobs, err := fs.Open(t.TempDir(), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	signer := &blob.Signer{Secret: []byte("s"), Now: clock.Now}
	server := httptest.NewServer(&Handler{Store: blobs, Signer: signer, Log: log})
	signer.Base = server.URL
	t.Cleanup(func() {
		server.Close()
		_ = blobs.Close()
	})
	attempts := make(chan int, 1) // each save is another job's
	attempts <- 0
	return &agent{&cache.Cache{Blobs: blobs, Links: signer, Log: log, Now: clock.Now, Quota: l.Quota, TTL: l.TTL}, server.Client(), func() cache.Scope {
		n := <-attempts
		attempts <- n + 1
		return cache.Scope{Org: "acme", Repo: "acme/shop", Run: "run", Attempt: engine.AttemptID(fmt.Sprint(n)), Trusted: trusted}
	}}
}

func (a *agent) Open(ctx context.Context, key string, prefixes []string) (*agentcache.Entry, error) {
	hit, err := a.Restore(ctx, a.scope(), key, prefixes)
	if err != nil || !hit.Found {
		return nil, err
	}
	answer, err := a.do(ctx, http.MethodGet, hit.URL, nil)
	if err != nil {
		return nil, err
	}
	if answer.Header.Get("ETag") != `"`+hit.SHA256+`"` {
		return nil, errors.New("another archive than was promised")
	}
	return &agentcache.Entry{Key: hit.Key, Size: hit.Size, Body: answer.Body}, nil
}

func (a *agent) Put(ctx context.Context, key string, write func(io.Writer) error) (bool, error) {
	s := a.scope()
	up, err := a.Save(ctx, s, key)
	if err != nil || up.Skip {
		return false, err
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return false, err
	}
	sum, size, err := a.upload(ctx, up.URL, b.Bytes())
	if err != nil {
		return false, err
	}
	return a.Complete(ctx, s, key, sum, size)
}

func (a *agent) do(ctx context.Context, method, url string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	answer, err := a.client.Do(r)
	if err == nil && answer.StatusCode > 299 {
		b, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%s: %s", answer.Status, b)
	}
	return answer, err
}

func (a *agent) upload(ctx context.Context, url string, body []byte) (sum string, size int64, err error) {
	answer, err := a.do(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	hash := sha256.Sum256(body)
	return hex.EncodeToString(hash[:]), int64(len(body)), answer.Body.Close()
}

// TestAgents holds the whole way of an archive, from the agent's port to the
// folder on disk and back, to the promises of that port.
func TestAgents(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{true, false} {
		t.Run(fmt.Sprint("trusted ", trusted), func(t *testing.T) {
			t.Parallel()
			cachetest.Run(t, func(t *testing.T, clock *cachetest.Clock, l cachetest.Limits) agentcache.Store {
				return remote(t, clock, l, trusted)
			})
		})
	}
}

func TestArchive(t *testing.T) {
	t.Parallel()
	clock := &cachetest.Clock{}
	for clock.Now().Year() < 2026 { // it starts in the year 1, which no file can be from
		clock.Advance(365 * 24 * time.Hour)
	}
	a := remote(t, clock, cachetest.Limits{}, true)
	from, to := t.TempDir(), t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(from, "d"), 0o755), os.WriteFile(filepath.Join(from, "d", "f"), []byte("content"), 0o600)); err != nil {
		t.Fatal(err)
	}
	spec := agentcache.Spec{Key: "go-1", Paths: []string{"d"}, RestoreKeys: []string{"go-"}}
	if saved, err := agentcache.Save(t.Context(), a, spec, agentcache.Places{Workspace: from}); err != nil || !saved.Stored {
		t.Fatal(saved, err)
	}
	spec.Key = "go-2"
	if got, err := agentcache.Restore(t.Context(), a, spec, agentcache.Places{Workspace: to}); err != nil || got.MatchedKey != "go-1" {
		t.Fatal(got, err)
	}
	if b, err := os.ReadFile(filepath.Join(to, "d", "f")); err != nil || string(b) != "content" {
		t.Error(string(b), err)
	}
}
