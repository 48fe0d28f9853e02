package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestOperatingPage runs the marked commands of docs/operating.md in a repository
// with a workflow, at ports that are free here.
func TestOperatingPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^<!-- operator -->\n```bash\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 5 {
		t.Fatalf("only %d blocks are marked", len(blocks))
	}
	var script strings.Builder
	for _, b := range blocks {
		script.WriteString(b[1])
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text := script.String()
	for from, to := range map[string]string{
		"kici-orchestrator &": "KICI_PORT=" + port + " kici-orchestrator &", "kici-agent &": "KICI_PORT=0 kici-agent &", "localhost:4000": "localhost:" + port,
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("the page does not say %q", from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	dir, home := t.TempDir(), t.TempDir()
	for name, content := range files(t, twoWorkflows) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c",
		"trap 'kill $(jobs -p); wait' EXIT\ngit init -q -b main\ngit add .\ngit -c user.name=t -c user.email=t@localhost commit -qm page\n"+text)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + filepath.Dir(binary(t, "kici-admin")) + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + home, "KICI_DATA_DIR=" + home,
		"KICI_ADMIN_URL=http://127.0.0.1:" + port, "KICI_HOST=127.0.0.1",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"[a] hello", "ci matched", "deploy skipped", "/webhook/default/generic/forge"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}
