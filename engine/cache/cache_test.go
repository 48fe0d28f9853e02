package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/blob/fs"
	"github.com/kici-dev/kici-go/executor/cache/cachetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type house struct {
	*Cache
	blobs *fs.Store
	clock *cachetest.Clock
}

// links are links that are not signed: the handler's tests have real ones.
type links struct{}

func (links) Link(_ context.Context, method, key string) (string, error) {
	return method + " " + key, blob.CheckKey(key)
}

func setup(t *testing.T, dir string, clock *cachetest.Clock, quota int64, ttl time.Duration) *house {
	t.Helper()
	blobs, err := fs.Open(dir, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	return &house{&Cache{Blobs: blobs, Links: links{}, Log: slog.New(slog.DiscardHandler), Now: clock.Now, Quota: quota, TTL: ttl}, blobs, clock}
}

// today is a clock that a file system can tell: it starts in the year 1.
func today() *cachetest.Clock {
	c := &cachetest.Clock{}
	for c.Now().Year() < 2026 {
		c.Advance(365 * 24 * time.Hour)
	}
	return c
}

func started(t *testing.T, quota int64, ttl time.Duration) *house {
	return setup(t, t.TempDir(), today(), quota, ttl)
}

func scope(run string, trusted bool) Scope {
	return Scope{Org: "acme", Repo: "acme/shop", Run: engine.RunID(run), Attempt: engine.AttemptID("attempt-of-" + run), Trusted: trusted}
}

// upload does what an agent does between Save and Complete.
func (h *house) upload(ctx context.Context, url, body string) (sum string, size int64, err error) {
	key, put := strings.CutPrefix(url, "PUT ")
	if !put {
		return "", 0, fmt.Errorf("%q is no link to upload to", url)
	}
	info, err := h.blobs.Put(ctx, key, strings.NewReader(body))
	return info.SHA256, info.Size, err
}

func (h *house) save(t *testing.T, s Scope, key, body string) bool {
	t.Helper()
	up, err := h.Save(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	if up.Skip {
		return false
	}
	sum, size, err := h.upload(t.Context(), up.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := h.Complete(t.Context(), s, key, sum, size)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Second)
	return stored
}

func (h *house) finds(t *testing.T, s Scope, want, key string, prefixes ...string) {
	t.Helper()
	hit, err := h.Restore(t.Context(), s, key, prefixes)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	if hit.Found {
		key, get := strings.CutPrefix(hit.URL, "GET ")
		object, err := h.blobs.Get(t.Context(), key, blob.Range{})
		if err != nil || !get || object.SHA256 != hit.SHA256 || object.Size != hit.Size {
			t.Fatalf("%+v: %v %+v", hit, err, object)
		}
		b, err := io.ReadAll(object.Body)
		if err := errors.Join(err, object.Body.Close()); err != nil {
			t.Fatal(err)
		}
		got = hit.Key + ": " + string(b)
	}
	if got != want {
		t.Errorf("%s %q: %q, want %q", key, prefixes, got, want)
	}
}

func (h *house) keys(t *testing.T) (out []string) {
	t.Helper()
	for info, err := range h.blobs.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, info.Key)
	}
	slices.Sort(out)
	return out
}

