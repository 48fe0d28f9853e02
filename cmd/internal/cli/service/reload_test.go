package service

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
)

// A file that is read again changes the level of the log at once; what else is new
// in it is named, without its value, and what is wrong changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	s, _ := state(t, map[string]string{"KICI_CONFIG": "kici.yaml", "KICI_PORT": "4001"})
	write := func(text string) {
		t.Helper()
		if err := s.Disk.Write("kici.yaml", text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("server:\n  logLevel: warn\n")
	var out bytes.Buffer
	p, table := program{check: checkOrchestrator}, orchestratorTable()
	a := &app{State: s, table: table, s: table.load(s, "")}
	a.level.Set(levelOf(a.s))
	a.log = newLogger(&out, a.s, &a.level, table.Service, false)
	now := a.s
	for _, c := range []struct {
		file  string
		level slog.Level
		wants []string
	}{
		{"server:\n  logLevel: debug\n  port: 4002\n", slog.LevelDebug, []string{"the settings were read again"}}, // the variable of the port wins
		{"server:\n  logLevel: loud\n", slog.LevelDebug, []string{"nothing was changed", "kici.yaml:2: server.logLevel"}},
		{"queue:\n  timeoutMs: 1000\nsecrets:\n  key: " + strings.Repeat("ab", 32) + "\n", slog.LevelInfo, []string{`"settings":["KICI_QUEUE_TIMEOUT_MS","KICI_SECRET_KEY"]`}},
		{"queue:\n  timeoutMs: 1000\nsecrets:\n  key: " + strings.Repeat("ab", 32) + "\n", slog.LevelInfo, nil}, // said once
	} {
		out.Reset()
		write(c.file)
		now = p.reload(a, "", now)
		if a.level.Level() != c.level {
			t.Errorf("%q: the level is %v", c.file, a.level.Level())
		}
		for _, want := range c.wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q: lacks %q:\n%s", c.file, want, out.String())
			}
		}
		if strings.Contains(out.String(), "abab") || c.wants == nil && strings.Contains(out.String(), "started again") {
			t.Errorf("%q: %s", c.file, out.String())
		}
	}
}

// Signals that come together are one, and the end of the service is the end of
// listening.
func TestReloading(t *testing.T) {
	t.Parallel()
	s, _ := state(t, map[string]string{"KICI_CONFIG": "kici.yaml"})
	signals, quiet := make(chan os.Signal, 1), make(chan struct{})
	s.Reloads = func() (<-chan os.Signal, func()) { return signals, func() { close(quiet) } }
	if err := s.Disk.Write("kici.yaml", "", 0o600); err != nil {
		t.Fatal(err)
	}
	table := orchestratorTable()
	checked, enough := make(chan struct{}), make(chan struct{})
	p := program{check: func(*app) {
		select {
		case checked <- struct{}{}:
		case <-enough:
		}
	}}
	a := &app{State: s, table: table, s: table.load(s, ""), log: slog.New(slog.DiscardHandler)}
	ctx, stop := context.WithCancel(t.Context())
	over := p.reloading(ctx, a, "")
	signals <- os.Interrupt
	signals <- os.Interrupt // taken once the first has been, and forgotten
	<-checked
	signals <- os.Interrupt
	<-checked
	close(enough)
	stop()
	<-over
	<-quiet
}
