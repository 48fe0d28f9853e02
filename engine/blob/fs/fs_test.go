package fs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/blob/blobtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string, now func() time.Time) *Store {
	t.Helper()
	s, err := Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t testing.TB, now func() time.Time) blob.Store { return open(t, t.TempDir(), now) })
}

func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && p != dir {
			out = append(out, strings.TrimPrefix(p, dir+"/"))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, time.Now)
	for _, k := range []string{"a/b/c", "a/x", strings.Repeat("l", 600)} {
		if _, err := s.Put(t.Context(), k, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Copy(t.Context(), k, k, true); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("left: %q", got)
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"cache/org/a%2Fb/shared/npm-1.tar.gz": "cache/org/a%252!fb/shared/npm-1.tar.gz.blob",
		"kici-logs/x/0":                       "kici-logs/x/0.blob",
		"a.blob/c":                            "a.blo%62/c.blob",
	} {
		if got := name(key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	for _, strange := range []string{"x", "X.blob", "%6.blob", "%61.blob", "!.blob", "!1.blob", "a!", ".blob"} {
		if key, ours := keyOf(strange); ours {
			t.Errorf("%s is said to be %q", strange, key)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add("a/b")
	f.Add(strings.Repeat("É", 300))
	f.Fuzz(func(t *testing.T, key string) {
		if blob.CheckKey(key) != nil {
			return
		}
		file := name(key)
		if got, ours := keyOf(file); !ours || got != key {
			t.Errorf("%q is %q and back %q", key, file, got)
		}
		if !filepath.IsLocal(file) {
			t.Errorf("%q leads out: %q", key, file)
		}
		for part := range strings.SplitSeq(file, "/") {
			if len(part) > 255 || part != strings.ToLower(part) {
				t.Errorf("%q: no file may have the name %q", key, part)
			}
		}
	})
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, time.Now)
	info, err := s.Put(t.Context(), "k", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "objects", "k.blob")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, whole[:len(whole)-1], append(bytes.Clone(whole), 'x'), bytes.Repeat([]byte("x"), 99)} {
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), "k", blob.Range{}); !errors.Is(err, blob.ErrDamaged) {
			t.Errorf("%d of %d bytes: %v", len(bad), len(whole), err)
		}
		for i, err := range s.List(t.Context(), "") {
			if err != nil || i.Key != "k" || i.SHA256 != "" {
				t.Errorf("list: %+v %v", i, err)
			}
		}
	}
	if again, err := s.Put(t.Context(), "k", strings.NewReader("body")); err != nil || again.SHA256 != info.SHA256 {
		t.Error(again, err)
	}
}

func TestNoWayOut(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	s := open(t, dir, time.Now)
	if err := os.WriteFile(filepath.Join(outside, "k.blob"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "objects", "way")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "way/k", blob.Range{}); err == nil {
		t.Error("a link led out on reading")
	}
	if _, err := s.Put(t.Context(), "way/n", strings.NewReader("x")); err == nil {
		t.Error("a link led out on writing")
	}
	if got := files(t, outside); len(got) != 1 {
		t.Error(got)
	}
}

func TestLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	s := open(t, dir, time.Now)
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": time.Hour} {
		file := filepath.Join(dir, tmp, name)
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, now.Add(-age), now.Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, dir, time.Now) // a second one may use the folder
	if got := strings.Join(files(t, filepath.Join(dir, tmp)), " "); got != "young" {
		t.Errorf("tmp holds %q", got)
	}
	if _, err := s.Put(t.Context(), "k", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Stat(t.Context(), "k"); err != nil {
		t.Error(err)
	}
	if err := errors.Join(again.Delete(t.Context(), "k")); err != nil {
		t.Error(err)
	}
	if _, err := s.Stat(t.Context(), "k"); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

func BenchmarkPut(b *testing.B) {
	for name, size := range map[string]int{"4KiB": 4 << 10, "64MiB": 64 << 20} {
		b.Run(name, func(b *testing.B) {
			s := open(b, b.TempDir(), time.Now)
			body := bytes.Repeat([]byte("x"), size)
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := s.Put(b.Context(), "k", bytes.NewReader(body)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s := open(b, b.TempDir(), time.Now)
	if _, err := s.Put(b.Context(), "k", bytes.NewReader(make([]byte, 64<<20))); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(64 << 20)
	for b.Loop() {
		o, err := s.Get(b.Context(), "k", blob.Range{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, o.Body); err != nil {
			b.Fatal(err)
		}
		if err := o.Body.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
