package service

import "strings"

// maxTimer is a day: more is a mistake in the unit, and products of it stay times.
const maxTimer = 24 * 60 * 60 * 1000

// orchestratorTable is what an orchestrator can be told, in the order of --help.
func orchestratorTable() *table {
	t := &table{Service: "kici-orchestrator", File: "/etc/kici/orchestrator.yaml", Settings: []setting{
		{Name: "KICI_PORT", Twin: "KICI_SERVER_PORT", Key: "server.port", Default: "4000", Kind: number, Max: 65535, Help: "port of webhooks, agents and the admin API; 0 takes a free one"},
		{Name: "KICI_HOST", Key: "server.host", Help: "address to listen on; empty is all of them"},
		{Name: "KICI_BASE_PATH", Twin: "KICI_SERVER_BASE_PATH", Key: "server.basePath", Default: "/", Help: "what every path begins with, behind a proxy"},
		{Name: "KICI_WEBHOOK_PUBLIC_URL", Key: "server.publicUrl", Kind: address, Choices: []string{"http", "https"}, Help: "where agents and forges reach this orchestrator; http://127.0.0.1:PORT when empty"},
		{Name: "KICI_DATA_DIR", Key: "dataDir", Help: "folder of store, logs and keys; /var/lib/kici if that can be written, else ~/.local/state/kici"},
		{Name: "KICI_DATABASE_URL", Key: "database.url", Secret: true, Help: "postgres://… or sqlite:FOLDER; empty is SQLite in the data folder"},
		{Name: "KICI_DATABASE_SCHEMA", Key: "database.schema", Default: "kici", Help: "schema of this deployment on Postgres"},
		{Name: "KICI_AUTO_MIGRATE", Key: "autoMigrate", Default: "true", Kind: onOff, Help: "false to start only on a database that 'kici-admin migrate' has brought up to date"},
		{Name: "KICI_CLUSTER_NAME", Key: "cluster.name", Help: "name of the deployment, the first time it starts; 'kici-admin cluster-name set' changes it"},
		{Name: "KICI_SECRET_KEY", Key: "secrets.key", Secret: true, Help: "32 bytes, as 64 hexadecimal digits or base64; made and kept in the data folder when empty"},
		{Name: "KICI_SECRET_KEY_FILE", Key: "secrets.keyFile", Help: "file that holds the key instead"},
		{Name: "KICI_BOOTSTRAP_ADMIN_TOKEN", Key: "secrets.bootstrapAdminToken", Secret: true, Help: "opens the admin API, which kici-admin uses; without one there is none"},
		{Name: "KICI_AGENT_AUTH", Key: "agentAuth", Default: "token", Kind: choice, Choices: []string{"token", "none"}, Help: "token, or none to let any agent in"},
		{Name: "KICI_STORAGE_TYPE", Key: "storage.type", Kind: choice, Choices: []string{"filesystem", "s3"}, Help: "where payloads and logs lie; in the data folder when empty"},
		{Name: "KICI_STORAGE_FS_PATH", Twin: "KICI_STORAGE_PATH", Key: "storage.path", Help: "folder of the filesystem storage"},
		{Name: "KICI_STORAGE_FS_BASE_URL", Key: "storage.baseUrl", Kind: address, Choices: []string{"http", "https"}, Help: "address that agents fetch caches from, if it is another than the public one"},
		{Name: "KICI_QUEUE_TIMEOUT_MS", Key: "queue.timeoutMs", Default: "3600000", Kind: millis, Help: "of a job that no agent takes; 0 is never"},
		{Name: "KICI_CONCURRENCY_WAIT_TIMEOUT_MS", Key: "queue.concurrencyWaitTimeoutMs", Default: "3600000", Kind: millis, Min: 1, Help: "of a run that waits for its concurrency group"},
		{Name: "KICI_DISPATCH_ACK_TIMEOUT_MS", Key: "queue.dispatchAckTimeoutMs", Default: "10000", Kind: millis, Min: 1000, Help: "for an agent to acknowledge a job"},
		{Name: "KICI_AGENT_MAX_RECONNECT_DELAY_MS", Key: "agentMaxReconnectDelayMs", Default: "60000", Kind: millis, Min: 1, Max: maxTimer, Help: "of an agent; one that is gone for twice as long fails the jobs that it had begun"},
		{Name: "KICI_JOB_HEARTBEAT_INTERVAL_MS", Key: "staleDetector.heartbeatIntervalMs", Default: "60000", Kind: millis, Min: 1000, Max: maxTimer, Help: "between signs of life of a job; the agents' must be the same"},
		{Name: "KICI_STALE_DETECTOR_THRESHOLD_MULTIPLIER", Key: "staleDetector.thresholdMultiplier", Default: "2", Kind: number, Min: 1, Max: 1000, Help: "how many of them may be missed"},
		{Name: "KICI_LOCKFILE_CACHE_MAX", Key: "lockfileCache.max", Default: "500", Kind: number, Min: 1, Max: 1000000, Help: "lock files remembered by commit"},
		{Name: "KICI_LOCKFILE_CACHE_TTL_MS", Key: "lockfileCache.ttlMs", Default: "3600000", Kind: millis, Min: 1, Help: "how long"},
		{Name: "KICI_LOG_LEVEL", Twin: "KICI_SERVER_LOG_LEVEL", Key: "server.logLevel", Default: "info", Kind: choice, Choices: logLevels(), Help: "debug, info, warn or error"},
		{Name: "KICI_LOG_FORMAT", Key: "server.logFormat", Default: "auto", Kind: choice, Choices: logFormats(), Help: "plain, json, or auto: plain on a terminal"},
		{Name: "KICI_MODE", Twin: "KICI_INSTANCE_MODE", Key: "instance.mode", Kind: choice, Choices: []string{"independent", "hybrid", "platform"}, Help: "where deliveries come from: independent (senders), platform (a relay) or hybrid (both); platform with KICI_PLATFORM_URL, else independent"},
		{Name: "KICI_PLATFORM_URL", Key: "platform.url", Kind: address, Choices: []string{"wss", "https", "ws", "http"}, Help: "address of the relay, for the modes platform and hybrid"},
		{Name: "KICI_PLATFORM_TOKEN", Key: "platform.token", Secret: true, Help: "orchestrator key of an organisation at the relay, kici_ok_…"},
		{Name: "KICI_CLUSTER_INSTANCE_ID", Twin: "KICI_INSTANCE_ID", Key: "instance.id", Help: "name of this orchestrator at the relay; a random one when empty"},
	}}
	t.idle("KICI_SERVER_TLS_CERT_PATH", "server.tlsCertPath")
	for _, name := range []string{
		"KICI_AGENT_TOKEN_TTL_MS=3600000", "KICI_CACHE_BUILD_TIMEOUT_MS=600000",
		"KICI_CACHE_MAX_TARBALL_BYTES=524288000", "KICI_CACHE_TTL_DAYS=30", "KICI_DASHBOARD_URL", "KICI_MAX_FANOUT_HOSTS=1024", "KICI_PG_CUSTOMER_SECRETS=true",
		"KICI_ROSTER_GRACE_MS=300000", "KICI_ROSTER_TTL_MS=1800000", "KICI_USER_CACHE_QUOTA_BYTES=5368709120", "KICI_USER_CACHE_TTL_MS=604800000",
		"KICI_WEBHOOK_PAYLOAD_DIR", "KICI_WORKER_CONCURRENCY=5", "KICI_MACHINE_LEDGER_DIR", "KICI_SKIP_S3_SENTINEL_VALIDATION=false", "KICI_TEST_MODE=0",
		"KICI_TEST_EVENT_FAIL_FIRST_N", "KICI_NODE_ENV", "KICI_GITHUB_APP_NAME_REFRESH_INTERVAL_MS=86400000", "KICI_HOST_REBOOT_DEADLINE_MS=900000",
		"KICI_ORCHESTRATOR_HOST_AGENT_ID", "KICI_PROVENANCE_ISSUER", "KICI_SECRET_KEY_OLD", "KICI_SECRET_KEY_FILE_OLD",
	} {
		name, value, _ := strings.Cut(name, "=")
		t.idle(name+"="+value, camel(strings.TrimPrefix(name, "KICI_")))
	}
	t.group("platform", "KICI_PLATFORM_", "INSTANCE_ID")
	t.group("storage", "KICI_STORAGE_", "BUCKET", "REGION", "ENDPOINT", "EXTERNAL_ENDPOINT", "UPLOAD_ENDPOINT", "LOG_BUCKET", "FORCE_PATH_STYLE", "PREFIX")
	t.group("scaler", "KICI_SCALER_", "CONFIG_DIR", "CONFIG_PATH")
	t.group("queue", "KICI_QUEUE_", "MAX_DEPTH=1000", "BACKPRESSURE_THRESHOLD=100")
	t.group("eventLog", "KICI_EVENT_LOG_", "MAX_PAYLOAD_BYTES=5242880")
	t.group("staleDetector", "KICI_STALE_DETECTOR_", "SCAN_INTERVAL_MS=60000")
	t.group("eventRouter", "KICI_EVENT_ROUTER_", "CLEANUP_INTERVAL_MS=3600000", "EVENT_TTL_SECONDS=604800", "LEASE_DURATION_MS=60000", "MAX_CHAIN_DEPTH=10",
		"MAX_DISPATCH_ATTEMPTS=5", "RATE_LIMIT_PER_WORKFLOW_PER_MINUTE=100", "RETRY_BASE_BACKOFF_MS=5000", "RETRY_MAX_BACKOFF_MS=300000", "RETRY_SCAN_INTERVAL_MS=10000")
	t.group("cluster", "KICI_CLUSTER_", "ADDRESS", "PEERS", "JOIN_TOKEN", "TRUSTED_PROXIES", "COORDINATOR_URL", "COORDINATOR_URLS", "CREDENTIAL_FILE",
		"AUTO_ROTATE_CREDENTIALS=false", "ELECTION_GRACE_PERIOD_MS=60000", "PEER_HEARTBEAT_INTERVAL_MS=30000", "PEER_MAX_RECONNECT_DELAY_MS=60000",
		"PEER_STALE_TIMEOUT_MS=60000", "RAFT_ELECTION_TIMEOUT_MIN_MS=5000", "RAFT_ELECTION_TIMEOUT_MAX_MS=10000", "RAFT_HEARTBEAT_MS=2000", "ROLE=coordinator", "SINGLE_NODE=false")
	t.logFiles()
	return t
}

