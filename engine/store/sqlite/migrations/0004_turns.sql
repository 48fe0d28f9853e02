-- Concurrency groups, requested cancellations, and what a job left behind.
ALTER TABLE runs ADD COLUMN concurrency_group TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN waiting_since INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_group ON runs (concurrency_group, created_at, id)
	WHERE concurrency_group <> '' AND status IN ('pending', 'running', 'held', 'cancelling');
ALTER TABLE jobs ADD COLUMN detail BLOB NOT NULL DEFAULT x'';
ALTER TABLE jobs ADD COLUMN secrets BLOB NOT NULL DEFAULT x'';
ALTER TABLE attempts ADD COLUMN cancel TEXT NOT NULL DEFAULT '';
