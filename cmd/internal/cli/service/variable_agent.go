package service

// agentTable is what an agent can be told, in the order of --help. An agent has
// no file: it is told little, and often by whoever made its machine.
func agentTable() *table {
	t := &table{Service: "kici-agent", Settings: []setting{
		{Name: "KICI_ORCHESTRATOR_URL", Kind: address, Choices: []string{"ws", "wss", "http", "https"}, Help: "where the orchestrator is, ws://ci.example.org:4000 (required)"},
		{Name: "KICI_AGENT_TOKEN", Secret: true, Help: "kat_…, as 'kici-admin agent register' printed it"},
		{Name: "KICI_GITHUB_TOKEN", Secret: true, Help: "clones from github.com what the orchestrator has no credential for"},
		{Name: "KICI_AGENT_ID", Help: "the agent's name, the same in every life of it; the host's name when empty"},
		{Name: "KICI_LABELS", Default: "default", Kind: list, Help: "labels that jobs ask for in runsOn, separated by commas"},
		{Name: "KICI_ROLES", Default: "all", Kind: list, Help: "which preparing jobs it does: builder, init-runner, all, or none"},
		{Name: "KICI_SLOTS", Default: "1", Kind: number, Min: 1, Max: 1000, Help: "jobs at once"},
		{Name: "KICI_DATA_DIR", Help: "folder of work trees and caches; 'agent' in /var/lib/kici if that can be written, else in ~/.local/state/kici"},
		{Name: "KICI_PORT", Default: "8080", Kind: number, Max: 65535, Help: "port of /health and /ready; 0 takes a free one"},
		{Name: "KICI_HOST", Help: "address to listen on; empty is all of them"},
		{Name: "KICI_DEFAULT_STEP_TIMEOUT_MS", Default: "1800000", Kind: millis, Min: 1, Help: "of steps that set none"},
		{Name: "KICI_MAX_LOG_SIZE_BYTES", Default: "10485760", Kind: number, Min: 1, Help: "stored of a step's log"},
		{Name: "KICI_BACKPRESSURE_MODE", Default: "pause", Kind: choice, Choices: []string{"pause", "drop"}, Help: "what becomes of log lines that are too many for the connection: the job waits, or they are dropped and counted"},
		{Name: "KICI_JOB_HEARTBEAT_INTERVAL_MS", Default: "60000", Kind: millis, Min: 1000, Max: maxTimer, Help: "between signs of life of a job; as the orchestrator has it"},
		{Name: "KICI_DOCKER_KEEP_FAILED", Default: "false", Kind: onOff, Help: "leave the container of a failed job behind"},
		{Name: "KICI_LOG_LEVEL", Twin: "KICI_SERVER_LOG_LEVEL", Default: "info", Kind: choice, Choices: logLevels(), Help: "debug, info, warn or error"},
		{Name: "KICI_LOG_FORMAT", Default: "auto", Kind: choice, Choices: logFormats(), Help: "plain, json, or auto: plain on a terminal"},
		{Name: "KICI_EXECUTION_MODE", Default: "bare-metal", Kind: choice, Choices: []string{"container", "bare-metal", "firecracker"}, Idle: true},
		{Name: "KICI_SANDBOX", Default: "false", Kind: onOff, Idle: true},
		{Name: "KICI_SANDBOX_NETWORK", Default: "isolated", Kind: choice, Choices: []string{"isolated", "host"}, Idle: true},
		{Name: "KICI_SCALER_IDLE_TIMEOUT", Default: "5000", Kind: millis, Idle: true},
		{Name: "KICI_SCALER_PENDING_DISPATCH_TIMEOUT", Default: "60000", Kind: millis, Idle: true},
	}}
	for _, name := range []string{"KICI_SCALER_MANAGED", "KICI_PROPERTIES", "KICI_AGENT_IS_ORCHESTRATOR_HOST", "KICI_CONCURRENCY_WAIT_TIMEOUT_MS=3600000"} {
		t.idle(name, "")
	}
	t.logFiles()
	return t
}
