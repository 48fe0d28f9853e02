-- Lists of runs by what is asked for, newest first, however many there are. A name
-- may be longer than an index can hold; then the list is slow.
CREATE INDEX runs_status ON runs (status, created_at, id);
CREATE INDEX runs_workflow ON runs (workflow_name, created_at, id) WHERE length(workflow_name) <= 500;
CREATE INDEX runs_repo ON runs (repo, created_at, id) WHERE length(repo) <= 500;
