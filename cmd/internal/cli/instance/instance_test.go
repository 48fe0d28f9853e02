package instance

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

// bench is a machine whose init system does what the test says.
type bench struct {
	*Host
	t       *testing.T
	ran     []string
	answers map[string]string // what a command line prints
	fails   map[string]bool
	out     bytes.Buffer
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, answers: map[string]string{"systemctl --version": "systemd 257 (257.1)\n"}, fails: map[string]bool{}}
	b.Host = &Host{State: (&cli.State{OS: "linux", User: 1000, Env: map[string]string{"HOME": t.TempDir()}, Stdout: &b.out, Stderr: io.Discard}).At(t.TempDir())}
	b.Exec = func(_ string, _ []string, stdout, _ io.Writer, name string, args ...string) error {
		line := strings.Join(append([]string{name}, args...), " ")
		if strings.HasSuffix(line, "--version") && name != "systemctl" { // one of ours: its content is its version
			content, err := os.ReadFile(name)
			if err == nil {
				_, err = stdout.Write(content)
			}
			return err
		}
		b.ran = append(b.ran, line)
		io.WriteString(stdout, b.answers[line])
		if b.fails[line] {
			return errors.New("exit status 1")
		}
		return nil
	}
	return b
}

// program is a binary of a version.
func (b *bench) program(version string) string {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "kici-x")
	if err := os.WriteFile(path, []byte(version+"\n"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) read(path string) string {
	b.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) want(lines ...string) {
	b.t.Helper()
	if !slices.Equal(b.ran, lines) {
		b.t.Errorf("ran\n  %s\nwant\n  %s", strings.Join(b.ran, "\n  "), strings.Join(lines, "\n  "))
	}
	b.ran = nil
}

func usage(t *testing.T, err error, text string) {
	t.Helper()
	var u *cli.UsageError
	if !errors.As(err, &u) || !strings.Contains(u.Message+" "+u.Hint, text) {
		t.Errorf("got %v, want a usage error with %q", err, text)
	}
}

// A life of a service: installed, found, looked at, upgraded, back, gone.
func TestLife(t *testing.T) {
	t.Parallel()
	b := setup(t)
	agent := Programs()["agent"]
	home := b.Env["HOME"]
	_, err := b.Find(agent, Target{})
	if err == nil || !strings.Contains(cli.Hint(err), "agent install") {
		t.Error(err)
	}
	done, err := b.Install(agent, Install{Binary: b.program("1.0.0"), Settings: map[string]string{"KICI_AGENT_TOKEN": "kat 'x'"}})
	b.must(err)
	b.want("systemctl --version", "systemctl --user daemon-reload", "systemctl --user enable kici-agent", "systemctl --user restart kici-agent", "loginctl enable-linger")
	if done.Token != "" || done.Version != "1.0.0" || b.read(done.command()) != "1.0.0\n" {
		t.Errorf("%+v", done)
	}
	settings := b.read(done.EnvFile)
	if info, err := os.Stat(done.EnvFile); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(settings, `KICI_AGENT_TOKEN='kat '"'"'x'"'"''`) || !strings.Contains(settings, "KICI_DATA_DIR="+done.DataDir) {
		t.Errorf("%v %s", err, settings)
	}
	if unit := b.read(filepath.Join(home, ".config", "systemd", "user", "kici-agent.service")); !strings.Contains(unit, "X-KiCI-InstanceDir="+done.Dir) || !strings.Contains(unit, "RestartSteps=3") {
		t.Error(unit)
	}
	_, err = b.Install(agent, Install{Binary: b.program("1.0.0")})
	usage(t, err, "upgrade")

	i, err := b.Find(agent, Target{})
	b.must(err)
	b.answers["systemctl --user show kici-agent --property=ActiveState,SubState,MainPID,NRestarts,ActiveEnterTimestamp"] = "ActiveState=active\nSubState=running\nMainPID=42\nNRestarts=2\nActiveEnterTimestamp=Mon 2026-01-05\n"
	s, err := b.Status(i)
	if err != nil || !s.Running || s.PID != 42 || s.Restarts != 2 || s.State != "active (running)" || s.Since != "Mon 2026-01-05" {
		t.Errorf("%+v %v", s, err)
	}
	for _, verb := range []string{Start, Stop, Restart} {
		b.ran = nil
		b.must(b.Control(i, verb))
		b.want("systemctl --user " + verb + " kici-agent")
	}

	b.must(b.Upgrade(i, Upgrade{From: b.program("1.1.0")}))
	b.want("systemctl --user stop kici-agent", "systemctl --user start kici-agent")
	if b.read(i.command()) != "1.1.0\n" || i.Previous != "1.0.0" {
		t.Errorf("%+v", i)
	}
	usage(t, b.Upgrade(i, Upgrade{From: b.program("1.1.0")}), "--force")
	b.must(b.Upgrade(i, Upgrade{From: b.program("1.2.0"), Cleanup: true}))
	if versions, err := b.Disk.List(filepath.Join(i.Base, "versions")); err != nil || !slices.Equal(versions, []string{"1.1.0", "1.2.0"}) {
		t.Error(versions, err)
	}
	b.must(b.Upgrade(i, Upgrade{Rollback: true}))
	if again, err := b.Find(agent, Target{Name: "kici-agent"}); err != nil || again.Version != "1.1.0" || again.Previous != "1.2.0" || b.read(i.command()) != "1.1.0\n" {
		t.Errorf("%+v %v", again, err)
	}

	b.ran = nil
	b.must(b.Uninstall(i))
	b.want("systemctl --user disable --now kici-agent", "systemctl --user daemon-reload")
	if b.Disk.Has(i.Unit) || !b.Disk.Has(i.EnvFile) || !b.Disk.Has(filepath.Join(i.Dir, ".kici-agent.json")) {
		t.Error("settings are to stay, the unit is to go")
	}
}

// A version that does not start is taken back.
func TestUpgradeThatFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := Programs()["orchestrator"]
	done, err := b.Install(p, Install{Binary: b.program("1.0.0")})
	b.must(err)
	if len(done.Token) != 64 || !strings.Contains(b.read(done.EnvFile), "KICI_BOOTSTRAP_ADMIN_TOKEN="+done.Token) {
		t.Errorf("%+v", done)
	}
	i := &done.Instance
	b.fails["systemctl --user start kici-orchestrator"] = true
	if err := b.Upgrade(i, Upgrade{From: b.program("2.0.0")}); err == nil || !strings.Contains(err.Error(), "2.0.0 does not start; 1.0.0 was started again") {
		t.Error(err)
	}
	if again, err := b.Find(p, Target{}); err != nil || again.Version != "1.0.0" || b.read(i.command()) != "1.0.0\n" {
		t.Errorf("%+v %v", again, err)
	}
	// Installed again, its settings stay.
	settings := b.read(i.EnvFile)
	again, err := b.Install(p, Install{Binary: b.program("1.0.1"), Force: true})
	if err != nil || again.Token != "" || b.read(i.EnvFile) != settings {
		t.Errorf("%+v %v", again, err)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := Programs()["relay"]
	for _, name := range []string{"one", "two"} {
		_, err := b.Install(p, Install{Target: Target{Name: name}, Binary: b.program("1.0.0")})
		b.must(err)
	}
	_, err := b.Find(p, Target{})
	usage(t, err, "one, two")
	_, err = b.Find(p, Target{Name: "three"})
	usage(t, err, "one, two")
	one, err := b.Find(p, Target{Name: "one"})
	b.must(err)
	if i, err := b.Find(p, Target{Dir: one.Dir}); err != nil || i.Name != "one" {
		t.Error(i, err)
	}
	b.At(one.Dir)
	if i, err := b.Find(p, Target{}); err != nil || i.Name != "one" {
		t.Error(i, err)
	}
	if _, err := b.Find(Programs()["agent"], Target{Dir: one.Dir}); err == nil {
		t.Error("a relay is taken for an agent")
	}
}

func TestWrongInstalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, here := Programs()["agent"], b.program("1.0.0")
	install := func(q Install) error {
		_, err := b.Install(p, q)
		return err
	}
	usage(t, install(Install{}), "--binary")
	usage(t, install(Install{Binary: "/nowhere"}), "/nowhere")
	usage(t, install(Install{Binary: here, Platform: "windows"}), "compose")
	usage(t, install(Install{Binary: here, Target: Target{Name: "A b"}}), "lower-case")
	usage(t, install(Install{Binary: here, RunAs: "ci"}), "runs as you")
	usage(t, install(Install{Binary: here, Target: Target{System: true}, RunAs: "ci"}), "root")
	usage(t, install(Install{Binary: here, Target: Target{System: true}}), "--run-as")
	usage(t, install(Install{Binary: here, EnvFile: "/nowhere"}), "/nowhere")
	usage(t, install(Install{Binary: here, Settings: map[string]string{"A": "x\ny"}}), "more than one line")
	if err := install(Install{Binary: b.program("../..")}); err == nil {
		t.Error("a version that is a path was taken")
	}
	if b.Disk.Has(filepath.Join(b.Env["HOME"], ".config")) || len(b.ran) != 0 {
		t.Error("something was changed", b.ran)
	}
}

