CREATE TABLE dispatch_queue (
	place INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
	run_id TEXT NOT NULL, route TEXT NOT NULL, status TEXT NOT NULL, fence INTEGER NOT NULL, tries INTEGER NOT NULL,
	last_error TEXT NOT NULL, enqueued_at INTEGER NOT NULL, available_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX dispatch_queue_pending ON dispatch_queue (route, place) WHERE status = 'pending';
CREATE INDEX dispatch_queue_expiry ON dispatch_queue (expires_at) WHERE status = 'pending' AND expires_at > 0;

CREATE TABLE attempts (
	id TEXT PRIMARY KEY, job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, run_id TEXT NOT NULL,
	fence INTEGER NOT NULL, agent_id TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
	dispatched_at INTEGER NOT NULL, ack_deadline INTEGER NOT NULL, acked_at INTEGER NOT NULL, started_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, UNIQUE (job_id, fence)
) STRICT;
CREATE INDEX attempts_run ON attempts (run_id);
CREATE INDEX attempts_open ON attempts (agent_id) WHERE ended_at = 0;
CREATE INDEX attempts_unacked ON attempts (ack_deadline) WHERE ended_at = 0 AND acked_at = 0;

CREATE TABLE steps (
	attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index INTEGER NOT NULL, kind TEXT NOT NULL,
	name TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, data BLOB NOT NULL, log_bytes INTEGER NOT NULL,
	started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL, PRIMARY KEY (attempt_id, step_index, kind)
) STRICT;

CREATE TABLE log_chunks (
	attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index INTEGER NOT NULL, seq INTEGER NOT NULL,
	line_count INTEGER NOT NULL, data BLOB NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (attempt_id, step_index, seq)
) STRICT;

CREATE TABLE log_seals (
	attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index INTEGER NOT NULL, blob TEXT NOT NULL,
	byte_count INTEGER NOT NULL, line_count INTEGER NOT NULL, sealed_at INTEGER NOT NULL, PRIMARY KEY (attempt_id, step_index)
) STRICT;

CREATE TABLE agents (
	id TEXT PRIMARY KEY, labels TEXT NOT NULL, platform TEXT NOT NULL, arch TEXT NOT NULL, version TEXT NOT NULL,
	hostname TEXT NOT NULL, slots INTEGER NOT NULL, scaled INTEGER NOT NULL, instance TEXT NOT NULL, generation INTEGER NOT NULL,
	connected_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, disconnected_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agent_tokens (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, labels TEXT NOT NULL, created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, used_at INTEGER NOT NULL
) STRICT;
