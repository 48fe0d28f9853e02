package service

// relayTable is what a relay can be told, in the order of --help.
func relayTable() *table {
	t := &table{Service: "kici-relay", File: "/etc/kici/relay.yaml", Settings: []setting{
		{Name: "KICI_PORT", Twin: "KICI_SERVER_PORT", Key: "server.port", Default: "4100", Kind: number, Max: 65535, Help: "port of webhooks, orchestrators and the admin API; 0 takes a free one"},
		{Name: "KICI_HOST", Key: "server.host", Help: "address to listen on; empty is all of them"},
		{Name: "KICI_BASE_PATH", Twin: "KICI_SERVER_BASE_PATH", Key: "server.basePath", Default: "/", Help: "what every path begins with, behind a proxy"},
		{Name: "KICI_WEBHOOK_PUBLIC_URL", Key: "server.publicUrl", Kind: address, Choices: []string{"http", "https"}, Help: "where senders reach this relay; http://127.0.0.1:PORT when empty"},
		{Name: "KICI_RELAY_ADVERTISED_URL", Key: "relay.advertisedUrl", Kind: address, Choices: []string{"http", "https"}, Help: "where the other relays of the same database reach this one; needs KICI_SECRET_KEY"},
		{Name: "KICI_PLATFORM_INSTANCE_ID", Key: "instance.id", Help: "name of this relay in its logs"},
		{Name: "KICI_DATA_DIR", Key: "dataDir", Help: "folder of the store; /var/lib/kici-relay if that can be written, else ~/.local/state/kici-relay"},
		{Name: "KICI_DATABASE_URL", Key: "database.url", Secret: true, Help: "postgres://… (which several relays share) or sqlite:FOLDER; empty is SQLite in the data folder"},
		{Name: "KICI_DATABASE_SCHEMA", Key: "database.schema", Default: "kici_relay", Help: "schema of this deployment on Postgres"},
		{Name: "KICI_SECRET_KEY", Key: "secrets.key", Secret: true, Help: "32 bytes, as 64 hexadecimal digits or base64, that relays of one database share"},
		{Name: "KICI_SECRET_KEY_FILE", Key: "secrets.keyFile", Help: "file that holds the key instead"},
		{Name: "KICI_BOOTSTRAP_ADMIN_TOKEN", Key: "secrets.bootstrapAdminToken", Secret: true, Help: "opens the admin API, which kici-admin uses; without one there is none"},
		{Name: "KICI_LOG_LEVEL", Twin: "KICI_SERVER_LOG_LEVEL", Key: "server.logLevel", Default: "info", Kind: choice, Choices: logLevels(), Help: "debug, info, warn or error"},
		{Name: "KICI_LOG_FORMAT", Key: "server.logFormat", Default: "auto", Kind: choice, Choices: logFormats(), Help: "plain, json, or auto: plain on a terminal"},
	}}
	t.logFiles()
	return t
}