// Units are what systemd understands, with nothing to complain about.
func TestUnitsVerify(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("systemd-analyze is not installed")
	}
	release := setup(t)
	out, err := exec.Command(analyze, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	release.answers["systemctl --version"] = string(out)
	for name, p := range Programs() {
		for _, runAs := range []string{"", "root"} {
			for _, system := range []bool{true, false} {
				dir := t.TempDir()
				i := &Instance{Program: name, Name: p.Binary, Platform: Systemd, System: system, RunAs: runAs, Dir: dir + "/a b", EnvFile: dir + "/x.env", Base: dir + "/with space"}
				b := setup(t)
				b.must(b.Disk.Write(i.command(), "#!/bin/sh\n", 0o755))
				b.must(b.Disk.Write(i.EnvFile, "", 0o600))
				unit := filepath.Join(dir, p.Binary+".service")
				b.must(b.Disk.Write(unit, i.unit(release.release(i)), 0o644))
				args := []string{"verify", "--man=no", "--recursive-errors=no", unit}
				if out, err := exec.Command(analyze, args...).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
					t.Errorf("%s, system %v, as %q: %v\n%s\n%s", name, system, runAs, err, out, i.unit(release.release(i)))
				}
			}
		}
	}
}

func TestLaunchd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.OS, b.User = "darwin", 501
	b.Env["HOME"] = filepath.Join(b.Env["HOME"], "a & b")
	done, err := b.Install(Programs()["agent"], Install{Binary: b.program("1.0.0")})
	b.must(err)
	i := &done.Instance
	b.want("launchctl bootout gui/501/dev.kici.kici-agent", "launchctl bootstrap gui/501 "+i.Unit)
	if plist := b.read(i.Unit); !strings.Contains(plist, "a &amp; b") || !strings.Contains(plist, "<string>dev.kici.kici-agent</string>") {
		t.Error(plist)
	}
	b.answers["launchctl print gui/501/dev.kici.kici-agent"] = "{\n\tstate = running\n\tpid = 7\n}\n"
	if s, err := b.Status(i); err != nil || !s.Running || s.PID != 7 {
		t.Errorf("%+v %v", s, err)
	}
	b.ran = nil
	b.must(b.Control(i, Start))
	b.must(b.Control(i, Restart))
	b.must(b.Control(i, Stop))
	b.want("launchctl print gui/501/dev.kici.kici-agent", "launchctl kickstart gui/501/dev.kici.kici-agent", "launchctl kickstart -k gui/501/dev.kici.kici-agent", "launchctl bootout gui/501/dev.kici.kici-agent")
	b.fails["launchctl print gui/501/dev.kici.kici-agent"] = true
	if s, err := b.Status(i); err != nil || s.Running || s.State != "not loaded" {
		t.Errorf("%+v %v", s, err)
	}
	b.ran = nil
	b.must(b.Control(i, Start))
	b.want("launchctl print gui/501/dev.kici.kici-agent", "launchctl bootstrap gui/501 "+i.Unit)
	b.must(b.Uninstall(i))
	if b.Disk.Has(i.Unit) {
		t.Error("the job is still there")
	}
}

