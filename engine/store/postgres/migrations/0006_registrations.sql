-- What a delivery said besides its body, and the workflows that listen to events
-- which come from no commit: those of the default branch's last push.
ALTER TABLE event_log ADD COLUMN headers BYTEA NOT NULL DEFAULT '';
CREATE TABLE registrations (
	source_id TEXT COLLATE "C" NOT NULL, repo TEXT COLLATE "C" NOT NULL, ref TEXT COLLATE "C" NOT NULL, sha TEXT COLLATE "C" NOT NULL,
	provider TEXT COLLATE "C" NOT NULL, routing_key TEXT COLLATE "C" NOT NULL, lock BYTEA NOT NULL, updated_at BIGINT NOT NULL,
	PRIMARY KEY (source_id, repo)
);
