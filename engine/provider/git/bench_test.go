package git

import (
	"fmt"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/forgetest"
)

// BenchmarkAccept is what a delivery costs before it is answered.
func BenchmarkAccept(b *testing.B) {
	in, p := sample(b, "testdata/github-repo/push.http"), New(Options{})
	for b.Loop() {
		if err := p.Verify(b.Context(), in); err != nil {
			b.Fatal(err)
		}
		if p.Key(in) == "" {
			b.Fatal("no key")
		}
	}
}

func BenchmarkNormalize(b *testing.B) {
	in, p := sample(b, "testdata/github-repo/push.http"), New(Options{})
	for b.Loop() {
		if _, err := p.Normalize(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLockfile reads the lock file of one new commit after another, over
// HTTP, as pushes make it happen.
func BenchmarkLockfile(b *testing.B) {
	forge := guarded(b)
	repo := forge.CreateRepo("acme/web")
	p, s := New(Options{CacheDir: b.TempDir()}), source(b, "gitea", forge.Template(), pat())
	shas := make([]string, 0, 20)
	for i := range cap(shas) {
		shas = append(shas, repo.Commit(b, forgetest.Change{Files: map[string]string{lockPath: fmt.Sprint(i)}}))
	}
	n := 0
	for b.Loop() {
		if n == len(shas) {
			n, p.locks = 0, newLockCache(0, 0, p.locks.now)
		}
		if _, err := p.Lockfile(b.Context(), s, ref(shas[n])); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
