-- Policies of a job: retries, time limits, concurrency keys that several jobs may hold, dead letters.

-- NULL: no retry policy, no limit of time. They stand on the wide row: only an ending, a refusal or a lease reads them.
ALTER TABLE job
  ADD COLUMN retry jsonb,
  ADD COLUMN timeout_ms bigint CHECK (timeout_ms > 0),
  ADD COLUMN attempt_timeout_ms bigint CHECK (attempt_timeout_ms > 0),
  -- How many jobs may hold its concurrency key beside it, itself included.
  ADD COLUMN concurrency_limit integer NOT NULL DEFAULT 1 CHECK (concurrency_limit BETWEEN 1 AND 1000),
  -- Why nobody tries it again; NULL when it is no dead letter, or one that a person has purged.
  ADD COLUMN dead_letter text CHECK (dead_letter IN ('permanent', 'ambiguous', 'exhausted'));
-- The list of dead letters, newest job first; it costs the jobs that never failed nothing.
CREATE INDEX job_dead_letter ON job (tenant_id, id DESC) WHERE dead_letter IS NOT NULL;

-- Why this attempt failed: the job's own row has the last error only.
ALTER TABLE job_attempt ADD COLUMN error jsonb;

-- When the attempt has had its time; NULL when nothing limits it. For the sweep: few.
ALTER TABLE job_lease ADD COLUMN due_at timestamptz;
CREATE INDEX job_lease_due ON job_lease (due_at) WHERE due_at IS NOT NULL;

-- Several jobs may hold a key. `key_limit` is what the holder (or the waiting job) allows; the smallest one counts.
ALTER TABLE job_key ADD COLUMN key_limit integer NOT NULL DEFAULT 1;
ALTER TABLE job_key DROP CONSTRAINT job_key_pkey;
ALTER TABLE job_key ADD PRIMARY KEY (tenant_id, concurrency_key, job_id);
ALTER TABLE job_waiting ADD COLUMN key_limit integer NOT NULL DEFAULT 1;
-- The first of those that wait for a key, key by key.
DROP INDEX job_waiting_key;
CREATE INDEX job_waiting_key ON job_waiting (tenant_id, concurrency_key, rank, job_id)
  WHERE concurrency_key IS NOT NULL;
