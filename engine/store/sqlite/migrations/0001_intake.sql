CREATE TABLE sources (
	id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, routing_key TEXT NOT NULL,
	config BLOB NOT NULL, enabled INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE dedup_cache (dedup_key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
CREATE INDEX dedup_cache_expiry ON dedup_cache (expires_at);

CREATE TABLE event_log (
	id TEXT PRIMARY KEY, source_id TEXT NOT NULL, delivery_key TEXT NOT NULL, routing_key TEXT NOT NULL,
	provider TEXT NOT NULL, event TEXT NOT NULL, action TEXT NOT NULL, repo TEXT NOT NULL, ref TEXT NOT NULL,
	sha TEXT NOT NULL, status TEXT NOT NULL, payload_size INTEGER NOT NULL, payload_hash TEXT NOT NULL,
	payload_omitted TEXT NOT NULL, matched INTEGER NOT NULL, error TEXT NOT NULL, trace BLOB NOT NULL,
	received_at INTEGER NOT NULL, processed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX event_log_open ON event_log (received_at, id) WHERE status = 'received';
CREATE INDEX event_log_recent ON event_log (received_at, id);

-- Apart from the log, so that listing it does not read bodies.
CREATE TABLE event_payloads (
	delivery_id TEXT PRIMARY KEY REFERENCES event_log (id) ON DELETE CASCADE, body BLOB NOT NULL
) STRICT;
