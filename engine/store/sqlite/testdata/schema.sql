CREATE TABLE agent_drains (agent_id TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT;
CREATE TABLE agent_tokens (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, labels TEXT NOT NULL, created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, used_at INTEGER NOT NULL
) STRICT;
CREATE TABLE agents (
	id TEXT PRIMARY KEY, labels TEXT NOT NULL, platform TEXT NOT NULL, arch TEXT NOT NULL, version TEXT NOT NULL,
	hostname TEXT NOT NULL, slots INTEGER NOT NULL, scaled INTEGER NOT NULL, instance TEXT NOT NULL, generation INTEGER NOT NULL,
	connected_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, disconnected_at INTEGER NOT NULL
) STRICT;
CREATE TABLE api_keys (
	id TEXT PRIMARY KEY, label TEXT NOT NULL, prefix TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, routing_keys TEXT NOT NULL,
	created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, used_at INTEGER NOT NULL
) STRICT;
CREATE TABLE attempts (
	id TEXT PRIMARY KEY, job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, run_id TEXT NOT NULL,
	fence INTEGER NOT NULL, agent_id TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
	dispatched_at INTEGER NOT NULL, ack_deadline INTEGER NOT NULL, acked_at INTEGER NOT NULL, started_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, cancel TEXT NOT NULL DEFAULT '', UNIQUE (job_id, fence)
) STRICT;
CREATE INDEX attempts_ended ON attempts (ended_at, id) WHERE ended_at > 0;
CREATE INDEX attempts_open ON attempts (agent_id) WHERE ended_at = 0;
CREATE INDEX attempts_run ON attempts (run_id);
CREATE INDEX attempts_unacked ON attempts (ack_deadline) WHERE ended_at = 0 AND acked_at = 0;
CREATE TABLE cluster_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE cron_last_fired (schedule TEXT PRIMARY KEY, fired_at INTEGER NOT NULL) STRICT;
CREATE TABLE dedup_cache (dedup_key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
CREATE INDEX dedup_cache_expiry ON dedup_cache (expires_at);
CREATE TABLE dispatch_queue (
	place INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
	run_id TEXT NOT NULL, route TEXT NOT NULL, status TEXT NOT NULL, fence INTEGER NOT NULL, tries INTEGER NOT NULL,
	last_error TEXT NOT NULL, enqueued_at INTEGER NOT NULL, available_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX dispatch_queue_expiry ON dispatch_queue (expires_at) WHERE status = 'pending' AND expires_at > 0;
CREATE INDEX dispatch_queue_pending ON dispatch_queue (route, place) WHERE status = 'pending';
CREATE TABLE event_log (
	id TEXT PRIMARY KEY, source_id TEXT NOT NULL, delivery_key TEXT NOT NULL, routing_key TEXT NOT NULL,
	provider TEXT NOT NULL, event TEXT NOT NULL, action TEXT NOT NULL, repo TEXT NOT NULL, ref TEXT NOT NULL,
	sha TEXT NOT NULL, status TEXT NOT NULL, payload_size INTEGER NOT NULL, payload_hash TEXT NOT NULL,
	payload_omitted TEXT NOT NULL, matched INTEGER NOT NULL, error TEXT NOT NULL, trace BLOB NOT NULL,
	received_at INTEGER NOT NULL, processed_at INTEGER NOT NULL
, headers BLOB NOT NULL DEFAULT x'') STRICT;
CREATE INDEX event_log_open ON event_log (received_at, id) WHERE status = 'received';
CREATE INDEX event_log_recent ON event_log (received_at, id);
CREATE TABLE event_payloads (
	delivery_id TEXT PRIMARY KEY REFERENCES event_log (id) ON DELETE CASCADE, body BLOB NOT NULL
) STRICT;
CREATE TABLE events (
	seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, job_id TEXT NOT NULL, kind TEXT NOT NULL,
	data BLOB NOT NULL, created_at INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0
, dead TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX events_dead ON events (seq) WHERE dead <> '';
CREATE INDEX events_pending ON events (seq) WHERE NOT done;
CREATE INDEX events_run ON events (run_id, seq);
CREATE TABLE garbage (blob TEXT PRIMARY KEY) STRICT;
CREATE TABLE job_needs (
	job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, place INTEGER NOT NULL, upstream_name TEXT NOT NULL,
	run_on_failure INTEGER NOT NULL, PRIMARY KEY (job_id, place)
) STRICT;
CREATE TABLE jobs (
	id TEXT PRIMARY KEY, run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name TEXT NOT NULL,
	base_name TEXT NOT NULL, group_name TEXT NOT NULL, place INTEGER NOT NULL, status TEXT NOT NULL,
	by_rule INTEGER NOT NULL, route TEXT NOT NULL, spec BLOB NOT NULL, outputs BLOB NOT NULL, reason TEXT NOT NULL,
	needs_satisfied INTEGER NOT NULL, ready_at INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL, detail BLOB NOT NULL DEFAULT x'', secrets BLOB NOT NULL DEFAULT x'', concurrency_group TEXT NOT NULL DEFAULT '', UNIQUE (run_id, name)
) STRICT;
CREATE INDEX jobs_turn ON jobs (concurrency_group, ready_at, id)
	WHERE concurrency_group <> '' AND needs_satisfied AND status IN ('pending', 'queued', 'running', 'recovering', 'cancelling');
CREATE TABLE log_chunks (
	place INTEGER PRIMARY KEY AUTOINCREMENT, attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
	step_index INTEGER NOT NULL, first_line INTEGER NOT NULL, line_count INTEGER NOT NULL, seq INTEGER NOT NULL,
	byte_offset INTEGER NOT NULL, byte_count INTEGER NOT NULL, created_at INTEGER NOT NULL, data BLOB NOT NULL,
	UNIQUE (attempt_id, step_index, first_line)
) STRICT;
CREATE INDEX log_chunks_arrived ON log_chunks (attempt_id, place);
CREATE TABLE log_seals (
	attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index INTEGER NOT NULL, blob TEXT NOT NULL,
	byte_count INTEGER NOT NULL, line_count INTEGER NOT NULL, sealed_at INTEGER NOT NULL, seq INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (attempt_id, step_index)
) STRICT;
CREATE TABLE registrations (
	source_id TEXT NOT NULL, repo TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, provider TEXT NOT NULL,
	routing_key TEXT NOT NULL, lock BLOB NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (source_id, repo)
) STRICT;
CREATE TABLE relay_deliveries (
	id TEXT PRIMARY KEY, org_id TEXT NOT NULL, routing_key TEXT NOT NULL, sender_id TEXT NOT NULL, event TEXT NOT NULL, payload_size INTEGER NOT NULL,
	payload_hash TEXT NOT NULL, verdict TEXT NOT NULL, http_status INTEGER NOT NULL, seat_id TEXT NOT NULL, request_id TEXT NOT NULL,
	received_at INTEGER NOT NULL, answered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX relay_deliveries_age ON relay_deliveries (received_at);
CREATE INDEX relay_deliveries_recent ON relay_deliveries (org_id, received_at);
CREATE INDEX relay_deliveries_sender ON relay_deliveries (org_id, routing_key, sender_id) WHERE sender_id <> '';
CREATE TABLE relay_keys (
	id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES relay_orgs (id) ON DELETE CASCADE, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,
	prefix TEXT NOT NULL, patterns TEXT NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, used_at INTEGER NOT NULL
) STRICT;
CREATE TABLE relay_orgs (id TEXT PRIMARY KEY, alias TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL) STRICT;
CREATE TABLE relay_runs (
	org_id TEXT NOT NULL, run_id TEXT NOT NULL, part TEXT NOT NULL, status TEXT NOT NULL, data BLOB NOT NULL, updated_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, run_id, part)
) STRICT;
CREATE INDEX relay_runs_recent ON relay_runs (org_id, updated_at) WHERE part = '';
CREATE TABLE relay_seats (
	id TEXT PRIMARY KEY, org_id TEXT NOT NULL, key_id TEXT NOT NULL, relay TEXT NOT NULL, url TEXT NOT NULL, instance TEXT NOT NULL,
	cluster TEXT NOT NULL, version TEXT NOT NULL, mode TEXT NOT NULL, routing_keys TEXT NOT NULL, connected_at INTEGER NOT NULL, seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX relay_seats_org ON relay_seats (org_id);
CREATE INDEX relay_seats_relay ON relay_seats (relay);
CREATE TABLE relay_sources (
	org_id TEXT NOT NULL REFERENCES relay_orgs (id) ON DELETE CASCADE, routing_key TEXT NOT NULL, family TEXT NOT NULL, name TEXT NOT NULL,
	provider TEXT NOT NULL, subtype TEXT NOT NULL, cluster TEXT NOT NULL, registered_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, routing_key), UNIQUE (org_id, family, name)
) STRICT;
CREATE TABLE run_snapshots (
	run_id TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
	lock BLOB NOT NULL, event BLOB NOT NULL, plan BLOB NOT NULL
) STRICT;
CREATE TABLE runs (
	id TEXT PRIMARY KEY, delivery_id TEXT NOT NULL, source_id TEXT NOT NULL, workflow_name TEXT NOT NULL,
	status TEXT NOT NULL, repo TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, provider TEXT NOT NULL,
	routing_key TEXT NOT NULL, trust_tier TEXT NOT NULL, sender TEXT NOT NULL, is_test_run INTEGER NOT NULL,
	parent_run_id TEXT NOT NULL, original_run_id TEXT NOT NULL, triggered_by TEXT NOT NULL, cancelled_by TEXT NOT NULL,
	reason TEXT NOT NULL, timeout INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER NOT NULL,
	finished_at INTEGER NOT NULL
, concurrency_group TEXT NOT NULL DEFAULT '', waiting_since INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX runs_delivery ON runs (delivery_id);
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at > 0;
CREATE INDEX runs_group ON runs (concurrency_group, created_at, id)
	WHERE concurrency_group <> '' AND status IN ('pending', 'running', 'held', 'cancelling');
CREATE INDEX runs_original ON runs (original_run_id) WHERE original_run_id <> '';
CREATE INDEX runs_recent ON runs (created_at, id);
CREATE INDEX runs_repo ON runs (repo, created_at, id) WHERE length(repo) <= 500;
CREATE INDEX runs_status ON runs (status, created_at, id);
CREATE INDEX runs_unfinished ON runs (id) WHERE status IN ('pending', 'running', 'held', 'cancelling');
CREATE INDEX runs_workflow ON runs (workflow_name, created_at, id) WHERE length(workflow_name) <= 500;
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
CREATE TABLE sources (
	id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, routing_key TEXT NOT NULL,
	config BLOB NOT NULL, enabled INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
, deleted_at INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE steps (
	attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE, step_index INTEGER NOT NULL, kind TEXT NOT NULL,
	name TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL, data BLOB NOT NULL, log_bytes INTEGER NOT NULL,
	started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL, PRIMARY KEY (attempt_id, step_index, kind)
) STRICT;
