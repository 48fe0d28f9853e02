-- Jobs that take turns.
ALTER TABLE jobs ADD COLUMN concurrency_group TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX jobs_turn ON jobs (concurrency_group, ready_at, id)
	WHERE concurrency_group <> '' AND needs_satisfied AND status IN ('pending', 'queued', 'running', 'recovering', 'cancelling');
