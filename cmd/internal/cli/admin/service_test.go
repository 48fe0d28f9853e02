package admin

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// Services are installed, looked at, upgraded and taken away by commands, on an
// init system that the test plays.
func TestServices(t *testing.T) {
	t.Parallel()
	c := setup(t)
	delete(c.state.Env, "KICI_ADMIN_TOKEN") // none is needed
	c.state.OS, c.state.User, c.state.Env["HOME"] = "linux", 1000, t.TempDir()
	active := "active"
	c.state.Exec = func(_ string, _ []string, stdout, _ io.Writer, name string, args ...string) error {
		switch line := name + " " + strings.Join(args, " "); {
		case strings.HasSuffix(name, "kici-agent") || strings.HasSuffix(name, "download"):
			io.WriteString(stdout, map[bool]string{true: "1.0.0\n", false: "1.1.0\n"}[!strings.HasSuffix(name, "download")])
		case strings.Contains(line, " show "):
			io.WriteString(stdout, "ActiveState="+active+"\nSubState=running\n")
		case name == "journalctl":
			io.WriteString(stdout, `{"level":"info","message":"ready"}`+"\n")
		}
		return nil
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "kici-agent"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	c.state.Env["PATH"] = dir
	contains(t, c.run(1, "agent", "status"), "no agent is installed here")
	contains(t, c.run(0, "agent", "install", "--orchestrator-url", "wss://ci.example.org", "--token", "env:SECRET", "--labels", "linux"), "kici-agent 1.0.0 is installed", "settings")
	settings, err := os.ReadFile(filepath.Join(c.state.Env["HOME"], ".config", "kici", "kici-agent", "kici-agent.env"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(settings), "KICI_AGENT_TOKEN=from-env", "KICI_LABELS=linux", "KICI_ORCHESTRATOR_URL=wss://ci.example.org")
	contains(t, c.run(0, "agent", "status"), "active (running)", "version 1.0.0")
	contains(t, c.run(0, "agent", "status", "--json"), `"running": true`)
	active = "failed"
	c.run(1, "agent", "status")
	contains(t, c.run(0, "agent", "restart"), "is started again")
	contains(t, c.run(0, "agent", "logs", "--no-follow"), "INFO  ready")
	contains(t, c.run(0, "agent", "logs", "--no-follow", "--json"), `"message":"ready"`)
	contains(t, c.run(cli.ExitUsage, "agent", "upgrade"), "nothing to upgrade to")
	contains(t, c.run(cli.ExitUsage, "agent", "upgrade", "--rollback"), "wants a confirmation")
	contains(t, c.run(cli.ExitUsage, "agent", "upgrade", "--rollback", "--yes"), "no version before")
	contains(t, c.run(cli.ExitUsage, "agent", "upgrade", "--from", "x", "--url", "y"), "three ways")
	c.answers["GET /download"] = "binary"
	c.state.Env["KICI_ADMIN_TOKEN"] = "tok"
	contains(t, c.run(1, "agent", "upgrade", "--url", c.state.Env["KICI_ADMIN_URL"]+"/download/{version}", "--version", "1.1.0", "--yes"), "/download/1.1.0 answers with status 401")
	contains(t, c.run(0, "agent", "uninstall"), "no service any more")
	for _, name := range []string{"orchestrator", "relay"} {
		contains(t, c.run(cli.ExitUsage, name, "install"), "kici-"+name+" was not found")
	}
}
