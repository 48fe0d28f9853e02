package cache_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/executor/cache/cachetest"
)

func TestDir(t *testing.T) {
	t.Parallel()
	cachetest.Run(t, func(t *testing.T, clock *cachetest.Clock, l cachetest.Limits) cache.Store {
		return &cache.Dir{Path: filepath.Join(t.TempDir(), "new"), Quota: l.Quota, TTL: l.TTL, Now: clock.Now}
	})
}

func write(t *testing.T, root, name, body string, mode os.FileMode) {
	t.Helper()
	full := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(body), mode); err != nil {
		t.Fatal(err)
	}
}

func TestSaveAndRestore(t *testing.T) {
	t.Parallel()
	store := &cache.Dir{Path: t.TempDir()}
	from := cache.Places{Workspace: t.TempDir(), Home: t.TempDir()}
	write(t, from.Workspace, "node_modules/a/ü.js", "a", 0o644)
	write(t, from.Workspace, "node_modules/.bin/tool", "#!/bin/sh", 0o755)
	write(t, from.Workspace, "node_modules/locked/file", "ro", 0o444)
	write(t, from.Workspace, "other", "not saved", 0o644)
	write(t, from.Home, ".cache/x", "home", 0o600)
	if err := os.Symlink("../a/ü.js", filepath.Join(from.Workspace, "node_modules/.bin/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(from.Workspace, "node_modules/locked"), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(from.Workspace, "node_modules/locked"), 0o755) })

	spec := cache.Spec{Key: "k1", Paths: []string{"node_modules", "node_modules/a", "~/.cache", "dist"}}
	saved, err := cache.Save(t.Context(), store, spec, from)
	if err != nil {
		t.Fatal(err)
	}
	if !saved.Stored || saved.Files != 5 || len(saved.Missing) != 1 || saved.Missing[0] != "dist" || saved.Bytes == 0 {
		t.Errorf("saved %+v", saved)
	}

	to := cache.Places{Workspace: t.TempDir(), Home: t.TempDir()}
	write(t, to.Workspace, "node_modules/a/ü.js", "older", 0o644)
	spec.Key, spec.RestoreKeys = "k2", []string{"k"}
	restored, err := cache.Restore(t.Context(), store, spec, to)
	if err != nil {
		t.Fatal(err)
	}
	if !restored.Hit || restored.MatchedKey != "k1" || restored.Files != 5 {
		t.Errorf("restored %+v", restored)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(to.Workspace, "node_modules/locked"), 0o755) })
	for name, want := range map[string]string{
		"node_modules/a/ü.js": "a", "node_modules/.bin/tool": "#!/bin/sh", "node_modules/.bin/link": "a", "node_modules/locked/file": "ro",
	} {
		if got, err := os.ReadFile(filepath.Join(to.Workspace, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q %v, want %q", name, got, err, want)
		}
	}
	same(t, from.Workspace, to.Workspace, "node_modules/.bin/tool", "node_modules/locked", "node_modules/locked/file")
	same(t, from.Home, to.Home, ".cache/x")
	if _, err := os.Stat(filepath.Join(to.Workspace, "other")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("other is restored: %v", err)
	}
}

func same(t *testing.T, from, to string, names ...string) {
	t.Helper()
	for _, n := range names {
		a, errA := os.Stat(filepath.Join(from, n))
		b, errB := os.Stat(filepath.Join(to, n))
		if errA != nil || errB != nil || a.Mode() != b.Mode() || !a.ModTime().Equal(b.ModTime()) {
			t.Errorf("%s: %v %v, %v %v", n, a, errA, b, errB)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for want, spec := range map[string]cache.Spec{
		"key is empty":              {Paths: []string{"a"}},
		"at most 512":               {Key: strings.Repeat("k", 513), Paths: []string{"a"}},
		"line break":                {Key: "a\nb", Paths: []string{"a"}},
		"no paths":                  {Key: "k"},
		"restoreKeys[1] is empty":   {Key: "k", Paths: []string{"a"}, RestoreKeys: []string{"x", ""}},
		"paths[0]: the path is":     {Key: "k", Paths: []string{" "}},
		"paths[1]: \"../x\" leads":  {Key: "k", Paths: []string{"a", "../x"}},
		"\"a/../../x\" leads":       {Key: "k", Paths: []string{"a/../../x"}},
		"\"/etc\" is absolute":      {Key: "k", Paths: []string{"/etc"}},
		"\"~root/x\" names another": {Key: "k", Paths: []string{"~root/x"}},
		"\"~/../x\" leads":          {Key: "k", Paths: []string{"~/../x"}},
		"the whole home":            {Key: "k", Paths: []string{"~"}},
	} {
		if err := spec.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", spec, err, want)
		}
	}
}

func TestNothingToSave(t *testing.T) {
	t.Parallel()
	store := &cache.Dir{Path: t.TempDir()}
	_, err := cache.Save(t.Context(), store, cache.Spec{Key: "k", Paths: []string{"none"}}, cache.Places{Workspace: t.TempDir()})
	if !errors.Is(err, cache.ErrNothingToSave) {
		t.Errorf("got %v", err)
	}
	left, err := os.ReadDir(store.Path)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// fixed is a Store with one entry of any bytes.
type fixed []byte

func (f fixed) Open(context.Context, string, []string) (*cache.Entry, error) {
	return &cache.Entry{Key: "k", Body: io.NopCloser(bytes.NewReader(f)), Size: int64(len(f))}, nil
}

func (f fixed) Put(context.Context, string, func(io.Writer) error) (bool, error) { return false, nil }

func archive(t *testing.T, heads ...*tar.Header) fixed {
	t.Helper()
	var buf bytes.Buffer
	zip := gzip.NewWriter(&buf)
	out := tar.NewWriter(zip)
	for _, h := range heads {
		h.Mode = 0o644
		if err := out.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestHostileArchives(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	for name, body := range map[string]fixed{
		"not gzip":        fixed("hello"),
		"empty":           fixed(""),
		"parent":          archive(t, &tar.Header{Name: "w/../../x", Typeflag: tar.TypeReg}),
		"absolute":        archive(t, &tar.Header{Name: "/etc/x", Typeflag: tar.TypeReg}),
		"neither folder":  archive(t, &tar.Header{Name: "x/y", Typeflag: tar.TypeReg}),
		"through a link":  archive(t, &tar.Header{Name: "w/l", Typeflag: tar.TypeSymlink, Linkname: outside}, &tar.Header{Name: "w/l/x", Typeflag: tar.TypeReg}),
		"device":          archive(t, &tar.Header{Name: "w/dev", Typeflag: tar.TypeChar}),
		"the root itself": archive(t, &tar.Header{Name: "w", Typeflag: tar.TypeReg}),
		"a cut archive":   archive(t, &tar.Header{Name: "w/x", Typeflag: tar.TypeReg})[:40],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := cache.Places{Workspace: t.TempDir(), Home: t.TempDir()}
			_, err := cache.Restore(t.Context(), body, cache.Spec{Key: "k", Paths: []string{"x"}}, at)
			if err == nil || !strings.Contains(err.Error(), `cache: restore "k"`) {
				t.Errorf("got %v", err)
			}
		})
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
		t.Errorf("something got out: %v %v", left, err)
	}
}

func BenchmarkSave(b *testing.B) {
	at := cache.Places{Workspace: b.TempDir()}
	block := bytes.Repeat([]byte("func main() { fmt.Println(\"hello\") }\n"), 1<<15)
	for _, n := range []string{"a", "b", "c", "d"} {
		if err := os.WriteFile(filepath.Join(at.Workspace, n), block, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(4 * len(block)))
	for b.Loop() {
		store := &cache.Dir{Path: b.TempDir()}
		if _, err := cache.Save(b.Context(), store, cache.Spec{Key: "k", Paths: []string{"."}}, at); err != nil {
			b.Fatal(err)
		}
	}
}
