-- History by day: partitions made ahead and dropped when they are old (`jobs/history.ts`), and vacuum of the hot tables.

-- Files of artifacts whose rows are gone: their bytes are removed afterwards, also when the process ends in between.
CREATE TABLE artifact_removal (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
-- What belongs to a day goes with it.
CREATE INDEX artifact_job ON artifact (job_id);

-- Rows of these come and go with every job or every reconnect: vacuum by what has changed, not by a part of the table.
ALTER TABLE job_waiting SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE job_key SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE job_deadline SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE agent_session SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE gateway SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
ALTER TABLE idempotency_key SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE job_default SET (autovacuum_vacuum_scale_factor = 0.02);
