-- What a delivery said besides its body, and the workflows that listen to events
-- which come from no commit: those of the default branch's last push.
ALTER TABLE event_log ADD COLUMN headers BLOB NOT NULL DEFAULT x'';
CREATE TABLE registrations (
	source_id TEXT NOT NULL, repo TEXT NOT NULL, ref TEXT NOT NULL, sha TEXT NOT NULL, provider TEXT NOT NULL,
	routing_key TEXT NOT NULL, lock BLOB NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (source_id, repo)
) STRICT;
