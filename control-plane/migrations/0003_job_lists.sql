-- Lists of jobs, newest first, are the primary key read backwards: the index of its own only cost writes.
DROP INDEX job_newest;
-- Pruning by age.
CREATE INDEX idempotency_key_at ON idempotency_key (created_at);