func TestScopes(t *testing.T) {
	t.Parallel()
	h := started(t, 0, 0)
	branch, fork, other := scope("r1", true), scope("r2", false), scope("r3", false)
	h.save(t, branch, "k-1", "shared")
	h.finds(t, fork, "k-1: shared", "k-1")
	if !h.save(t, fork, "k-1", "poison") {
		t.Error("a fork cannot save in its own scope")
	}
	h.save(t, fork, "k-2", "poison")
	h.finds(t, fork, "k-1: poison", "k-1") // its own goes first
	h.finds(t, fork, "k-2: poison", "x", "k-")
	h.finds(t, branch, "k-1: shared", "k-1")
	h.finds(t, branch, "k-1: shared", "k-2", "k-")
	h.finds(t, branch, "", "k-2")
	h.finds(t, other, "k-1: shared", "k-1", "k-")
	h.finds(t, other, "", "k-2")
	for what, s := range map[string]Scope{
		"another org":  {Org: "evil", Repo: branch.Repo, Run: "r1", Attempt: "a", Trusted: true},
		"another repo": {Org: branch.Org, Repo: "acme/other", Run: "r1", Attempt: "a", Trusted: true},
		"a way up":     {Org: branch.Org, Repo: "x/../shop", Run: "r1", Attempt: "a", Trusted: true},
		"dots":         {Org: "..", Repo: ".", Run: "..", Attempt: "a"},
	} {
		hit, err := h.Restore(t.Context(), s, "k-1", []string{"k", "."})
		if err != nil || hit.Found {
			t.Errorf("%s: %+v %v", what, hit, err)
		}
	}
	want := []string{"cache/acme/acme%2Fshop/iso/r2/k-1.tar.gz", "cache/acme/acme%2Fshop/iso/r2/k-2.tar.gz", "cache/acme/acme%2Fshop/shared/k-1.tar.gz"}
	if got := h.keys(t); !slices.Equal(got, want) {
		t.Errorf("layout %q", got)
	}
	if _, err := h.Restore(t.Context(), Scope{Org: "acme", Repo: "x", Trusted: true}, "k", nil); err == nil {
		t.Error("half a scope will do")
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	h := started(t, 0, 0)
	s := scope("r1", true)
	keys := []string{"a", "a/b", "a%2Fb", "../../shared/a", ".", "..", ".x", ".tmp-1", "a.tar.gz", "x\ty", strings.Repeat("é", MaxKey/2), strings.Repeat("k", MaxKey)}
	for _, k := range keys {
		if !h.save(t, s, k, "of "+k) {
			t.Errorf("%q is not stored", k)
		}
	}
	for _, k := range keys {
		h.finds(t, s, k+": of "+k, k)
	}
	h.finds(t, s, "..: of ..", "none", "..", "a") // newest of what begins with two dots, and is not ../../shared
	h.finds(t, s, ".tmp-1: of .tmp-1", "none", ".tmp")
	for _, k := range []string{"", " ", "a\nb", "a\x00", "\xff", strings.Repeat("k", MaxKey+1), strings.Repeat("/", MaxKey)} {
		_, err := h.Save(t.Context(), s, k)
		if !errors.Is(err, ErrKey) {
			t.Errorf("save %.20q: %v", k, err)
		}
		if _, err := h.Restore(t.Context(), s, k, nil); !errors.Is(err, ErrKey) {
			t.Errorf("restore %.20q: %v", k, err)
		}
	}
	if _, err := h.Restore(t.Context(), s, "none", []string{""}); !errors.Is(err, ErrKey) {
		t.Error("an empty prefix:", err)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	h := started(t, 100, 0)
	s, late := scope("r1", true), scope("r2", true)
	if _, err := h.Complete(t.Context(), s, "k", "00", 1); !errors.Is(err, ErrNoUpload) {
		t.Error("nothing uploaded:", err)
	}
	ups := map[engine.RunID]string{}
	for _, s := range []Scope{s, late} {
		up, err := h.Save(t.Context(), s, "k")
		if err != nil || up.Skip {
			t.Fatal(up, err)
		}
		ups[s.Run] = up.URL
	}
	sum, size, err := h.upload(t.Context(), ups[s.Run], "body")
	if err != nil {
		t.Fatal(err)
	}
	h.finds(t, s, "", "k", "k", ".tmp") // not yet an entry
	if _, err := h.Complete(t.Context(), s, "k", sum, size+1); !errors.Is(err, ErrMismatch) {
		t.Error("another size:", err)
	}
	if _, err := h.Complete(t.Context(), s, "k", strings.Repeat("0", 64), size); !errors.Is(err, ErrMismatch) {
		t.Error("another hash:", err)
	}
	h.finds(t, s, "", "k")
	if stored, err := h.Complete(t.Context(), s, "k", strings.ToUpper(sum), size); !stored || err != nil {
		t.Error(stored, err)
	}
	if stored, err := h.Complete(t.Context(), s, "k", sum, size); stored || err != nil {
		t.Error("said twice:", stored, err)
	}
	sum, size, err = h.upload(t.Context(), ups[late.Run], "later")
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := h.Complete(t.Context(), late, "k", sum, size); stored || err != nil {
		t.Error("the second:", stored, err)
	}
	h.finds(t, s, "k: body", "k")
	if up, err := h.Save(t.Context(), late, "k"); err != nil || !up.Skip || up.URL != "" {
		t.Error("a taken key:", up, err)
	}
	// The link is still good; what is put there now is no entry.
	if _, _, err := h.upload(t.Context(), ups[s.Run], "evil"); err != nil {
		t.Fatal(err)
	}
	h.finds(t, s, "k: body", "k")

	up, err := h.Save(t.Context(), s, "large")
	if err != nil {
		t.Fatal(err)
	}
	sum, size, err = h.upload(t.Context(), up.URL, strings.Repeat("x", 101))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Complete(t.Context(), s, "large", sum, size); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	h.finds(t, s, "k: body", "k") // nothing had to go for it
}

func TestEviction(t *testing.T) {
	t.Parallel()
	h := started(t, 100, time.Hour)
	branch, fork := scope("r1", true), scope("r2", false)
	elsewhere := Scope{Org: "other", Repo: "r", Run: "r", Attempt: "a", Trusted: true}
	forty := strings.Repeat("x", 40)
	h.save(t, elsewhere, "k", forty)
	h.save(t, branch, "a", forty)
	h.save(t, branch, "b", forty)
	h.save(t, fork, "c", forty) // newer, but only its own
	h.finds(t, branch, "a: "+forty, "a")
	h.finds(t, branch, "b: "+forty, "b")
	h.finds(t, fork, "", "c")
	h.finds(t, elsewhere, "k: "+forty, "k")

	up, err := h.Save(t.Context(), branch, "never completed")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.upload(t.Context(), up.URL, "x"); err != nil {
		t.Fatal(err)
	}
	tick := func() {
		t.Helper()
		if next, err := h.Tick(t.Context(), h.clock.Now()); err != nil || !next.Equal(h.clock.Now().Add(Interval)) {
			t.Error(next, err)
		}
	}
	h.clock.Advance(59 * time.Minute)
	tick()
	if got := h.keys(t); len(got) != 4 {
		t.Errorf("too early: %q", got)
	}
	h.finds(t, branch, "a: "+forty, "a") // a use
	h.clock.Advance(2 * time.Minute)
	h.finds(t, elsewhere, "", "k", "k")
	tick()
	if got := h.keys(t); len(got) != 2 {
		t.Errorf("after an hour: %q", got)
	}
	h.clock.Advance(2 * time.Hour)
	tick()
	if got := h.keys(t); len(got) != 0 {
		t.Errorf("at the end: %q", got)
	}
}

// A damaged entry is none, and its key can be saved again.
func TestDamagedEntry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := setup(t, dir, today(), 0, 0)
	s := scope("r1", true)
	file := filepath.Join(dir, "objects", "cache", "acme", "acme%252!fshop", "shared", "k.tar.gz.blob")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("cut"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got := h.keys(t); len(got) != 1 || got[0] != entry(s.shared(), "k") {
		t.Fatalf("the test damages another file: %q", got)
	}
	hit, err := h.Restore(t.Context(), s, "k", []string{"k"})
	if err != nil || hit.Found {
		t.Error(hit, err)
	}
	up, err := h.Save(t.Context(), s, "k")
	if err != nil || up.Skip {
		t.Fatal(up, err)
	}
	info, err := h.blobs.Put(t.Context(), s.upload("k"), strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := h.Complete(t.Context(), s, "k", info.SHA256, info.Size); err != nil || !stored {
		t.Error(stored, err)
	}
}
