-- Secrets that are sealed to single agents: kept and carried here, opened by the agent alone (docs/adr/0048).
ALTER TABLE secret ADD COLUMN mode text NOT NULL DEFAULT 'server' CHECK (mode IN ('server', 'sealed'));
-- Of a version that is sealed there is no value here.
ALTER TABLE secret_version ALTER COLUMN sealed_value DROP NOT NULL, ALTER COLUMN wrapped_key DROP NOT NULL,
  ALTER COLUMN master_id DROP NOT NULL,
  ADD CONSTRAINT secret_version_whole CHECK (num_nulls(sealed_value, wrapped_key, master_id) IN (0, 3));
-- What of a version is for which agent, and to which of its keys it was sealed.
CREATE TABLE sealed_secret (
  tenant_id text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  agent_id uuid NOT NULL,
  public_key text NOT NULL,
  sealed text NOT NULL,
  PRIMARY KEY (tenant_id, name, version, agent_id),
  FOREIGN KEY (tenant_id, name, version) REFERENCES secret_version (tenant_id, name, version) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, agent_id) REFERENCES agent (tenant_id, id) ON DELETE CASCADE
);
-- What is sealed to an agent, asked for at each of its greetings.
CREATE INDEX sealed_secret_agent ON sealed_secret (tenant_id, agent_id);
SELECT isolate('sealed_secret', 'SELECT, INSERT', NULL);
-- The key that an agent said last, and `secret=<name>` of each secret whose newest version opens with it: jobs that use a
-- sealed secret require that. In the agent's row, so that gateways see it change.
ALTER TABLE agent ADD COLUMN sealing_key text, ADD COLUMN sealed_labels text[] NOT NULL DEFAULT '{}';
