package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// build makes the binary that the tests of this package run, once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kici-test-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "kici")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return dir, &exec.Error{Name: string(out), Err: err}
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := build(); err == nil {
		os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// need skips without a real part, and fails where CI promised it.
func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing", program)
		}
		t.Skipf("%s is missing", program)
	}
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTour pastes the README's tour into a shell, with the binary of this tree
// in place of the installed one.
func TestTour(t *testing.T) {
	t.Parallel()
	need(t, "bash")
	need(t, "git")
	block := regexp.MustCompile("(?s)<!-- tour -->\n```bash\n(.*?)```").FindStringSubmatch(readme(t))
	if block == nil {
		t.Fatal("README.md has no tour")
	}
	script, found := strings.CutPrefix(block[1], "go install github.com/kici-dev/kici-go/cmd/kici@latest\n")
	if !found {
		t.Fatal("the tour does not begin with the installation")
	}
	dir := t.TempDir()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CI=true", "HOME="+dir, "PATH="+filepath.Dir(binary(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the tour fails: %v\n%s", err, out)
	}
	for _, want := range []string{"Compiled workflows → .kici/kici.lock.json (2 workflows)", "Hello from KiCI", "Status: SUCCESS", `"totalWorkflows": 1`} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("%q is missing in the tour's output:\n%s", want, out)
		}
	}
}

// TestFirstCommands keeps the two commands where a newcomer, and .ci/run,
// looks for them.
func TestFirstCommands(t *testing.T) {
	t.Parallel()
	_, after, _ := strings.Cut(readme(t), "```sh\n")
	block, _, _ := strings.Cut(after, "```")
	if want := "go run ./cmd/kici dev --once push\ngo test ./...\n"; block != want {
		t.Errorf("the README opens with %q, want %q", block, want)
	}
}

// TestSnippet keeps the README's program equal to the example that is built
// and run.
func TestSnippet(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile(filepath.Join("..", "..", "examples", "compile", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := bytes.Cut(example, []byte("package main\n"))
	if !strings.Contains(readme(t), "```go\npackage main\n"+string(program)+"```") {
		t.Error("README.md and examples/compile/main.go differ")
	}
}

func TestVersionOfTheBinary(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(binary(t), "--version").Output()
	if err != nil || !regexp.MustCompile(`^\d+\.\d+\.\d+\n$`).Match(out) {
		t.Errorf("got %q, %v", out, err)
	}
}
