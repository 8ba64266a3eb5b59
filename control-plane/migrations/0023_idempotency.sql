-- Idempotency keys of every operation. `key` is a digest of who asked, for what, and of the key that was sent; digests of
-- submits have `job_ids` from the start, in the transaction of the jobs. Others: `run` names the request that is being
-- carried out and is null when none is; `effect`: one of its transactions was committed; `status` and the sealed `answer`:
-- what it was answered.
ALTER TABLE idempotency_key
  ALTER COLUMN job_ids DROP NOT NULL,
  ADD COLUMN caller text,
  ADD COLUMN run uuid,
  ADD COLUMN effect boolean NOT NULL DEFAULT false,
  ADD COLUMN status smallint,
  ADD COLUMN answer bytea;
-- Counts the keys of a caller; submits are not in it.
CREATE INDEX idempotency_key_of ON idempotency_key (tenant_id, caller) WHERE caller IS NOT NULL;
