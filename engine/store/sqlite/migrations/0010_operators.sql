-- What operators and authors say: removed sources that can come back, keys of
-- authors, agents that take no more jobs, the name of the deployment.
ALTER TABLE sources ADD COLUMN deleted_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE api_keys (
	id TEXT PRIMARY KEY, label TEXT NOT NULL, prefix TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, routing_keys TEXT NOT NULL,
	created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL, used_at INTEGER NOT NULL
) STRICT;
CREATE TABLE agent_drains (agent_id TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT;
CREATE TABLE cluster_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
