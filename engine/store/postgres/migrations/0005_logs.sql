-- Chunks are kept by line and carry what a reader needs to find one. No release
-- has written any before.
DROP TABLE log_chunks;
CREATE TABLE log_chunks (
	place BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, attempt_id TEXT COLLATE "C" NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
	step_index BIGINT NOT NULL, first_line BIGINT NOT NULL, line_count BIGINT NOT NULL, seq BIGINT NOT NULL,
	byte_offset BIGINT NOT NULL, byte_count BIGINT NOT NULL, created_at BIGINT NOT NULL, data BYTEA NOT NULL,
	UNIQUE (attempt_id, step_index, first_line)
);
ALTER TABLE log_chunks ALTER COLUMN data SET STORAGE EXTERNAL; -- it comes compressed
CREATE INDEX log_chunks_arrived ON log_chunks (attempt_id, place);
ALTER TABLE log_seals ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX attempts_ended ON attempts (ended_at, id) WHERE ended_at > 0;

-- Blobs that nothing refers to any more.
CREATE TABLE garbage (blob TEXT COLLATE "C" PRIMARY KEY);
