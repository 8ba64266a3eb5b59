-- Row-level security: tenants' requests are made by logins in `casare_app` and see the rows of one tenant, which their
-- transaction names; the installation's own work is done by logins in `casare_system`. Neither owns a table, and nobody logs
-- in as either role (docs/adr/0036). A new table calls `isolate` in the migration that makes it.

DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['casare_app', 'casare_system'] LOOP
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN CONTINUE; END IF;
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- Roles belong to the server: another of its databases was faster.
    END;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO casare_app, casare_system;

-- Without a tenant the setting is null or, after a transaction that had one, empty: no row has that. NULL for the rights: none.
-- Rows of all tables are read and removed by the installation when a tenant is exported and deleted.
CREATE FUNCTION isolate(relation regclass, app text, system text, key name DEFAULT 'tenant_id') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', relation);
  EXECUTE format('CREATE POLICY tenant ON %s TO casare_app USING (%I = current_setting(''casare.tenant'', true))', relation, key);
  EXECUTE format('CREATE POLICY system ON %s TO casare_system USING (true)', relation);
  IF app IS NOT NULL THEN EXECUTE format('GRANT %s ON %s TO casare_app', app, relation); END IF;
  EXECUTE format('GRANT %s ON %s TO casare_system', concat_ws(', ', 'SELECT, DELETE', system), relation);
END $$;
REVOKE EXECUTE ON FUNCTION isolate FROM PUBLIC;

