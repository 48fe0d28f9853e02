CREATE TABLE dispatch_queue (
	place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
	run_id TEXT COLLATE "C" NOT NULL, route TEXT COLLATE "C" NOT NULL, status TEXT COLLATE "C" NOT NULL, fence BIGINT NOT NULL, tries BIGINT NOT NULL,
	last_error TEXT COLLATE "C" NOT NULL, enqueued_at BIGINT NOT NULL, available_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
);
CREATE INDEX dispatch_queue_pending ON dispatch_queue (route, place) WHERE status = 'pending';
CREATE INDEX dispatch_queue_expiry ON dispatch_queue (expires_at) WHERE status = 'pending' AND expires_at > 0;

CREATE TABLE attempts (
	id TEXT COLLATE "C" PRIMARY KEY, job_id TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, run_id TEXT COLLATE "C" NOT NULL,
	fence BIGINT NOT NULL, agent_id TEXT COLLATE "C" NOT NULL, status TEXT COLLATE "C" NOT NULL, reason TEXT COLLATE "C" NOT NULL,
	dispatched_at BIGINT NOT NULL, ack_deadline BIGINT NOT NULL, acked_at BIGINT NOT NULL, started_at BIGINT NOT NULL,
	seen_at BIGINT NOT NULL, ended_at BIGINT NOT NULL, UNIQUE (job_id, fence)
);
CREATE INDEX attempts_run ON attempts (run_id);
CREATE INDEX attempts_open ON attempts (agent_id) WHERE ended_at = 0;
CREATE INDEX attempts_unacked ON attempts (ack_deadline) WHERE ended_at = 0 AND acked_at = 0;

CREATE TABLE steps (
	attempt_id TEXT COLLATE "C" NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index BIGINT NOT NULL, kind TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL, status TEXT COLLATE "C" NOT NULL, error TEXT COLLATE "C" NOT NULL, data BYTEA NOT NULL, log_bytes BIGINT NOT NULL,
	started_at BIGINT NOT NULL, finished_at BIGINT NOT NULL, PRIMARY KEY (attempt_id, step_index, kind)
);

CREATE TABLE log_chunks (
	attempt_id TEXT COLLATE "C" NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index BIGINT NOT NULL, seq BIGINT NOT NULL,
	line_count BIGINT NOT NULL, data BYTEA NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (attempt_id, step_index, seq)
);

CREATE TABLE log_seals (
	attempt_id TEXT COLLATE "C" NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index BIGINT NOT NULL, blob TEXT COLLATE "C" NOT NULL,
	byte_count BIGINT NOT NULL, line_count BIGINT NOT NULL, sealed_at BIGINT NOT NULL, PRIMARY KEY (attempt_id, step_index)
);

CREATE TABLE agents (
	id TEXT COLLATE "C" PRIMARY KEY, labels TEXT COLLATE "C" NOT NULL, platform TEXT COLLATE "C" NOT NULL, arch TEXT COLLATE "C" NOT NULL, version TEXT COLLATE "C" NOT NULL,
	hostname TEXT COLLATE "C" NOT NULL, slots BIGINT NOT NULL, scaled BOOLEAN NOT NULL, instance TEXT COLLATE "C" NOT NULL, generation BIGINT NOT NULL,
	connected_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, disconnected_at BIGINT NOT NULL
);

CREATE TABLE agent_tokens (
	id TEXT COLLATE "C" PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, hash BYTEA NOT NULL UNIQUE, labels TEXT COLLATE "C" NOT NULL, created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL, revoked_at BIGINT NOT NULL, used_at BIGINT NOT NULL
);
