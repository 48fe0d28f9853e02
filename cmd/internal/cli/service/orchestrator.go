package service

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/standard"
)

// Orchestrator is the main of kici-orchestrator.
func Orchestrator(state *cli.State) int {
	return program{
		table: orchestratorTable, check: checkOrchestrator, run: runOrchestrator,
		short: "Take webhooks in, decide what they start, and give the jobs to agents",
		intro: `kici-orchestrator takes deliveries of forges in, reads the lock file at their
commit, and gives the jobs that it starts to agents. Without any setting it listens
on port 4000 and keeps everything in an embedded database.`,
		example: `  kici-orchestrator
  KICI_BOOTSTRAP_ADMIN_TOKEN=$(openssl rand -hex 32) kici-orchestrator
  KICI_DATABASE_URL=postgres://kici@db/kici kici-orchestrator
  kici-orchestrator --config ./orchestrator.yaml`,
		rest: `
Paths: /webhook/ORG/KIND/SOURCE, /ws (agents), /health, /ready, /metrics, /api/v1.
SIGTERM stops it softly; what was accepted goes on when it starts again.
SIGHUP reads the file again: the log level changes at once, the rest is named.`,
	}.main(state)
}

func runOrchestrator(ctx context.Context, a *app) error {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	l, err := listen(ctx, a.s.text("KICI_HOST"), a.s.number("KICI_PORT"))
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // served until its end, or never
	cfg := a.orchestratorConfig()
	cfg.DataDir = dir
	if cfg.PublicURL == "" {
		_, port, _ := net.SplitHostPort(l.Addr().String())
		cfg.PublicURL = "http://127.0.0.1:" + port
	}
	options, err := standard.OrchestratorOptions(a.batteries(dir))
	if err != nil {
		return err
	}
	o, err := kici.NewOrchestrator(cfg, options...)
	if err != nil {
		return err
	}
	a.log.Info("listening", "address", l.Addr().String(), "url", cfg.PublicURL, "dataDir", dir, "version", cfg.Version, "adminApi", cfg.AdminToken != "")
	if cfg.AgentAuth == "none" {
		a.log.Warn("agents need no token (KICI_AGENT_AUTH=none): whoever reaches this port gets jobs and their secrets")
	}
	return a.run(ctx, o, l)
}

func checkOrchestrator(a *app) {
	a.orchestratorConfig()
	if _, err := standard.OrchestratorOptions(a.batteries(systemData)); err != nil {
		a.s.wrong("KICI_DATABASE_URL", "%s", strings.TrimPrefix(err.Error(), "standard: "))
	}
	if a.s.text("KICI_STORAGE_TYPE") == "s3" {
		a.s.warnings = append(a.s.warnings, "KICI_STORAGE_TYPE=s3 has no effect in this release: payloads and logs stay in the data folder")
	}
	a.checkMode()
}

// checkMode wants a relay for the modes that have one, and none for the one that
// has not: a relay that is named and not used is a mistake.
func (a *app) checkMode() {
	url, token := a.s.given("KICI_PLATFORM_URL"), a.s.given("KICI_PLATFORM_TOKEN")
	switch mode := a.mode(); {
	case mode == "independent" && (url || token):
		a.s.warnings = append(a.s.warnings, "KICI_PLATFORM_URL and KICI_PLATFORM_TOKEN have no effect with KICI_MODE=independent")
	case mode != "independent" && !(url && token):
		a.s.wrong("KICI_MODE", "%s needs KICI_PLATFORM_URL and KICI_PLATFORM_TOKEN", mode)
	}
	if token && !strings.HasPrefix(a.s.text("KICI_PLATFORM_TOKEN"), relayKeyPrefix) {
		a.s.wrong("KICI_PLATFORM_TOKEN", "is no orchestrator key: those begin with %s, and 'kici-admin orchestrator-key create' makes them at the relay", relayKeyPrefix)
	}
}

const relayKeyPrefix = "kici_ok_"

// mode is the one that was said; without a word it is platform with a relay, and
// independent without.
func (a *app) mode() string {
	if mode := a.s.text("KICI_MODE"); mode != "" {
		return mode
	}
	if a.s.given("KICI_PLATFORM_URL") {
		return "platform"
	}
	return "independent"
}

func (a *app) batteries(dir string) standard.Orchestrator {
	return standard.Orchestrator{
		DataDir: dir, DatabaseURL: a.s.text("KICI_DATABASE_URL"), DatabaseSchema: a.s.text("KICI_DATABASE_SCHEMA"),
		LockEntries: int(a.s.number("KICI_LOCKFILE_CACHE_MAX")), LockTTL: a.s.millis("KICI_LOCKFILE_CACHE_TTL_MS"),
		Environ: a.Environ(), Log: a.log,
	}
}