SELECT isolate(relation::regclass, app, system) FROM (VALUES
  ('account', 'SELECT, INSERT, UPDATE', 'INSERT, UPDATE'),
  ('account_identity', 'SELECT', 'INSERT, UPDATE'),
  ('agent', 'SELECT, UPDATE', 'INSERT, UPDATE'),
  ('agent_certificate', 'SELECT, UPDATE', 'INSERT, UPDATE'),
  ('agent_session', 'SELECT', 'INSERT, UPDATE'),
  ('alert', 'SELECT, INSERT, UPDATE', 'INSERT, UPDATE'),
  ('alert_channel', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('alert_delivery', 'SELECT, INSERT, UPDATE', 'INSERT, UPDATE'),
  ('alert_reader', 'SELECT, INSERT', 'INSERT, UPDATE'),
  ('alert_rule', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('api_key', 'SELECT, INSERT, UPDATE', 'INSERT, UPDATE'),
  ('artifact', 'SELECT', 'INSERT, UPDATE'),
  ('artifact_removal', NULL, 'INSERT'),
  -- Nobody changes what was done, and a trigger keeps it as long as its tenant; only the chain's appender links it.
  ('audit_event', 'SELECT, INSERT', 'INSERT'),
  ('audit_head', 'SELECT', 'INSERT, UPDATE'),
  ('audit_link', 'SELECT', 'INSERT'),
  ('authority_request', NULL, 'INSERT'),
  ('ca_rotation', NULL, 'INSERT, UPDATE'),
  ('certificate_authority', NULL, 'INSERT, UPDATE'),
  ('closure', 'SELECT, INSERT, DELETE', NULL),
  ('idempotency_key', 'SELECT, INSERT, UPDATE', 'INSERT, UPDATE'),
  ('identity_provider', NULL, 'INSERT, UPDATE'),
  ('invitation', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('job', 'SELECT, INSERT, UPDATE', 'UPDATE'),
  ('job_attempt', 'SELECT, INSERT', 'INSERT, UPDATE'),
  ('job_deadline', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('job_event', 'SELECT, INSERT', 'INSERT'),
  ('job_fence', 'SELECT, INSERT, UPDATE', 'INSERT, UPDATE'),
  ('job_key', 'SELECT, DELETE', 'INSERT, UPDATE'),
  ('job_lease', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('job_ready', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('job_step', 'SELECT, UPDATE', 'INSERT, UPDATE'),
  ('job_waiting', 'SELECT, INSERT, DELETE', 'INSERT, UPDATE'),
  ('join_token', 'SELECT, INSERT, UPDATE', 'UPDATE'),
  ('live_event', 'SELECT, INSERT', 'INSERT, UPDATE'),
  ('provider_role', NULL, 'INSERT, UPDATE'),
  ('recovery_code', 'SELECT, INSERT, UPDATE, DELETE', 'UPDATE'),
  ('route', 'SELECT, INSERT', NULL),
  ('schedule', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('schedule_firing', 'SELECT, INSERT, UPDATE, DELETE', 'INSERT, UPDATE'),
  ('secret', NULL, 'INSERT, UPDATE'),
  ('secret_version', NULL, 'INSERT, UPDATE'),
  ('second_factor', 'SELECT, INSERT, UPDATE, DELETE', 'UPDATE'),
  ('session', 'SELECT, DELETE', 'INSERT, UPDATE'),
  ('sign_in_code', 'INSERT, SELECT, DELETE', 'UPDATE'),
  ('tenant_quota', 'SELECT, UPDATE', 'INSERT, UPDATE'),
  ('tenant_retention', 'SELECT', 'INSERT, UPDATE'),
  ('trust_lock', 'SELECT', 'INSERT, UPDATE'),
  ('workflow_version', 'SELECT, INSERT, UPDATE', NULL)
) AS t(relation, app, system);

-- A tenant sees and locks its own row; what it holds is the operator's.
SELECT isolate('tenant', 'SELECT', 'INSERT, UPDATE', 'id');
GRANT UPDATE (name) ON tenant TO casare_app;
-- A session is locked while it is judged whether its agent is silent.
GRANT UPDATE (since) ON agent_session TO casare_app;
-- Of an agent that is locked by its state as well, so that the end of the lock leaves it so.
GRANT UPDATE (was) ON trust_lock TO casare_app;
SELECT isolate('tenant_deletion', NULL, 'INSERT, UPDATE', 'tenant');

-- Tables of the installation: they hold nothing of a tenant.
GRANT SELECT ON gateway, store TO casare_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway, login_failure TO casare_system;
GRANT SELECT, INSERT ON gateway_certificate TO casare_system;
GRANT SELECT, INSERT, DELETE ON expiry_warning TO casare_system;
GRANT SELECT, INSERT, UPDATE ON singleton TO casare_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON secret_master TO casare_system;
GRANT SELECT, UPDATE ON store, trust_state TO casare_system;
-- Without it `pg_sequence_last_value` answers null, and claims walk over every place that is gone.
GRANT SELECT ON SEQUENCE job_ready_seq_seq TO casare_system;

-- Partitions are read by way of their table. Jobs from before there were days are dropped from the default ones directly.
SELECT isolate(t::regclass, NULL, 'UPDATE')
FROM unnest(ARRAY['job_default', 'job_attempt_default', 'job_event_default', 'job_step_default']) AS t;

-- Days of history are made and dropped by the owner of the tables, in these words alone.
CREATE FUNCTION history_make_day(day text, first uuid, before uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent text;
BEGIN
  IF day !~ '^[0-9]{8}$' THEN RAISE EXCEPTION '% is no day', day; END IF;
  FOREACH parent IN ARRAY ARRAY['job', 'job_attempt', 'job_event', 'job_step'] LOOP
    -- Only rows of jobs are changed, in place: jobs of a page are begun together, so it has room for a second version of each.
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)%s', parent || '_' || day, parent,
      first, before, CASE parent WHEN 'job' THEN ' WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)' ELSE '' END);
  END LOOP;
END $$;

CREATE FUNCTION history_lock_day(day text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF day !~ '^[0-9]{8}$' THEN RAISE EXCEPTION '% is no day', day; END IF;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', 'job_' || day);
END $$;

CREATE FUNCTION history_drop_day(day text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE parent text;
BEGIN
  IF day !~ '^[0-9]{8}$' THEN RAISE EXCEPTION '% is no day', day; END IF;
  FOREACH parent IN ARRAY ARRAY['job', 'job_attempt', 'job_event', 'job_step'] LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I', parent || '_' || day);
  END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION history_make_day, history_lock_day, history_drop_day FROM PUBLIC;
GRANT EXECUTE ON FUNCTION history_make_day, history_lock_day, history_drop_day TO casare_system;