// logFiles are settings of logs in files, which a service manager keeps.
func (t *table) logFiles() {
	t.group("log", "KICI_LOG_", "DIR", "MAX_SIZE=500m", "RETENTION_DAYS=7")
}

// group adds settings that have no effect yet, "NAME" or "NAME=default", below
// one key of the file.
func (t *table) group(key, prefix string, names ...string) {
	for _, n := range names {
		name, _, _ := strings.Cut(n, "=")
		t.idle(prefix+n, key+"."+camel(name))
	}
}

// idle adds one: "NAME", "NAME=default" or "NAME TWIN".
func (t *table) idle(words, key string) {
	words, value, _ := strings.Cut(words, "=")
	name, twin, _ := strings.Cut(words, " ")
	s := setting{Name: name, Twin: twin, Key: key, Default: value, Idle: true, Secret: strings.Contains(name, "TOKEN") || strings.Contains(name, "SECRET")}
	if strings.HasSuffix(name, "PEERS") || strings.HasSuffix(name, "URLS") || strings.HasSuffix(name, "PROXIES") {
		s.Kind = list
	}
	t.Settings = append(t.Settings, s)
}

// camel turns FORCE_PATH_STYLE into forcePathStyle.
func camel(name string) string {
	var b strings.Builder
	for i, word := range strings.Split(strings.ToLower(name), "_") {
		if i > 0 && word != "" {
			word = strings.ToUpper(word[:1]) + word[1:]
		}
		b.WriteString(word)
	}
	return b.String()
}
