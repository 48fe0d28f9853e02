CREATE TABLE runs (
	id TEXT COLLATE "C" PRIMARY KEY, delivery_id TEXT COLLATE "C" NOT NULL, source_id TEXT COLLATE "C" NOT NULL, workflow_name TEXT COLLATE "C" NOT NULL,
	status TEXT COLLATE "C" NOT NULL, repo TEXT COLLATE "C" NOT NULL, ref TEXT COLLATE "C" NOT NULL, sha TEXT COLLATE "C" NOT NULL, provider TEXT COLLATE "C" NOT NULL,
	routing_key TEXT COLLATE "C" NOT NULL, trust_tier TEXT COLLATE "C" NOT NULL, sender TEXT COLLATE "C" NOT NULL, is_test_run BOOLEAN NOT NULL,
	parent_run_id TEXT COLLATE "C" NOT NULL, original_run_id TEXT COLLATE "C" NOT NULL, triggered_by TEXT COLLATE "C" NOT NULL, cancelled_by TEXT COLLATE "C" NOT NULL,
	reason TEXT COLLATE "C" NOT NULL, timeout BIGINT NOT NULL, created_at BIGINT NOT NULL, started_at BIGINT NOT NULL,
	finished_at BIGINT NOT NULL
);
CREATE INDEX runs_unfinished ON runs (id) WHERE status IN ('pending', 'running', 'held', 'cancelling');
CREATE INDEX runs_recent ON runs (created_at, id);
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at > 0;
CREATE INDEX runs_delivery ON runs (delivery_id);
CREATE INDEX runs_original ON runs (original_run_id) WHERE original_run_id <> '';

CREATE TABLE run_snapshots (
	run_id TEXT COLLATE "C" PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
	lock BYTEA NOT NULL, event BYTEA NOT NULL, plan BYTEA NOT NULL
);

CREATE TABLE jobs (
	id TEXT COLLATE "C" PRIMARY KEY, run_id TEXT COLLATE "C" NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name TEXT COLLATE "C" NOT NULL,
	base_name TEXT COLLATE "C" NOT NULL, group_name TEXT COLLATE "C" NOT NULL, place BIGINT NOT NULL, status TEXT COLLATE "C" NOT NULL,
	by_rule BOOLEAN NOT NULL, route TEXT COLLATE "C" NOT NULL, spec BYTEA NOT NULL, outputs BYTEA NOT NULL, reason TEXT COLLATE "C" NOT NULL,
	needs_satisfied BOOLEAN NOT NULL, ready_at BIGINT NOT NULL, created_at BIGINT NOT NULL, started_at BIGINT NOT NULL,
	finished_at BIGINT NOT NULL, UNIQUE (run_id, name)
);

CREATE TABLE job_needs (
	job_id TEXT COLLATE "C" NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, place BIGINT NOT NULL, upstream_name TEXT COLLATE "C" NOT NULL,
	run_on_failure BOOLEAN NOT NULL, PRIMARY KEY (job_id, place)
);

-- The outbox. run_id is no foreign key: some events belong to no run.
CREATE TABLE events (
	seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run_id TEXT COLLATE "C" NOT NULL, job_id TEXT COLLATE "C" NOT NULL, kind TEXT COLLATE "C" NOT NULL,
	data BYTEA NOT NULL, created_at BIGINT NOT NULL, done BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX events_run ON events (run_id, seq);
CREATE INDEX events_pending ON events (seq) WHERE NOT done;
