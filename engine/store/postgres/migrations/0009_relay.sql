-- What relays remember: never a payload, and of keys only hashes.
CREATE TABLE relay_orgs (id TEXT COLLATE "C" PRIMARY KEY, alias TEXT COLLATE "C" NOT NULL UNIQUE, name TEXT COLLATE "C" NOT NULL UNIQUE, created_at BIGINT NOT NULL);

CREATE TABLE relay_keys (
	id TEXT COLLATE "C" PRIMARY KEY, org_id TEXT COLLATE "C" NOT NULL REFERENCES relay_orgs (id) ON DELETE CASCADE, name TEXT COLLATE "C" NOT NULL, hash BYTEA NOT NULL UNIQUE,
	prefix TEXT COLLATE "C" NOT NULL, patterns TEXT COLLATE "C" NOT NULL, created_at BIGINT NOT NULL, revoked_at BIGINT NOT NULL, used_at BIGINT NOT NULL
);

CREATE TABLE relay_sources (
	org_id TEXT COLLATE "C" NOT NULL REFERENCES relay_orgs (id) ON DELETE CASCADE, routing_key TEXT COLLATE "C" NOT NULL, family TEXT COLLATE "C" NOT NULL, name TEXT COLLATE "C" NOT NULL,
	provider TEXT COLLATE "C" NOT NULL, subtype TEXT COLLATE "C" NOT NULL, cluster TEXT COLLATE "C" NOT NULL, registered_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, routing_key), UNIQUE (org_id, family, name)
);

CREATE TABLE relay_seats (
	id TEXT COLLATE "C" PRIMARY KEY, org_id TEXT COLLATE "C" NOT NULL, key_id TEXT COLLATE "C" NOT NULL, relay TEXT COLLATE "C" NOT NULL, url TEXT COLLATE "C" NOT NULL, instance TEXT COLLATE "C" NOT NULL,
	cluster TEXT COLLATE "C" NOT NULL, version TEXT COLLATE "C" NOT NULL, mode TEXT COLLATE "C" NOT NULL, routing_keys TEXT COLLATE "C" NOT NULL, connected_at BIGINT NOT NULL, seen_at BIGINT NOT NULL
);
CREATE INDEX relay_seats_org ON relay_seats (org_id);
CREATE INDEX relay_seats_relay ON relay_seats (relay);

CREATE TABLE relay_deliveries (
	id TEXT COLLATE "C" PRIMARY KEY, org_id TEXT COLLATE "C" NOT NULL, routing_key TEXT COLLATE "C" NOT NULL, sender_id TEXT COLLATE "C" NOT NULL, event TEXT COLLATE "C" NOT NULL, payload_size BIGINT NOT NULL,
	payload_hash TEXT COLLATE "C" NOT NULL, verdict TEXT COLLATE "C" NOT NULL, http_status BIGINT NOT NULL, seat_id TEXT COLLATE "C" NOT NULL, request_id TEXT COLLATE "C" NOT NULL,
	received_at BIGINT NOT NULL, answered_at BIGINT NOT NULL
);
CREATE INDEX relay_deliveries_recent ON relay_deliveries (org_id, received_at);
CREATE INDEX relay_deliveries_age ON relay_deliveries (received_at);
CREATE INDEX relay_deliveries_sender ON relay_deliveries (org_id, routing_key, sender_id) WHERE sender_id <> '';

CREATE TABLE relay_runs (
	org_id TEXT COLLATE "C" NOT NULL, run_id TEXT COLLATE "C" NOT NULL, part TEXT COLLATE "C" NOT NULL, status TEXT COLLATE "C" NOT NULL, data BYTEA NOT NULL, updated_at BIGINT NOT NULL,
	PRIMARY KEY (org_id, run_id, part)
);
CREATE INDEX relay_runs_recent ON relay_runs (org_id, updated_at) WHERE part = '';
