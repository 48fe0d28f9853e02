package service

import (
	"context"
	"net"
	"strings"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/standard"
)

// Relay is the main of kici-relay.
func Relay(state *cli.State) int {
	return program{
		table: relayTable, check: checkRelay, run: runRelay,
		short: "Take webhooks for orchestrators that nobody can reach, and hand them over",
		intro: `kici-relay takes deliveries of forges and hands each to an orchestrator that has
connected to it. It stores what a delivery was (size, hash, verdict) and never what
was in it, and knows no secret of a source. Without any setting it listens on port
4100 and keeps everything in an embedded database.`,
		example: `  KICI_BOOTSTRAP_ADMIN_TOKEN=$(openssl rand -hex 32) kici-relay
  KICI_DATABASE_URL=postgres://kici@db/kici KICI_SECRET_KEY_FILE=/etc/kici/relay.key \
      KICI_RELAY_ADVERTISED_URL=http://10.0.0.7:4100 kici-relay
  kici-relay --config ./relay.yaml`,
		rest: `
Paths: /webhook/ORG/github, /webhook/ORG/generic/SOURCE, /ws (orchestrators), /health,
/ready, /api/v1/admin. SIGTERM lets deliveries under way be answered.
SIGHUP reads the file again: the log level changes at once, the rest is named.`,
	}.main(state)
}

const systemRelayData = "/var/lib/kici-relay"

func runRelay(ctx context.Context, a *app) error {
	if name := a.s.text("KICI_PLATFORM_INSTANCE_ID"); name != "" {
		a.log = a.log.With("instance", name)
	}
	dir, err := a.folder(systemRelayData, "kici-relay")
	if err != nil {
		return err
	}
	l, err := listen(ctx, a.s.text("KICI_HOST"), a.s.number("KICI_PORT"))
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // served until its end, or never
	cfg := a.relayConfig()
	cfg.DataDir = dir
	if cfg.PublicURL == "" {
		_, port, _ := net.SplitHostPort(l.Addr().String())
		cfg.PublicURL = "http://127.0.0.1:" + port
	}
	options, err := standard.RelayOptions(a.relayBatteries(dir))
	if err != nil {
		return err
	}
	r, err := kici.NewRelay(cfg, options...)
	if err != nil {
		return err
	}
	a.log.Info("listening", "address", l.Addr().String(), "url", cfg.PublicURL, "dataDir", dir, "version", cfg.Version, "adminApi", cfg.AdminToken != "", "advertised", cfg.AdvertisedURL)
	return a.run(ctx, r, l)
}

func checkRelay(a *app) {
	cfg := a.relayConfig()
	if _, err := standard.RelayOptions(a.relayBatteries(systemRelayData)); err != nil {
		a.s.wrong("KICI_DATABASE_URL", "%s", strings.TrimPrefix(err.Error(), "standard: "))
	}
	if cfg.AdvertisedURL != "" && !a.s.given("KICI_SECRET_KEY") && !a.s.given("KICI_SECRET_KEY_FILE") {
		a.s.wrong("KICI_RELAY_ADVERTISED_URL", "needs KICI_SECRET_KEY, the same for all relays of the database: openssl rand -hex %d", keyBytes)
	}
}

func (a *app) relayBatteries(dir string) standard.Relay {
	return standard.Relay{DataDir: dir, DatabaseURL: a.s.text("KICI_DATABASE_URL"), DatabaseSchema: a.s.text("KICI_DATABASE_SCHEMA"), Log: a.log}
}

func (a *app) relayConfig() kici.RelayConfig {
	s := a.s
	c := kici.RelayConfig{
		BasePath: s.text("KICI_BASE_PATH"), AdminToken: a.adminToken(), PublicURL: strings.TrimSuffix(s.text("KICI_WEBHOOK_PUBLIC_URL"), "/"),
		AdvertisedURL: strings.TrimSuffix(s.text("KICI_RELAY_ADVERTISED_URL"), "/"), SecretKey: a.secretKey(), Version: cli.ThisBuild().Version,
	}
	return c
}
