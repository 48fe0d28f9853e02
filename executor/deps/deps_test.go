package deps_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/deps"
)

// fake is a package manager that installs one package and writes down how it
// was called.
const fake = `#!/bin/sh
echo "$(basename $0) $*" >> "$CALLS"
env | grep -E '^(KICI_NPM_TOKEN|MY_)' | sort >> "$CALLS"
cat .npmrc >> "$CALLS" 2>/dev/null
[ -n "$SLOW" ] && sleep "$SLOW"
[ -n "$FAIL" ] && { echo "failed with $MY_TOKEN" >&2; exit 7; }
mkdir -p node_modules/left-pad
echo '{"name":"left-pad"}' > node_modules/left-pad/package.json
`

type project struct {
	testing.TB
	deps.Options
	calls string
	lines []string
	mu    sync.Mutex
}

func newProject(t testing.TB, files map[string]string) *project {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	p := &project{TB: t, calls: filepath.Join(dir, "calls")}
	p.write(bin, map[string]string{"npm": fake, "pnpm": fake, "yarn": fake}, 0o755)
	root := filepath.Join(dir, "repo")
	p.write(root, files, 0o644)
	p.Options = deps.Options{
		Root: root, KiciDir: filepath.Join(root, ".kici"), CacheDir: filepath.Join(dir, "cache"),
		Environ:  []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "CALLS=" + p.calls},
		Progress: func(line string) { p.mu.Lock(); defer p.mu.Unlock(); p.lines = append(p.lines, line) },
	}
	return p
}

func (p *project) write(dir string, files map[string]string, mode os.FileMode) {
	p.Helper()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), mode)); err != nil {
			p.Fatal(err)
		}
	}
}

func (p *project) called() string {
	text, _ := os.ReadFile(p.calls)
	return strings.TrimSpace(string(text))
}

func (p *project) ensure(want deps.Outcome) {
	p.Helper()
	got, err := deps.Ensure(context.Background(), p.Options)
	if err != nil || got != want {
		p.Errorf("%s, %v; want %s", got, err, want)
	}
}

const leftPad = `{"dependencies":{"left-pad":"^1.0.0","@kici-dev/sdk":"^1.0.0"}}`

