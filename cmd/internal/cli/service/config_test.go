package service

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// state is a process with nothing but these variables, in a folder of its own.
func state(t *testing.T, env map[string]string) (*cli.State, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	s := (&cli.State{
		Env: env, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out,
		Signals: func() (<-chan os.Signal, func()) { return nil, func() {} },
		Nudges:  func() (<-chan os.Signal, func()) { return nil, func() {} },
		Reloads: func() (<-chan os.Signal, func()) { return nil, func() {} },
	}).At(t.TempDir())
	return s, &out
}

// TestProblems: a case is variables, a line of dashes and a file; all that is
// wrong with both is said at once, each with its place.
func TestProblems(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob(filepath.Join("testdata", "*.config"))
	if err != nil || len(cases) < 5 {
		t.Fatal(cases, err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".config"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			variables, file, _ := strings.Cut(string(text), "---\n")
			env := map[string]string{}
			for line := range strings.Lines(variables) {
				name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				env[name] = value
			}
			p, table := program{check: checkOrchestrator}, orchestratorTable()
			switch name := filepath.Base(path); {
			case strings.HasPrefix(name, "agent"):
				p, table = program{check: checkAgent}, agentTable()
			case strings.HasPrefix(name, "relay"):
				p, table = program{check: checkRelay}, relayTable()
			}
			if table.File != "" && file != "" {
				env["KICI_CONFIG"] = "kici.yaml"
			}
			s, _ := state(t, env)
			if err := s.Disk.Write("kici.yaml", file, 0o600); err != nil {
				t.Fatal(err)
			}
			a := &app{State: s, table: table, s: table.load(s, "")}
			p.check(a)
			var got strings.Builder
			if err := table.configError(a.s); err != nil {
				fmt.Fprintf(&got, "%s\n", err)
			}
			for _, w := range a.s.warnings {
				fmt.Fprintf(&got, "warning: %s\n", w)
			}
			golden(t, strings.TrimSuffix(path, ".config")+".golden", got.String())
			if strings.Contains(got.String(), "s3cr3t") {
				t.Error("a secret is shown")
			}
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs.\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

// TestPrecedence: a variable wins over the file, the file over the default.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	s, _ := state(t, map[string]string{"KICI_PORT": "1", "KICI_SERVER_LOG_LEVEL": "debug", "KICI_LOG_FORMAT": ""})
	file := "server: {port: 2, basePath: /ci, logFormat: json}\nqueue: {timeoutMs: 5000}\nsecrets: ~\ncluster: {peers: [a, b]}\n"
	if err := s.Disk.Write("x.yaml", file, 0o600); err != nil {
		t.Fatal(err)
	}
	got := orchestratorTable().load(s, "x.yaml")
	for name, want := range map[string]string{
		"KICI_PORT": "1", "KICI_BASE_PATH": "/ci", "KICI_LOG_FORMAT": "json", "KICI_LOG_LEVEL": "debug", "KICI_QUEUE_TIMEOUT_MS": "5000",
		"KICI_AGENT_AUTH": "token", "KICI_SECRET_KEY": "", "KICI_CLUSTER_PEERS": "a,b",
	} {
		if got.text(name) != want {
			t.Errorf("%s is %q, want %q", name, got.text(name), want)
		}
	}
	if len(got.problems) > 0 {
		t.Error(got.problems)
	}
}

// TestTables: names and keys are each other's only ones, and defaults are right
// by their own rules.
func TestTables(t *testing.T) {
	t.Parallel()
	for _, table := range []*table{orchestratorTable(), agentTable(), relayTable()} {
		seen := map[string]bool{}
		for i := range table.Settings {
			d := &table.Settings[i]
			for _, name := range []string{d.Name, d.Twin, d.Key} {
				if name != "" && seen[name] {
					t.Errorf("%s: %s stands there twice", table.Service, name)
				}
				seen[name] = true
			}
			if d.Default != "" && d.check(d.Default) != "" {
				t.Errorf("%s: its default %s", d.Name, d.check(d.Default))
			}
			if !d.Idle && d.Help == "" {
				t.Errorf("%s: no help", d.Name)
			}
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*cli.State) int{"orchestrator": Orchestrator, "agent": Agent, "relay": Relay} {
		s, out := state(t, map[string]string{})
		s.Args = []string{"--help"}
		if code := run(s); code != 0 {
			t.Errorf("exit %d", code)
		}
		golden(t, filepath.Join("testdata", "help-"+name+".golden"), out.String())
	}
	s, out := state(t, map[string]string{})
	s.Args = []string{"--confg", "x"}
	if code := Orchestrator(s); code != cli.ExitUsage || !strings.Contains(out.String(), "--config") {
		t.Errorf("exit %d: %s", code, out)
	}
	s, out = state(t, map[string]string{})
	if code := Agent(s); code != cli.ExitUsage || !strings.Contains(out.String(), "KICI_ORCHESTRATOR_URL: is required") {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestSecretKeys(t *testing.T) {
	t.Parallel()
	good := map[string]string{"hex": strings.Repeat("0f", 32), "base64": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
	for _, name := range slices.Sorted(maps.Keys(good)) {
		if key, err := decodeKey(good[name]); err != nil || len(key) != 32 {
			t.Errorf("%s: %d bytes, %v", name, len(key), err)
		}
	}
	s, _ := state(t, map[string]string{"KICI_SECRET_KEY_FILE": "key"})
	if err := s.Disk.Write("key", good["hex"]+"\n", 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{State: s, table: orchestratorTable(), s: orchestratorTable().load(s, "")}
	if key := a.secretKey(); len(key) != 32 || len(a.s.problems) > 0 {
		t.Error(key, a.s.problems)
	}
}

// FuzzFile: whatever a file holds, it is read or complained about.
func FuzzFile(f *testing.F) {
	for _, text := range []string{"server: {port: 1}", "a: &a [*a]\nb: *a", "server: &s {basePath: *s}", "- 1", "? {a: b}\n: c", "server:\n\t- x", "%YAML 9\n---\n", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &settings{values: map[string]found{}}
		for key := range orchestratorTable().parse("f", text, s) {
			if key == "" {
				t.Error("a value without a key")
			}
		}
	})
}