func (a *app) orchestratorConfig() kici.OrchestratorConfig {
	s := a.s
	c := kici.OrchestratorConfig{
		BasePath: s.text("KICI_BASE_PATH"), AgentAuth: s.text("KICI_AGENT_AUTH"),
		QueueTimeout: s.millis("KICI_QUEUE_TIMEOUT_MS"), GroupTimeout: s.millis("KICI_CONCURRENCY_WAIT_TIMEOUT_MS"),
		AckTimeout: s.millis("KICI_DISPATCH_ACK_TIMEOUT_MS"), Recovery: 2 * s.millis("KICI_AGENT_MAX_RECONNECT_DELAY_MS"),
		Stall: time.Duration(s.number("KICI_STALE_DETECTOR_THRESHOLD_MULTIPLIER")) * s.millis("KICI_JOB_HEARTBEAT_INTERVAL_MS"), SecretKey: a.secretKey(), Version: cli.ThisBuild().Version,
		ManualMigrations: !s.on("KICI_AUTO_MIGRATE"),
	}
	if c.QueueTimeout == 0 {
		c.QueueTimeout = kici.Forever
	}
	c.AdminToken = a.adminToken()
	if c.Mode = a.mode(); c.Mode != "independent" {
		c.RelayURL, c.RelayKey = s.text("KICI_PLATFORM_URL"), s.text("KICI_PLATFORM_TOKEN")
	}
	c.Instance, c.Cluster = s.text("KICI_CLUSTER_INSTANCE_ID"), s.text("KICI_CLUSTER_NAME")
	for _, name := range []string{"KICI_WEBHOOK_PUBLIC_URL", "KICI_STORAGE_FS_BASE_URL"} {
		if s.given(name) {
			c.PublicURL = strings.TrimSuffix(s.text(name), "/")
		}
	}
	if s.given("KICI_STORAGE_FS_PATH") {
		c.BlobDir = a.Path(s.text("KICI_STORAGE_FS_PATH"))
	}
	return c
}

const minAdminToken = 16

// adminToken opens the admin API, unless it is one that can be guessed.
func (a *app) adminToken() string {
	token := a.s.text("KICI_BOOTSTRAP_ADMIN_TOKEN")
	if n := len(token); n > 0 && n < minAdminToken {
		a.s.wrong("KICI_BOOTSTRAP_ADMIN_TOKEN", "has %d characters; at least %d cannot be guessed: openssl rand -hex 32", n, minAdminToken)
	}
	return token
}

// explain adds advice to what an operator can mend.
func (a *app) explain(err error) error {
	switch {
	case errors.Is(err, kici.ErrLocked):
		return &cli.HintedError{Err: err, Hint: "one orchestrator at a time uses an embedded database; several share a Postgres (KICI_DATABASE_URL)"}
	case errors.Is(err, kici.ErrOldSchema):
		return &cli.HintedError{Err: err, Hint: "'kici-admin migrate' runs them; KICI_AUTO_MIGRATE=true has the orchestrator do it"}
	case errors.Is(err, kici.ErrNewerSchema):
		return &cli.HintedError{Err: err, Hint: "use the release that migrated it, or a newer one"}
	}
	return err
}

// secretKey is 32 bytes, in either of two notations, or none.
func (a *app) secretKey() []byte {
	name, value := "KICI_SECRET_KEY", a.s.text("KICI_SECRET_KEY")
	if file := a.s.text("KICI_SECRET_KEY_FILE"); file != "" {
		if value != "" {
			a.s.wrong(name, "and KICI_SECRET_KEY_FILE are both set; keep one")
			return nil
		}
		name = "KICI_SECRET_KEY_FILE"
		content, there, err := a.Disk.Read(file)
		if err == nil && !there {
			err = errors.New("there is no such file")
		}
		if err != nil {
			a.s.wrong(name, "%s cannot be read: %v", file, err)
			return nil
		}
		value = strings.TrimSpace(content)
	}
	if value == "" {
		return nil
	}
	key, err := decodeKey(value)
	if err != nil {
		a.s.wrong(name, "%v", err)
	}
	return key
}

const keyBytes = 32

func decodeKey(text string) ([]byte, error) {
	if key, err := hex.DecodeString(text); err == nil && len(key) == keyBytes {
		return key, nil
	}
	if key, err := base64.StdEncoding.DecodeString(text); err == nil && len(key) == keyBytes {
		return key, nil
	}
	return nil, fmt.Errorf("is neither %d hexadecimal digits nor base64 of %d bytes: openssl rand -hex %d", 2*keyBytes, keyBytes, keyBytes)
}