func TestOnce(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": leftPad, ".kici/package-lock.json": "{}"})
	p.ensure(deps.Installed)
	if got := p.called(); got != "npm ci --no-audit --no-fund" {
		t.Error(got)
	}
	p.ensure(deps.Nothing)
	if err := os.RemoveAll(filepath.Join(p.KiciDir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	p.ensure(deps.Restored)
	p.write(p.KiciDir, map[string]string{"package-lock.json": `{"changed":1}`}, 0o644)
	p.ensure(deps.Installed)
	if got := strings.Count(p.called(), "npm ci"); got != 2 {
		t.Errorf("%d installs", got)
	}
	if len(p.lines) == 0 || !strings.HasPrefix(p.lines[0], "installing the dependencies of .kici with npm ci") {
		t.Errorf("%q", p.lines)
	}
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"no manifest":      {".kici/workflows/a.ts": ""},
		"broken manifest":  {".kici/package.json": "{"},
		"only the SDK":     {".kici/package.json": `{"dependencies":{"@kici-dev/sdk":"1","zod":"4"},"devDependencies":{"typescript":"5"}}`},
		"installed by npm": {".kici/package.json": leftPad, ".kici/package-lock.json": "{}", ".kici/node_modules/left-pad/package.json": "{}", ".kici/node_modules/.package-lock.json": "{}"},
		"hoisted":          {".kici/package.json": leftPad, "node_modules/left-pad/package.json": "{}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, files)
			later := time.Now().Add(time.Hour)
			_ = os.Chtimes(filepath.Join(p.KiciDir, "node_modules", ".package-lock.json"), later, later)
			p.ensure(deps.Nothing)
			if p.called() != "" {
				t.Error(p.called())
			}
		})
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"npm without lock": {nil, "npm install --no-audit --no-fund"},
		"pnpm":             {map[string]string{".kici/pnpm-lock.yaml": "x"}, "pnpm install --config.strict-dep-builds=false --frozen-lockfile"},
		"pnpm workspace":   {map[string]string{"pnpm-lock.yaml": "x"}, "pnpm install --config.strict-dep-builds=false --frozen-lockfile"},
		"yarn":             {map[string]string{".kici/yarn.lock": "# yarn lockfile v1"}, "yarn install --non-interactive --frozen-lockfile"},
		"berry":            {map[string]string{".kici/yarn.lock": "__metadata:\n"}, "yarn install --immutable"},
		"named":            {map[string]string{"package.json": `{"packageManager":"pnpm@9.0.0"}`}, "pnpm install --config.strict-dep-builds=false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, map[string]string{".kici/package.json": leftPad})
			p.write(p.Root, c.files, 0o644)
			p.ensure(deps.Installed)
			if got := p.called(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWorkspaceIsBuilt(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": `{"dependencies":{"left-pad":"1","ours":"workspace:*"}}`, "pnpm-lock.yaml": "x", "node_modules/ours/package.json": "{}"})
	p.ensure(deps.Installed)
	if got := p.called(); !strings.HasSuffix(got, "pnpm --filter .^... run --if-present build") {
		t.Error(got)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spec, lock, want string }{
		"workspace in npm":  {"workspace:*", "", "workspace protocol"},
		"workspace in pnpm": {"workspace:*", "pnpm-lock.yaml", ""},
		"file outside":      {"file:../../elsewhere", "", "outside of the repository"},
		"link absolute":     {"link:/tmp/x", "", "outside of the repository"},
		"portal outside":    {"portal:../../../x", "yarn.lock", "outside of the repository"},
		"file inside":       {"file:../packages/a", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{".kici/package.json": `{"dependencies":{"culprit":"` + c.spec + `"}}`}
			if c.lock != "" {
				files[c.lock] = "x"
			}
			p := newProject(t, files)
			_, err := deps.Ensure(context.Background(), p.Options)
			var rule *deps.RuleError
			if c.want == "" {
				if errors.As(err, &rule) {
					t.Error(err)
				}
				return
			}
			if !errors.As(err, &rule) || rule.Name != "culprit" || !strings.Contains(err.Error(), c.want) || p.called() != "" {
				t.Errorf("%v; called %q", err, p.called())
			}
		})
	}
}

func TestRegistries(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": leftPad, ".kici/.npmrc": "audit=false"})
	p.Registries = []deps.Registry{{URL: "https://npm.example.com/acme", Scope: "@acme", Token: "sesame", AlwaysAuth: true}, {URL: "http://localhost:4873/", Token: "open"}}
	p.Secrets = map[string]string{"MY_TOKEN": "given"}
	p.ensure(deps.Installed)
	got := p.called()
	for _, want := range []string{
		"npm install --no-audit --no-fund --ignore-scripts", "=sesame\n", "MY_TOKEN=given", "audit=false\n@acme:registry=https://npm.example.com/acme/\n",
		"//npm.example.com/acme/:_authToken=${KICI_NPM_TOKEN_", "//npm.example.com/acme/:always-auth=true", "registry=http://localhost:4873/\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if text, _ := os.ReadFile(filepath.Join(p.KiciDir, ".npmrc")); string(text) != "audit=false" {
		t.Errorf("left behind: %s", text)
	}
}

func TestInsecureRegistry(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": leftPad})
	p.Registries = []deps.Registry{{URL: "http://npm.example.com/", Token: "sesame"}}
	if _, err := deps.Ensure(context.Background(), p.Options); err == nil || !strings.Contains(err.Error(), "must be https") || p.called() != "" {
		t.Error(err)
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": leftPad})
	p.Environ = append(p.Environ, "FAIL=1")
	p.Secrets = map[string]string{"MY_TOKEN": "sesame"}
	p.Registries = []deps.Registry{{URL: "https://npm.example.com/", Token: "sesame2"}}
	_, err := deps.Ensure(context.Background(), p.Options)
	var failed *deps.Error
	if !errors.As(err, &failed) || !strings.Contains(failed.Reason, "exit code 7") || failed.Output != "failed with ***" {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(filepath.Join(p.KiciDir, ".npmrc")); err == nil {
		t.Error(".npmrc left behind")
	}
}

func TestMissingManager(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": leftPad, ".kici/yarn.lock": "x"})
	p.Environ = []string{"PATH=" + t.TempDir()}
	if _, err := deps.Ensure(context.Background(), p.Options); err == nil || !strings.Contains(err.Error(), "yarn is not in the PATH") {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": leftPad})
	p.Environ, p.Limit = append(p.Environ, "SLOW=60"), 100*time.Millisecond
	if _, err := deps.Ensure(context.Background(), p.Options); err == nil || !strings.Contains(err.Error(), "longer than 100ms") {
		t.Error(err)
	}
}

// TestTogether: of several processes one installs, the others wait for it.
func TestTogether(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]string{".kici/package.json": leftPad, ".kici/package-lock.json": "{}"})
	p.Environ = append(p.Environ, "SLOW=0.2")
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			if _, err := deps.Ensure(context.Background(), p.Options); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if got := strings.Count(p.called(), "npm ci"); got != 1 {
		t.Errorf("%d installs", got)
	}
}

// TestRealNPM installs a package of the repository with the real npm, which
// needs no network.
func TestRealNPM(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	p := newProject(t, map[string]string{
		".kici/package.json":         `{"private":true,"dependencies":{"ours":"file:../packages/ours"}}`,
		"packages/ours/index.js":     "module.exports = 42",
		"packages/ours/package.json": `{"name":"ours","version":"1.0.0"}`,
	})
	p.Environ = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "npm_config_offline=true"}
	p.ensure(deps.Installed)
	if _, err := os.Stat(filepath.Join(p.KiciDir, "node_modules", "ours", "index.js")); err != nil {
		t.Error(err)
	}
	p.ensure(deps.Nothing)
}

func BenchmarkNothing(b *testing.B) {
	p := newProject(b, map[string]string{".kici/package.json": leftPad, ".kici/package-lock.json": "{}"})
	p.ensure(deps.Installed)
	for b.Loop() {
		p.ensure(deps.Nothing)
	}
}
