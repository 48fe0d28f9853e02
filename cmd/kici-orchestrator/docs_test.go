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
	port := free(t)
	out := page(t, "operating", "operator", 5, port, map[string]string{
		"kici-orchestrator &": "KICI_PORT=" + port + " kici-orchestrator &", "kici-agent &": "KICI_PORT=0 kici-agent &", "localhost:4000": "localhost:" + port,
	})
	for _, want := range []string{"[a] hello", "ci matched", "deploy skipped", "/webhook/default/generic/forge"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}

// TestRelayPage runs those of docs/relay.md.
func TestRelayPage(t *testing.T) {
	t.Parallel()
	port, relay := free(t), free(t)
	out := page(t, "relay", "relay", 4, port, map[string]string{
		"kici-orchestrator &": "KICI_PORT=" + port + " kici-orchestrator &", "kici-relay &": "KICI_DATA_DIR=$HOME/relay KICI_PORT=" + relay + " kici-relay &",
		"localhost:4000": "localhost:" + port, "localhost:4100": "localhost:" + relay,
	})
	if want := "http://127.0.0.1:" + relay + "/webhook/org_"; strings.Count(out, want) < 3 {
		t.Errorf("organisation, orchestrator and relay do not all say %q:\n%s", want, out)
	}
}

// free is a port that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// page runs the marked blocks of a page as one script and gives what they print.
func page(t *testing.T, name, mark string, least int, port string, replace map[string]string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^<!-- "+mark+" -->\n```bash\n(.*?)^```$").FindAllStringSubmatch(string(content), -1)
	if len(blocks) < least {
		t.Fatalf("only %d blocks are marked", len(blocks))
	}
	var script strings.Builder
	for _, b := range blocks {
		script.WriteString(b[1])
	}
	text := script.String()
	for from, to := range replace {
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
	return string(out)
}
