-- When each schedule fired last.
CREATE TABLE cron_last_fired (schedule TEXT PRIMARY KEY, fired_at INTEGER NOT NULL) STRICT;

-- Why an event was given up. What nobody acts on is done from the start, as is
-- all that was written before anybody did.
ALTER TABLE events ADD COLUMN dead TEXT NOT NULL DEFAULT '';
CREATE INDEX events_dead ON events (seq) WHERE dead <> '';
UPDATE events SET done = TRUE WHERE NOT done;
