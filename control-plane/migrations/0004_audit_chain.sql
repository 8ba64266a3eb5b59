-- The audit log as a chain: the hash of each entry covers the hash of the one before it, so that a changed, removed or
-- inserted entry breaks every hash after it. Entries are linked after they were committed, by one appender at a time.

-- Orders entries by the transaction that wrote them: one that commits late is linked late, and none is left out.
ALTER TABLE audit_event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX audit_event_order ON audit_event (tenant_id, xid, seq);

-- Where each log's chain ends. The row is the appender's lock.
CREATE TABLE audit_head (
  tenant_id text PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
  -- The last entry that was linked.
  xid xid8 NOT NULL DEFAULT '0',
  seq bigint NOT NULL DEFAULT 0
);

CREATE TABLE audit_link (
  tenant_id text NOT NULL,
  position bigint NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (tenant_id, position),
  FOREIGN KEY (tenant_id, seq) REFERENCES audit_event (tenant_id, seq)
);

-- Append-only, against our own mistakes; whoever owns the database can do anything, which is what the chain is for.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
