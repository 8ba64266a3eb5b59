-- API keys as people make them. `scopes`: only these permissions of the role; NULL: all of them. `created_by`: who made
-- it, as the audit log names them.
ALTER TABLE api_key ADD COLUMN scopes text[];
ALTER TABLE api_key ADD COLUMN created_by text NOT NULL DEFAULT 'system';
-- The order of the list.
ALTER TABLE api_key ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX api_key_page ON api_key (tenant_id, seq DESC);
CREATE INDEX api_key_of_account ON api_key (tenant_id, account_id);
-- A session can be named without its secret.
ALTER TABLE session ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX session_id ON session (id);
