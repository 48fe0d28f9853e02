package standard_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kici-dev/kici-go/engine/provider/git"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/standard"
	"github.com/kici-dev/kici-go/kici/standard/database"
)

// The batteries make an orchestrator that serves every forge, and an agent.
func TestBatteries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, url := range []string{"", "sqlite:" + dir, "sqlite://" + filepath.Join(dir, "kici.db"), "sqlite::memory:", "postgres://u@localhost/db", "host=/tmp user=ci"} {
		options, err := standard.OrchestratorOptions(standard.Orchestrator{DataDir: dir, DatabaseURL: url})
		if err != nil {
			t.Errorf("%q: %v", url, err)
		}
		var sources []kici.SourceConfig
		for _, preset := range git.Presets() {
			if preset != git.Custom {
				sources = append(sources, kici.SourceConfig{Name: preset, Kind: preset, Config: []byte(`{"preset":"` + preset + `",
					"gitUrlTemplate":"https://git.example/{owner}/{name}.git","verificationMethod":"none"}`)})
			}
		}
		if _, err := kici.NewOrchestrator(kici.OrchestratorConfig{DataDir: dir, Sources: sources}, options...); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, url := range []string{"ws://h", "http://h:4000/base", "wss://h/ws", "https://h/"} {
		options, err := standard.AgentOptions(standard.Agent{URL: url})
		if err != nil {
			t.Errorf("%q: %v", url, err)
		}
		if _, err := kici.NewAgent(kici.AgentConfig{}, options...); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// Where migrations are run by hand, an orchestrator starts after that and not
// before.
func TestManualMigrations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() (*kici.Orchestrator, error) {
		options, err := standard.OrchestratorOptions(standard.Orchestrator{DataDir: dir, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return nil, err
		}
		return kici.NewOrchestrator(kici.OrchestratorConfig{DataDir: dir, ManualMigrations: true}, options...)
	}
	o, err := start()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Run(t.Context()); !errors.Is(err, kici.ErrOldSchema) || !strings.Contains(err.Error(), "0001_intake") {
		t.Fatal(err)
	}
	if _, err := database.Migrate(t.Context(), database.Config{DataDir: dir}, false); err != nil {
		t.Fatal(err)
	}
	if o, err = start(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() { <-o.Ready(); stop() }()
	if err := o.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestWrongBatteries(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"mysql://h/db", "sqlite:", "sqlite:/a/other.db", "nonsense"} {
		if _, err := standard.OrchestratorOptions(standard.Orchestrator{DataDir: t.TempDir(), DatabaseURL: url}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
	if _, err := standard.OrchestratorOptions(standard.Orchestrator{DataDir: "x", DatabaseURL: "mysql://h"}); !errors.Is(err, standard.ErrDatabaseURL) {
		t.Error(err)
	}
	if _, err := standard.OrchestratorOptions(standard.Orchestrator{}); err == nil {
		t.Error("no data folder is taken")
	}
	for _, url := range []string{"", "h:4000", "ftp://h", "::"} {
		if _, err := standard.AgentOptions(standard.Agent{URL: url}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
}
