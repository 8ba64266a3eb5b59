-- What serves a tenant's requests about secrets, sign-in providers, keys of requests and trust is done by the login of tenants
-- too: a statement that forgets its tenant finds nothing of another one.

GRANT SELECT, INSERT, UPDATE, DELETE ON secret TO casare_app;
GRANT SELECT, INSERT, DELETE ON secret_version TO casare_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_provider TO casare_app;
GRANT SELECT, INSERT, DELETE ON provider_role TO casare_app;
-- Rules that are made or enabled read live events from then on.
GRANT UPDATE ON alert_reader TO casare_app;
-- A refused request gives its key back.
GRANT DELETE ON idempotency_key TO casare_app;
-- A tenant's people say how long it keeps what is over.
GRANT INSERT, UPDATE ON tenant_retention TO casare_app;
-- A tenant sees its own CAs, never their keys, and its own rotations; and the number of the last change of trust.
GRANT SELECT (id, tenant_id, kind, state, key_id, issuer_id, certificate_pem, not_after, created_at)
  ON certificate_authority TO casare_app;
GRANT SELECT ON ca_rotation, trust_state TO casare_app;

-- The master key in use, held until the transaction ends: whoever stores a version holds it, and whoever changes it waits. Run
-- as the owner, since a right to lock rows is a right to change them.
CREATE FUNCTION secret_master_in_use() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT id FROM secret_master WHERE state = 'current' FOR SHARE $$;
REVOKE EXECUTE ON FUNCTION secret_master_in_use FROM PUBLIC;
GRANT EXECUTE ON FUNCTION secret_master_in_use TO casare_app, casare_system;

-- What only requests of tenants do is not the system's any more, nor what nobody does.
REVOKE INSERT, UPDATE ON schedule, alert_channel, alert_rule, identity_provider, provider_role FROM casare_system;
REVOKE INSERT ON schedule_firing, alert_reader, secret, secret_version, idempotency_key FROM casare_system;
REVOKE UPDATE ON account_identity FROM casare_system;
REVOKE UPDATE ON alert_channel FROM casare_app;
