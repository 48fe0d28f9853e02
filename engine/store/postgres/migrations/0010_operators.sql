-- What operators and authors say: removed sources that can come back, keys of
-- authors, agents that take no more jobs, the name of the deployment.
ALTER TABLE sources ADD COLUMN deleted_at BIGINT NOT NULL DEFAULT 0;
CREATE TABLE api_keys (
	id TEXT COLLATE "C" PRIMARY KEY, label TEXT COLLATE "C" NOT NULL, prefix TEXT COLLATE "C" NOT NULL, hash BYTEA NOT NULL UNIQUE,
	routing_keys TEXT COLLATE "C" NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT NOT NULL, used_at BIGINT NOT NULL
);
CREATE TABLE agent_drains (agent_id TEXT COLLATE "C" PRIMARY KEY, since BIGINT NOT NULL);
CREATE TABLE cluster_meta (name TEXT COLLATE "C" PRIMARY KEY, value TEXT COLLATE "C" NOT NULL);
