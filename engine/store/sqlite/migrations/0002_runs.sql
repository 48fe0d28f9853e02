CREATE TABLE runs (
	id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL, source_id TEXT NOT NULL, workflow_name TEXT NOT NULL,
	status TEXT NOT NULL, repo TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, provider TEXT NOT NULL,
	routing_key TEXT NOT NULL, trust_tier TEXT NOT NULL, sender TEXT NOT NULL, is_test_run INTEGER NOT NULL,
	parent_run_id TEXT NOT NULL, original_run_id TEXT NOT NULL, triggered_by TEXT NOT NULL, cancelled_by TEXT NOT NULL,
	reason TEXT NOT NULL, timeout INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_unfinished ON runs (id) WHERE status IN ('pending', 'running', 'held', 'cancelling');
CREATE INDEX runs_recent ON runs (created_at, id);
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at > 0;
CREATE INDEX runs_delivery ON runs (delivery_id);
CREATE INDEX runs_original ON runs (original_run_id) WHERE original_run_id <> '';

CREATE TABLE run_snapshots (
	run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
	lock BLOB NOT NULL, event BLOB NOT NULL, plan BLOB NOT NULL
) STRICT;

CREATE TABLE jobs (
	id TEXT PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name TEXT NOT NULL,
	base_name TEXT NOT NULL, group_name TEXT NOT NULL, place INTEGER NOT NULL, status TEXT NOT NULL,
	by_rule INTEGER NOT NULL, route TEXT NOT NULL, spec BLOB NOT NULL, outputs BLOB NOT NULL, reason TEXT NOT NULL,
	needs_satisfied INTEGER NOT NULL, ready_at INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL, UNIQUE (run_id, name)
) STRICT;

CREATE TABLE job_needs (
	job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, place INTEGER NOT NULL, upstream_name TEXT NOT NULL,
	run_on_failure INTEGER NOT NULL, PRIMARY KEY (job_id, place)
) STRICT;

-- The outbox. run_id is no foreign key: some events belong to no run.
CREATE TABLE events (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, job_id TEXT NOT NULL, kind TEXT NOT NULL,
	data BLOB NOT NULL, created_at INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX events_run ON events (run_id, seq);
CREATE INDEX events_pending ON events (seq) WHERE NOT done;
