package blobtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
)

// Open gives an empty store that asks now for the time, and is closed when the
// test ends.
type Open func(t testing.TB, now func() time.Time) blob.Store

// Run checks a back end.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, *house)
	}{
		{"put and get", testPut}, {"ranges", testRanges}, {"missing", testMissing}, {"bad keys", testBadKeys},
		{"hostile keys", testHostileKeys}, {"list", testList}, {"copy", testCopy}, {"touch", testTouch},
		{"delete", testDelete}, {"failing body", testFailingBody}, {"cancelled", testCancelled}, {"large", testLarge}, {"together", testTogether},
		{"copied once", testCopiedOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := &house{now: time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)}
			h.Store = open(t, h.Now)
			c.test(t, h)
		})
	}
}

type house struct {
	blob.Store
	mu  sync.Mutex // guards now
	now time.Time
}

func (h *house) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) info(key, body string) blob.Info {
	sum := sha256.Sum256([]byte(body))
	return blob.Info{Key: key, Size: int64(len(body)), SHA256: hex.EncodeToString(sum[:]), Created: h.Now(), Used: h.Now()}
}

func (h *house) put(t *testing.T, key, body string) blob.Info {
	t.Helper()
	got, err := h.Put(t.Context(), key, strings.NewReader(body))
	if want := h.info(key, body); err != nil || got != want {
		t.Fatalf("put %q: %v\n got %+v\nwant %+v", key, err, got, want)
	}
	return got
}

func (h *house) read(t *testing.T, key string, r blob.Range) (string, error) {
	t.Helper()
	o, err := h.Get(t.Context(), key, r)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(o.Body)
	return string(b), errors.Join(err, o.Body.Close())
}

// holds checks an object from both sides.
func (h *house) holds(t *testing.T, want blob.Info, body string) {
	t.Helper()
	got, err := h.Stat(t.Context(), want.Key)
	if err != nil || got != want {
		t.Errorf("stat %q: %v\n got %+v\nwant %+v", want.Key, err, got, want)
	}
	if text, err := h.read(t, want.Key, blob.Range{}); err != nil || text != body {
		t.Errorf("get %q: %v, %d bytes, want %d", want.Key, err, len(text), len(body))
	}
}

func (h *house) keys(t *testing.T, prefix string) []string {
	t.Helper()
	var out []string
	for info, err := range h.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, info.Key)
	}
	slices.Sort(out)
	return out
}

func is(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func testPut(t *testing.T, h *house) {
	first := h.put(t, "a/b.tar.gz", "first")
	h.holds(t, first, "first")
	old, err := h.Get(t.Context(), "a/b.tar.gz", blob.Range{})
	if err != nil {
		t.Fatal(err)
	}
	h.pass(time.Hour)
	h.holds(t, h.put(t, "a/b.tar.gz", "second one"), "second one")
	b, err := io.ReadAll(old.Body)
	if err := errors.Join(err, old.Body.Close()); err != nil || string(b) != "first" || old.Info != first {
		t.Errorf("an open object changed: %q %v %+v", b, err, old.Info)
	}
	h.holds(t, h.put(t, "empty", ""), "")
}

func testRanges(t *testing.T, h *house) {
	h.put(t, "k", "0123456789")
	for _, c := range []struct {
		r    blob.Range
		want string
	}{
		{blob.Range{}, "0123456789"}, {blob.Range{From: 3}, "3456789"}, {blob.Range{From: 3, Length: 4}, "3456"}, {blob.Range{From: 8, Length: 9}, "89"},
		{blob.Range{From: -3}, "789"}, {blob.Range{From: -3, Length: 1}, "7"}, {blob.Range{From: -99}, "0123456789"}, {blob.Range{From: 10}, ""},
	} {
		if got, err := h.read(t, "k", c.r); err != nil || got != c.want {
			t.Errorf("%+v: %q %v, want %q", c.r, got, err, c.want)
		}
	}
	for _, r := range []blob.Range{{From: 11}, {From: 2, Length: -1}} {
		_, err := h.read(t, "k", r)
		is(t, fmt.Sprint(r), err, blob.ErrRange)
	}
}

func testMissing(t *testing.T, h *house) {
	h.put(t, "a/b", "x")
	for _, key := range []string{"none", "a", "a/b/c", "a/none"} {
		_, err := h.Get(t.Context(), key, blob.Range{})
		is(t, "get "+key, err, engine.ErrNotFound)
		_, err = h.Stat(t.Context(), key)
		is(t, "stat "+key, err, engine.ErrNotFound)
		_, err = h.Copy(t.Context(), key, "to", true)
		is(t, "copy "+key, err, engine.ErrNotFound)
		is(t, "touch "+key, h.Touch(t.Context(), key), engine.ErrNotFound)
		if err := h.Delete(t.Context(), key); err != nil {
			t.Errorf("delete %s: %v", key, err)
		}
	}
	if got := h.keys(t, "none/at/all"); got != nil {
		t.Errorf("list: %q", got)
	}
}

func testBadKeys(t *testing.T, h *house) {
	for _, key := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/..", "a\x00b", "a\nb", "\xff", strings.Repeat("k", blob.MaxKey+1)} {
		_, err := h.Put(t.Context(), key, strings.NewReader("x"))
		is(t, fmt.Sprintf("put %q", key), err, blob.ErrKey)
		_, err = h.Get(t.Context(), key, blob.Range{})
		is(t, fmt.Sprintf("get %q", key), err, blob.ErrKey)
		_, err = h.Stat(t.Context(), key)
		is(t, fmt.Sprintf("stat %q", key), err, blob.ErrKey)
		_, err = h.Copy(t.Context(), "k", key, true)
		is(t, fmt.Sprintf("copy %q", key), err, blob.ErrKey)
		is(t, fmt.Sprintf("touch %q", key), h.Touch(t.Context(), key), blob.ErrKey)
		is(t, fmt.Sprintf("delete %q", key), h.Delete(t.Context(), key), blob.ErrKey)
	}
}

