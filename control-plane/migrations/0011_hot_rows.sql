-- Jobs that come and go quickly cost little: their rows are changed in place, and an attempt is written once.

-- A row is changed in place (HOT) only while no column of an index changes and its page has room. So no index holds `state`
-- or `agent_id`: those that run are found by their leases, those that wait by the queue, and those that people look for
-- afterwards by this column, which stays NULL for a job that goes well.
ALTER TABLE job ADD COLUMN attention text GENERATED ALWAYS AS (
  CASE WHEN state IN ('failed', 'timed_out', 'cancelled', 'needs_review') THEN state END) STORED;
CREATE INDEX job_attention ON job (tenant_id, attention, id DESC) WHERE attention IS NOT NULL;
DROP INDEX job_state;
DROP INDEX job_agent;

-- Jobs of one day are begun together: room for a second version of every row of a page.
DO $$
DECLARE partition regclass;
BEGIN
  FOR partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'job'::regclass LOOP
    EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', partition);
  END LOOP;
END $$;

-- While an attempt holds its lease, that row is its record; it goes into history when it ends.
ALTER TABLE job_lease ADD COLUMN generation integer NOT NULL DEFAULT 1;
UPDATE job_lease l SET generation = j.generation FROM job j WHERE j.tenant_id = l.tenant_id AND j.id = l.job_id;
DELETE FROM job_attempt a USING job_lease l
WHERE l.tenant_id = a.tenant_id AND l.job_id = a.job_id AND l.attempt = a.attempt;
-- Jobs of an agent, newest first.
CREATE INDEX job_attempt_agent ON job_attempt (tenant_id, agent_id, job_id DESC);

-- Events are pruned by age, in about the order in which they were written.
DROP INDEX live_event_at;
CREATE INDEX live_event_at ON live_event USING brin (at) WITH (pages_per_range = 16);
