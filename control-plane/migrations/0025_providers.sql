-- Who says for a tenant who somebody is, besides us. The client's secret is sealed under a key that the signer derives from
-- the master key, and bound to its row.
CREATE TABLE identity_provider (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('oidc', 'jwt')),
  name text NOT NULL,
  issuer text NOT NULL,
  -- Of a provider of tokens: their audience.
  client_id text NOT NULL,
  sealed_secret text,
  scopes text NOT NULL DEFAULT '',
  keys_url text,
  groups_claim text NOT NULL,
  link_by_email boolean NOT NULL,
  trust_email boolean NOT NULL,
  created_at timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
-- A sign-in names its provider before anybody is known.
CREATE UNIQUE INDEX identity_provider_id ON identity_provider (id);
CREATE UNIQUE INDEX identity_provider_client ON identity_provider (tenant_id, issuer, client_id);
-- A token names nothing but its issuer and audience: they are of one tenant.
CREATE UNIQUE INDEX identity_provider_token ON identity_provider (issuer, client_id) WHERE kind = 'jwt';

-- Groups of the provider and their roles; of several, the highest wins, and without one there is no access.
CREATE TABLE provider_role (
  tenant_id text NOT NULL,
  provider_id uuid NOT NULL,
  group_name text NOT NULL,
  role text NOT NULL,
  PRIMARY KEY (tenant_id, provider_id, group_name),
  FOREIGN KEY (tenant_id, provider_id) REFERENCES identity_provider (tenant_id, id) ON DELETE CASCADE
);

-- Whom an account is at a provider.
CREATE TABLE account_identity (
  tenant_id text NOT NULL,
  provider_id uuid NOT NULL,
  subject text NOT NULL,
  account_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, provider_id, subject),
  FOREIGN KEY (tenant_id, provider_id) REFERENCES identity_provider (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
CREATE INDEX account_identity_account ON account_identity (tenant_id, account_id);

-- What a session was opened by, where that was a provider: it ends with it.
ALTER TABLE session ADD COLUMN provider_id uuid;
