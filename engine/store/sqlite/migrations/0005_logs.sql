-- Chunks are kept by line and carry what a reader needs to find one. No release
-- has written any before.
DROP TABLE log_chunks;
CREATE TABLE log_chunks (
	place INTEGER PRIMARY KEY AUTOINCREMENT, attempt_id TEXT NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
	step_index INTEGER NOT NULL, first_line INTEGER NOT NULL, line_count INTEGER NOT NULL, seq INTEGER NOT NULL,
	byte_offset INTEGER NOT NULL, byte_count INTEGER NOT NULL, created_at INTEGER NOT NULL, data BLOB NOT NULL,
	UNIQUE (attempt_id, step_index, first_line)
) STRICT;
CREATE INDEX log_chunks_arrived ON log_chunks (attempt_id, place);
ALTER TABLE log_seals ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attempts_ended ON attempts (ended_at, id) WHERE ended_at > 0;

-- Blobs that nothing refers to any more.
CREATE TABLE garbage (blob TEXT PRIMARY KEY) STRICT;
