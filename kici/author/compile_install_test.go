package author_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/kici/author"
)

// A changed package-lock.json is installed from before anything is bundled,
// and an unchanged one starts no package manager.
func TestCompileReinstalls(t *testing.T) {
	t.Parallel()
	dir := repository(t, hello)
	bin := t.TempDir()
	called := filepath.Join(bin, "called")
	write := func(path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(bin, "npm"), "#!/bin/sh\necho \"$@\" >> "+called+"\nmkdir -p node_modules/left\n", 0o755)
	kici := filepath.Join(dir, ".kici")
	write(filepath.Join(kici, "package.json"), `{"dependencies":{"left":"1.0.0"}}`, 0o644)
	lock := filepath.Join(kici, "package-lock.json")
	write(lock, `{"name":"x","lockfileVersion":3,"packages":{}}`, 0o644)
	environ := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	compile := func() string {
		t.Helper()
		if _, err := author.Compile(context.Background(), author.CompileOptions{Dir: dir, Environ: environ}); err != nil {
			t.Fatal(err)
		}
		data, _ := os.ReadFile(called) // absent: npm was not called
		return string(data)
	}
	if got := compile(); got != "" {
		t.Errorf("the first compile called npm %q", got)
	}
	if got := compile(); got != "" {
		t.Errorf("an unchanged lock file called npm %q", got)
	}
	write(lock, `{"name":"x","lockfileVersion":3,"packages":{"":{}}}`, 0o644)
	if got := compile(); !strings.HasPrefix(got, "ci") {
		t.Errorf("after a change npm was called with %q, want npm ci", got)
	}
}