func testHostileKeys(t *testing.T, h *house) {
	keys := []string{
		"a", "A", "a/b", "a/B", "a.blob", "a.blob/b", "a.blob.blob", "a%", "a%2f", "a%2Fb", "a!b", "!a", "a~", "a b", " ", "☃/ü", `a\..\b`, "c:/x",
		".tmp-1", ".hidden/.x", "con", "x.", "x./y", "...", "a*?<>|\"'`$(id)", "-rf", strings.Repeat("l", 250), strings.Repeat("l", 250) + "/x",
		strings.Repeat("l", blob.MaxKey), strings.Repeat("É", blob.MaxKey/2), strings.Repeat("d/", 100) + "x", "tmp/x", "objects/x",
	}
	for _, k := range keys {
		h.put(t, k, "body of "+k)
	}
	for _, k := range keys {
		h.holds(t, h.info(k, "body of "+k), "body of "+k)
	}
	want := slices.Sorted(slices.Values(keys))
	if got := h.keys(t, ""); !slices.Equal(got, want) {
		t.Errorf("list\n got %q\nwant %q", got, want)
	}
	if got := h.keys(t, strings.Repeat("l", 230)); len(got) != 3 {
		t.Errorf("by a long prefix: %d", len(got))
	}
}

func testList(t *testing.T, h *house) {
	want := map[string]blob.Info{}
	for _, k := range []string{"cache/a/x-1", "cache/a/x-2", "cache/a/y", "cache/ab/x", "logs/1"} {
		want[k] = h.put(t, k, k)
		h.pass(time.Minute)
	}
	for info, err := range h.List(t.Context(), "") {
		if err != nil || info != want[info.Key] {
			t.Errorf("%v: got %+v, want %+v", err, info, want[info.Key])
		}
	}
	for prefix, n := range map[string]int{"": 5, "c": 4, "cache/": 4, "cache/a": 4, "cache/a/": 3, "cache/a/x": 2, "cache/a/x-1": 1, "cache/a/x-11": 0, "cach/": 0, "../": 0, "/": 0, "cache//": 0} {
		if got := h.keys(t, prefix); len(got) != n {
			t.Errorf("%q: %q, want %d", prefix, got, n)
		}
	}
	n := 0
	for range h.List(t.Context(), "") {
		if n++; n == 2 {
			break
		}
	}
}

