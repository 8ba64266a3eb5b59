-- A sign-in link that was made by somebody whom a provider vouched for ends with the provider, and so does every session, also
-- one that is opened in the instant in which the provider is removed.
ALTER TABLE sign_in_code ADD COLUMN provider_id uuid;
ALTER TABLE sign_in_code ADD FOREIGN KEY (tenant_id, provider_id) REFERENCES identity_provider (tenant_id, id) ON DELETE CASCADE;

DELETE FROM session s WHERE s.provider_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM identity_provider p WHERE p.tenant_id = s.tenant_id AND p.id = s.provider_id);
ALTER TABLE session ADD FOREIGN KEY (tenant_id, provider_id) REFERENCES identity_provider (tenant_id, id) ON DELETE CASCADE;
CREATE INDEX session_provider ON session (tenant_id, provider_id) WHERE provider_id IS NOT NULL;
