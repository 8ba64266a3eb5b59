-- Who is limited to sites of a tenant: the role of an account, or of a key, holds there alone. Null: everywhere.
ALTER TABLE account ADD COLUMN sites text[]
  CHECK (sites IS NULL OR (cardinality(sites) BETWEEN 1 AND 50 AND role <> 'owner' AND NOT platform));
ALTER TABLE api_key ADD COLUMN sites text[] CHECK (cardinality(sites) BETWEEN 1 AND 50);

-- A transaction of somebody who is limited names their sites too, as a JSON array, and sees nothing of another one. Restrictive:
-- it takes away from what the tenant sees. What is changed or removed is found first, by the same condition.
CREATE FUNCTION keep_to_sites(relation regclass, condition text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($policy$CREATE POLICY site ON %s AS RESTRICTIVE FOR SELECT TO casare_app
    USING (coalesce(current_setting('casare.sites', true), '') = '' OR (%s))$policy$, relation, condition);
END $$;
REVOKE EXECUTE ON FUNCTION keep_to_sites FROM PUBLIC;

SELECT keep_to_sites(relation::regclass, $$nullif(current_setting('casare.sites', true), '')::jsonb ? site$$)
FROM unnest(ARRAY['agent', 'join_token', 'route']) AS relation;
-- A job is where its route is: by the submit, or by its workflow. One of no site is the whole tenant's.
SELECT keep_to_sites('job', 'EXISTS (SELECT FROM route r WHERE r.tenant_id = job.tenant_id AND r.id = job.route_id)');
SELECT keep_to_sites(relation::regclass,
  format('EXISTS (SELECT FROM job j WHERE j.tenant_id = %1$I.tenant_id AND j.id = %1$I.job_id)', relation))
FROM unnest(ARRAY['job_attempt', 'job_event', 'job_step', 'artifact', 'job_ready', 'job_waiting']) AS relation;
