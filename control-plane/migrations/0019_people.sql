-- Sessions that people can see and end; accounts that are invited and disabled.
-- `api_key_id`: the key that made the sign-in link. A session of such a link ends with its key.
ALTER TABLE session ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE session ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN user_agent text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN last_used_at timestamptz;
ALTER TABLE session ADD COLUMN api_key_id text;
ALTER TABLE sign_in_code ADD COLUMN api_key_id text;
CREATE INDEX session_page ON session (tenant_id, account_id, seq DESC);

ALTER TABLE account ADD COLUMN disabled_at timestamptz;
ALTER TABLE account ADD COLUMN last_sign_in_at timestamptz;
-- The order of the list.
ALTER TABLE account ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX account_page ON account (tenant_id, seq DESC);

-- One link for each account: a new one takes the place of the old.
CREATE TABLE invitation (
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  token_hash bytea NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, account_id),
  FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
