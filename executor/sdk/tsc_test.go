package sdk_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kici-dev/kici-go/executor/sdk"
)

// toolchain is where TypeScript is installed: once per machine, in the user's
// cache, because npm takes longer than all the checks.
var toolchain = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "kici-go-test", "typescript-5.9-node-24")
	if _, err := os.Stat(filepath.Join(dir, "done")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	cmd := exec.Command("npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "typescript@5.9", "@types/node@24")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &installError{err, string(out)}
	}
	return dir, os.WriteFile(filepath.Join(dir, "done"), nil, 0o644)
})

type installError struct {
	err error
	out string
}

func (e *installError) Error() string { return e.err.Error() + "\n" + e.out }

// tools finds TypeScript, or skips; in CI a missing part is a failure.
func tools(t *testing.T) string {
	t.Helper()
	dir, err := toolchain()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED, no TypeScript: %v", err)
	}
	return dir
}

// tsc checks a project and returns what it finds, a line each.
func tsc(t *testing.T, dir string) []string {
	t.Helper()
	bin := filepath.Join(tools(t), "node_modules", "typescript", "bin", "tsc")
	cmd := exec.CommandContext(t.Context(), "node", bin, "-p", dir, "--pretty", "false")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if text == "" {
		if err != nil {
			t.Fatal(err)
		}
		return nil
	}
	return strings.Split(text, "\n")
}

// project is a .kici folder as kici init leaves it.
type project struct {
	t   *testing.T
	dir string
}

func newProject(t *testing.T, nodeTypes bool) *project {
	t.Helper()
	p := &project{t, t.TempDir()}
	for name, text := range sdk.TypeFiles() {
		p.write("types/"+name, text)
	}
	config, err := json.Marshal(map[string]any{
		"compilerOptions": map[string]any{
			"target": "ES2024", "lib": []string{"ES2024"}, "module": "NodeNext", "moduleResolution": "NodeNext",
			"strict": true, "noEmit": true, "types": []string{"node"},
			"paths": sdk.Paths(), "typeRoots": sdk.TypeRoots(),
		},
		"include": []string{"workflows", "types/*.d.ts"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.write("tsconfig.json", string(config))
	p.write("package.json", `{"type": "module"}`)
	if nodeTypes {
		p.link("@types")
		p.link("undici-types")
	}
	return p
}

func (p *project) link(name string) {
	p.t.Helper()
	modules := filepath.Join(p.dir, "node_modules")
	if err := os.MkdirAll(modules, 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(tools(p.t), "node_modules", name), filepath.Join(modules, name)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) check() []string { return tsc(p.t, p.dir) }
