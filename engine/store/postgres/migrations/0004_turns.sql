-- Concurrency groups, requested cancellations, and what a job left behind.
ALTER TABLE runs ADD COLUMN concurrency_group TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN waiting_since BIGINT NOT NULL DEFAULT 0;
CREATE INDEX runs_group ON runs (concurrency_group, created_at, id)
	WHERE concurrency_group <> '' AND status IN ('pending', 'running', 'held', 'cancelling');
ALTER TABLE jobs ADD COLUMN detail BYTEA NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN secrets BYTEA NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN cancel TEXT COLLATE "C" NOT NULL DEFAULT '';
