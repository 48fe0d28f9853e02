CREATE TABLE sources (
	id TEXT COLLATE "C" PRIMARY KEY, name TEXT COLLATE "C" NOT NULL UNIQUE, kind TEXT COLLATE "C" NOT NULL, routing_key TEXT COLLATE "C" NOT NULL,
	config BYTEA NOT NULL, enabled BOOLEAN NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
);

CREATE TABLE dedup_cache (dedup_key TEXT COLLATE "C" PRIMARY KEY, expires_at BIGINT NOT NULL);
CREATE INDEX dedup_cache_expiry ON dedup_cache (expires_at);

CREATE TABLE event_log (
	id TEXT COLLATE "C" PRIMARY KEY, source_id TEXT COLLATE "C" NOT NULL, delivery_key TEXT COLLATE "C" NOT NULL, routing_key TEXT COLLATE "C" NOT NULL,
	provider TEXT COLLATE "C" NOT NULL, event TEXT COLLATE "C" NOT NULL, action TEXT COLLATE "C" NOT NULL, repo TEXT COLLATE "C" NOT NULL, ref TEXT COLLATE "C" NOT NULL,
	sha TEXT COLLATE "C" NOT NULL, status TEXT COLLATE "C" NOT NULL, payload_size BIGINT NOT NULL, payload_hash TEXT COLLATE "C" NOT NULL,
	payload_omitted TEXT COLLATE "C" NOT NULL, matched BIGINT NOT NULL, error TEXT COLLATE "C" NOT NULL, trace BYTEA NOT NULL,
	received_at BIGINT NOT NULL, processed_at BIGINT NOT NULL
);
CREATE INDEX event_log_open ON event_log (received_at, id) WHERE status = 'received';
CREATE INDEX event_log_recent ON event_log (received_at, id);

-- Apart from the log, so that listing it does not read bodies.
CREATE TABLE event_payloads (
	delivery_id TEXT COLLATE "C" PRIMARY KEY REFERENCES event_log (id) ON DELETE CASCADE, body BYTEA NOT NULL
);
