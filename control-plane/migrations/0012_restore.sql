-- What a restore from backup leaves behind, see docs/adr/0021. `epoch` rises with each restore that was declared.
-- `failed_at`: until then what the record has forgotten may have happened; NULL: it was never restored.
ALTER TABLE store ADD COLUMN restored_at timestamptz;
ALTER TABLE store ADD COLUMN failed_at timestamptz;
-- Attempts that the record has forgotten were numbered behind `attempt`: the next one is numbered beyond them.
ALTER TABLE job ADD COLUMN attempt_skip integer NOT NULL DEFAULT 0;
-- Given before a restore, and not confirmed by its agent since: what the attempt did meanwhile is not known.
ALTER TABLE job_lease ADD COLUMN restored boolean NOT NULL DEFAULT false;