func TestLogs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	done, err := b.Install(Programs()["agent"], Install{Binary: b.program("1.0.0")})
	b.must(err)
	i := &done.Instance
	b.answers["journalctl --user-unit kici-agent --output cat --quiet"] = `{"timestamp":"2026-01-02T03:04:05Z","level":"info","message":"ready","service":"agent"}
panic: no JSON
{"timestamp":"2026-01-02T03:04:06Z","level":"warn","message":"slow","job":"j1"}`
	b.must(b.Logs(i, Logs{Level: "warn"}))
	if got := b.out.String(); got != "panic: no JSON\n2026-01-02T03:04:06Z WARN  slow {\"job\":\"j1\"}\n" {
		t.Error(got)
	}
	b.out.Reset()
	b.must(b.Logs(i, Logs{Raw: true}))
	if got := b.out.String(); !strings.HasPrefix(got, `{"timestamp":"2026-01-02T03:04:05Z"`) || strings.Count(got, "\n") != 3 {
		t.Error(got)
	}
	usage(t, b.Logs(i, Logs{Level: "loud"}), "loud")
	usage(t, b.Logs(i, Logs{Since: "yesterday"}), "yesterday")
	b.ran = nil
	b.must(b.Logs(i, Logs{Since: "2026-01-02T03:04:05Z", Follow: true}))
	b.want("journalctl --user-unit kici-agent --output cat --quiet --since 2026-01-02 03:04:05 UTC --follow")
	i.Platform = Launchd
	b.answers["tail -n +1 "+i.logFile()] = `{"timestamp":"2026-01-01T00:00:00Z","level":"info","message":"old"}` + "\n"
	b.out.Reset()
	b.must(b.Logs(i, Logs{Since: "2026-01-02"}))
	if b.out.Len() != 0 {
		t.Error(&b.out)
	}
}
