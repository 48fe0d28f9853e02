-- What relays remember: never a payload, and of keys only hashes.
CREATE TABLE relay_orgs (id TEXT PRIMARY KEY, alias TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL) STRICT;

CREATE TABLE relay_keys (
	id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES relay_orgs (id) ON DELETE CASCADE, name TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,
	prefix TEXT NOT NULL, patterns TEXT NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, used_at INTEGER NOT NULL
) STRICT;

CREATE TABLE relay_sources (
	org_id TEXT NOT NULL REFERENCES relay_orgs (id) ON DELETE CASCADE, routing_key TEXT NOT NULL, family TEXT NOT NULL, name TEXT NOT NULL,
	provider TEXT NOT NULL, subtype TEXT NOT NULL, cluster TEXT NOT NULL, registered_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, routing_key), UNIQUE (org_id, family, name)
) STRICT;

CREATE TABLE relay_seats (
	id TEXT PRIMARY KEY, org_id TEXT NOT NULL, key_id TEXT NOT NULL, relay TEXT NOT NULL, url TEXT NOT NULL, instance TEXT NOT NULL,
	cluster TEXT NOT NULL, version TEXT NOT NULL, mode TEXT NOT NULL, routing_keys TEXT NOT NULL, connected_at INTEGER NOT NULL, seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX relay_seats_org ON relay_seats (org_id);
CREATE INDEX relay_seats_relay ON relay_seats (relay);

CREATE TABLE relay_deliveries (
	id TEXT PRIMARY KEY, org_id TEXT NOT NULL, routing_key TEXT NOT NULL, sender_id TEXT NOT NULL, event TEXT NOT NULL, payload_size INTEGER NOT NULL,
	payload_hash TEXT NOT NULL, verdict TEXT NOT NULL, http_status INTEGER NOT NULL, seat_id TEXT NOT NULL, request_id TEXT NOT NULL,
	received_at INTEGER NOT NULL, answered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX relay_deliveries_recent ON relay_deliveries (org_id, received_at);
CREATE INDEX relay_deliveries_age ON relay_deliveries (received_at);
CREATE INDEX relay_deliveries_sender ON relay_deliveries (org_id, routing_key, sender_id) WHERE sender_id <> '';

CREATE TABLE relay_runs (
	org_id TEXT NOT NULL, run_id TEXT NOT NULL, part TEXT NOT NULL, status TEXT NOT NULL, data BLOB NOT NULL, updated_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, run_id, part)
) STRICT;
CREATE INDEX relay_runs_recent ON relay_runs (org_id, updated_at) WHERE part = '';
