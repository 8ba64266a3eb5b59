-- The signer's word on where the chain of each log was, every hour: whoever owns the database can write a chain anew, but
-- has no key to sign that it was ever so.
CREATE TABLE audit_checkpoint (
  tenant_id text NOT NULL,
  position bigint NOT NULL,
  hash bytea NOT NULL,
  at timestamptz NOT NULL,
  public_key text NOT NULL,
  signature text NOT NULL,
  PRIMARY KEY (tenant_id, position)
);
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR TRUNCATE ON audit_checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoint_kept BEFORE DELETE ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_forgetting();
SELECT isolate('audit_checkpoint', 'SELECT', 'INSERT');