func testCopy(t *testing.T, h *house) {
	from := h.put(t, "tmp-1", "body")
	h.put(t, "taken", "mine")
	h.pass(time.Hour)
	_, err := h.Copy(t.Context(), "tmp-1", "taken", false)
	is(t, "taken", err, engine.ErrExists)
	if text, err := h.read(t, "taken", blob.Range{}); err != nil || text != "mine" {
		t.Errorf("taken: %q %v", text, err)
	}
	want := from
	want.Used = h.Now()
	for _, c := range []struct {
		to      string
		replace bool
	}{{"new/one", false}, {"new/two", true}, {"taken", true}, {"tmp-1", true}} {
		want.Key = c.to
		if got, err := h.Copy(t.Context(), "tmp-1", c.to, c.replace); err != nil || got != want {
			t.Errorf("copy to %s: %v\n got %+v\nwant %+v", c.to, err, got, want)
		}
		h.holds(t, want, "body")
	}
	h.put(t, "tmp-1", "another")
	if err := h.Delete(t.Context(), "tmp-1"); err != nil {
		t.Error(err)
	}
	want.Key = "new/one"
	h.holds(t, want, "body")
}

func testTouch(t *testing.T, h *house) {
	want := h.put(t, "k", "x")
	h.pass(36 * time.Hour)
	if err := h.Touch(t.Context(), "k"); err != nil {
		t.Error(err)
	}
	want.Used = h.Now()
	h.holds(t, want, "x")
}

func testDelete(t *testing.T, h *house) {
	h.put(t, "a/b/c", "x")
	h.put(t, "a/b/d", "x")
	for range 2 {
		if err := h.Delete(t.Context(), "a/b/c", "none"); err != nil {
			t.Error(err)
		}
	}
	if got := h.keys(t, ""); len(got) != 1 {
		t.Error(got)
	}
	h.put(t, "a/b/c", "y")
	if err := h.Delete(t.Context()); err != nil {
		t.Error(err)
	}
}

func testFailingBody(t *testing.T, h *house) {
	was := h.put(t, "k", "kept")
	broken := errors.New("cable pulled")
	for _, key := range []string{"k", "never"} {
		_, err := h.Put(t.Context(), key, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)))
		is(t, key, err, broken)
	}
	h.holds(t, was, "kept")
	_, err := h.Stat(t.Context(), "never")
	is(t, "half an object", err, engine.ErrNotFound)
	if got := h.keys(t, ""); len(got) != 1 {
		t.Error(got)
	}
}

func testCancelled(t *testing.T, h *house) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Put(ctx, "k", strings.NewReader("x"))
	is(t, "put", err, context.Canceled)
	_, err = h.Stat(t.Context(), "k")
	is(t, "stat", err, engine.ErrNotFound)
}

func testLarge(t *testing.T, h *house) {
	body := strings.Repeat("0123456789abcdef", 1<<19) // 8 MiB
	h.holds(t, h.put(t, "large", body), body)
	if got, err := h.read(t, "large", blob.Range{From: 4<<20 + 3, Length: 20}); err != nil || got != "3456789abcdef0123456" {
		t.Errorf("%q %v", got, err)
	}
}

// Writers, readers and deleters of a few keys in the same folders: whatever is
// read is whole, and no folder is missing when it is wanted.
func testTogether(t *testing.T, h *house) {
	bodies := []string{strings.Repeat("a", 1000), strings.Repeat("b", 200000)}
	var group sync.WaitGroup
	for w := range 6 {
		group.Go(func() {
			for i := range 40 {
				key := fmt.Sprintf("deep/%d/er/k", i%3)
				var err error
				switch w {
				case 0, 1:
					_, err = h.Put(t.Context(), key, strings.NewReader(bodies[w]))
				case 2:
					err = h.Delete(t.Context(), key)
				case 3:
					for _, failed := range h.List(t.Context(), "deep/") {
						err = errors.Join(err, failed)
					}
				default:
					var text string
					if text, err = h.read(t, key, blob.Range{}); err == nil && !slices.Contains(bodies, text) {
						t.Errorf("read %d bytes that nobody put", len(text))
					}
				}
				if err != nil && !errors.Is(err, engine.ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func testCopiedOnce(t *testing.T, h *house) {
	const n = 8
	for i := range n {
		h.put(t, fmt.Sprint("tmp-", i), strings.Repeat("x", i+1))
	}
	var group sync.WaitGroup
	won := make(chan blob.Info, n)
	for i := range n {
		group.Go(func() {
			info, err := h.Copy(t.Context(), fmt.Sprint("tmp-", i), "final", false)
			if err == nil {
				won <- info
			} else if !errors.Is(err, engine.ErrExists) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if len(won) != 1 {
		t.Fatalf("%d won", len(won))
	}
	first := <-won
	h.holds(t, first, strings.Repeat("x", int(first.Size)))
}
