-- Master keys, by id: the keys themselves are outside of the database. One is in use; the others are needed until what they
-- wrapped is wrapped anew, and no row goes before that.
CREATE TABLE secret_master (
  id text PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('current', 'retiring')),
  made_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX secret_master_current ON secret_master (state) WHERE state = 'current';
-- What is known of a secret. `id` is bound into each version: a secret that is made again under its name is another one.
CREATE TABLE secret (
  tenant_id text NOT NULL REFERENCES tenant (id),
  name text NOT NULL,
  id uuid NOT NULL,
  description text NOT NULL,
  allowed_steps text[],
  allowed_origins text[],
  rotate_after_days integer,
  current_version integer NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  version_at timestamptz NOT NULL,
  last_used_at timestamptz,
  PRIMARY KEY (tenant_id, name)
);
-- A value under a data key of its own, and that key under a master key.
CREATE TABLE secret_version (
  tenant_id text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  sealed_value bytea NOT NULL,
  wrapped_key text NOT NULL,
  master_id text NOT NULL REFERENCES secret_master (id),
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  PRIMARY KEY (tenant_id, name, version),
  FOREIGN KEY (tenant_id, name) REFERENCES secret (tenant_id, name) ON DELETE CASCADE
);
CREATE INDEX secret_version_master ON secret_version (master_id);
