-- Second factors (RFC 6238). The secret is sealed under a key that the signer derives from the master key. `last_step`:
-- the newest step whose code was accepted; none is accepted twice. Not confirmed: it asks nobody for anything yet.
CREATE TABLE second_factor (
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  sealed_secret text NOT NULL,
  last_step bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  PRIMARY KEY (tenant_id, account_id),
  FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
-- For who has lost the other one; each is good once.
CREATE TABLE recovery_code (
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, account_id, code_hash),
  FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
