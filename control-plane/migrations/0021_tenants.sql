-- Tenants as operators of the platform look after them.

-- `suspended`: tunnels closed, nothing changes, everything is kept. `deleting`: on its way out, for good.
ALTER TABLE tenant
  ADD COLUMN state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended', 'deleting')),
  ADD COLUMN state_since timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN state_reason text NOT NULL DEFAULT '';
-- What refuses tunnels reads those that are not active: few of many.
CREATE INDEX tenant_not_active ON tenant (id) WHERE state <> 'active';

-- Who looks after the platform: a right beside the role, of accounts of the operator's tenant; of keys that were made with it.
ALTER TABLE account ADD COLUMN platform boolean NOT NULL DEFAULT false;
ALTER TABLE api_key ADD COLUMN platform boolean NOT NULL DEFAULT false;
UPDATE account a SET platform = true FROM tenant t WHERE t.operator AND a.tenant_id = t.id AND a.role = 'owner';
UPDATE api_key k SET platform = true FROM account a
WHERE a.platform AND a.tenant_id = k.tenant_id AND a.id = k.account_id AND k.created_by = 'system';

-- What a tenant may use; null: as much as there is. Without a row it has no quota. Claims of a tenant with a quota of
-- concurrent jobs take turns by this row.
CREATE TABLE tenant_quota (
  tenant_id text PRIMARY KEY REFERENCES tenant,
  agents integer CHECK (agents >= 0),
  concurrent_jobs integer CHECK (concurrent_jobs >= 0),
  queued_jobs integer CHECK (queued_jobs >= 0),
  stored_bytes bigint CHECK (stored_bytes >= 0)
);

-- How long a tenant keeps what is over, in days; null: as long as the installation does.
CREATE TABLE tenant_retention (
  tenant_id text PRIMARY KEY REFERENCES tenant,
  jobs_days integer CHECK (jobs_days >= 1),
  logs_days integer CHECK (logs_days >= 1),
  artifacts_days integer CHECK (artifacts_days >= 1)
);

-- The proof of a deletion outlives its tenant: how many rows and files were removed, and that none is left.
CREATE TABLE tenant_deletion (
  id uuid PRIMARY KEY,
  tenant text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamptz NOT NULL,
  removed jsonb NOT NULL DEFAULT '{}',
  report jsonb,
  finished_at timestamptz
);
CREATE INDEX tenant_deletion_of ON tenant_deletion (tenant, asked_at DESC);

-- The audit log of a tenant goes with the tenant, and only then.
CREATE FUNCTION refuse_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM tenant WHERE id = OLD.tenant_id AND state = 'deleting') THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
DROP TRIGGER audit_event_append_only ON audit_event;
DROP TRIGGER audit_link_append_only ON audit_link;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR TRUNCATE ON audit_link
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_event_kept BEFORE DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse_forgetting();
CREATE TRIGGER audit_link_kept BEFORE DELETE ON audit_link FOR EACH ROW EXECUTE FUNCTION refuse_forgetting();
