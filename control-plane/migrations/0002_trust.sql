-- Trust: rotation of CAs, renewal of certificates, locks, and what gateways and agents have acknowledged.

-- The installation's own CAs are looked after by the accounts of one tenant: that of the first start.
ALTER TABLE tenant ADD COLUMN operator boolean NOT NULL DEFAULT false;
UPDATE tenant SET operator = true WHERE id = (SELECT id FROM tenant ORDER BY created_at, id LIMIT 1);
CREATE UNIQUE INDEX tenant_operator ON tenant (operator) WHERE operator;
-- How long after its end an agent's certificate may still be renewed, by a signature of its key. 0: never.
ALTER TABLE tenant ADD COLUMN renew_after_expiry_days integer NOT NULL DEFAULT 30
  CHECK (renew_after_expiry_days BETWEEN 0 AND 365);

-- One row. `rev` rises with every change of trust that gateways must know (rotations, locks, revocations): they poll it,
-- load what it stands for, and say in their own row up to which rev they have it.
CREATE TABLE trust_state (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  rev bigint NOT NULL DEFAULT 1
);
INSERT INTO trust_state DEFAULT VALUES;

-- standby: verifiers trust it, nothing is signed by it yet. active: signs. outgoing: signs no more, is still accepted.
-- retired: refused. `issuer_id` is NULL for roots; `cross_pem` is this root's key certified by the root before it.
ALTER TABLE certificate_authority DROP CONSTRAINT certificate_authority_state_check;
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_state_check
  CHECK (state IN ('standby', 'active', 'outgoing', 'retired'));
ALTER TABLE certificate_authority ADD COLUMN issuer_id uuid REFERENCES certificate_authority;
ALTER TABLE certificate_authority ADD COLUMN cross_pem text;
-- The root that signed `cross_pem`.
ALTER TABLE certificate_authority ADD COLUMN cross_issuer_id uuid REFERENCES certificate_authority;
-- Members of a root's rotation: what stands below it.
CREATE INDEX certificate_authority_issuer ON certificate_authority (issuer_id);
UPDATE certificate_authority c SET issuer_id = r.id FROM certificate_authority r
  WHERE r.state = 'active' AND r.kind = CASE c.kind WHEN 'server_ca' THEN 'server_root' WHEN 'agent_ca' THEN 'agent_root' END;

-- A key that was made here and whose certificate an offline root has yet to sign.
CREATE TABLE authority_request (
  id uuid PRIMARY KEY,
  tenant_id text REFERENCES tenant,
  kind text NOT NULL CHECK (kind IN ('server_ca', 'agent_ca')),
  csr_pem text NOT NULL,
  sealed_key bytea NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((kind = 'agent_ca') = (tenant_id IS NOT NULL))
);

-- One row for each rotation; an open one has no `ended_at`. Every move is a compare-and-swap on `rev`.
CREATE TABLE ca_rotation (
  id uuid PRIMARY KEY,
  tenant_id text REFERENCES tenant,
  kind text NOT NULL CHECK (kind IN ('server_root', 'agent_root', 'server_ca', 'agent_ca')),
  phase text NOT NULL CHECK (phase IN ('prepare', 'issue', 'serve', 'retire', 'rollback', 'standby')),
  emergency boolean NOT NULL DEFAULT false,
  automatic boolean NOT NULL DEFAULT false,
  rev integer NOT NULL DEFAULT 1,
  -- trust_state.rev of its last move: a gateway whose row says less has not heard of it.
  trust_rev bigint NOT NULL,
  old_id uuid NOT NULL REFERENCES certificate_authority,
  new_id uuid NOT NULL REFERENCES certificate_authority,
  -- Gates count agents that were seen within so many days.
  seen_days integer NOT NULL CHECK (seen_days BETWEEN 0 AND 3650),
  reason text NOT NULL DEFAULT '',
  started_by text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  phase_since timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  outcome text CHECK (outcome IN ('completed', 'rolled_back')),
  CHECK ((ended_at IS NULL) = (outcome IS NULL) AND (ended_at IS NULL) = (phase <> 'standby')),
  CHECK ((kind = 'agent_ca') = (tenant_id IS NOT NULL))
);
CREATE UNIQUE INDEX ca_rotation_open ON ca_rotation (kind, coalesce(tenant_id, '')) WHERE ended_at IS NULL;

-- pending: handed out, not used yet; its first use makes it current and the one before it superseded. A superseded
-- certificate that is presented while it is valid has a second holder. `generation` counts an agent's certificates.
ALTER TABLE agent_certificate ADD COLUMN generation integer NOT NULL DEFAULT 1;
ALTER TABLE agent_certificate ADD COLUMN revoked_at timestamptz;
ALTER TABLE agent_certificate ADD COLUMN revoked_why text;
CREATE UNIQUE INDEX agent_certificate_current ON agent_certificate (tenant_id, agent_id) WHERE state = 'current';
CREATE UNIQUE INDEX agent_certificate_pending ON agent_certificate (tenant_id, agent_id) WHERE state = 'pending';
-- Gates count the live leaves of a CA.
CREATE INDEX agent_certificate_ca ON agent_certificate (ca_id, not_after) WHERE state IN ('pending', 'current');

-- Of the newest certificate that was issued: moved by compare-and-swap at each renewal.
ALTER TABLE agent ADD COLUMN generation integer NOT NULL DEFAULT 1;
-- Enrols anew at each start and is decommissioned when it has left.
ALTER TABLE agent ADD COLUMN ephemeral boolean NOT NULL DEFAULT false;
-- When an ephemeral agent was found to have left; its rows go some days later.
ALTER TABLE agent ADD COLUMN left_at timestamptz;
CREATE INDEX agent_ephemeral ON agent (tenant_id, id) WHERE ephemeral AND left_at IS NULL;
CREATE INDEX agent_left ON agent (left_at) WHERE left_at IS NOT NULL;
-- The bundle that the agent said it holds; see `bundleDigest`.
ALTER TABLE agent ADD COLUMN bundle_digest text;

-- The certificate and the server CA of the session's handshake.
ALTER TABLE agent_session ADD COLUMN serial text;
ALTER TABLE agent_session ADD COLUMN server_ca_id uuid;

-- What a gateway has loaded, and which CA's chain its listeners present and could present.
ALTER TABLE gateway ADD COLUMN trust_rev bigint NOT NULL DEFAULT 0;
ALTER TABLE gateway ADD COLUMN presented_ca_id uuid;
ALTER TABLE gateway ADD COLUMN ready_ca_id uuid;

-- Every certificate of a gateway.
CREATE TABLE gateway_certificate (
  serial text PRIMARY KEY,
  ca_id uuid NOT NULL REFERENCES certificate_authority,
  certificate_pem text NOT NULL,
  not_after timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Instant refusals. The tenant is NULL for a lock that belongs to the installation. A lock holds until it is lifted, also
-- after `expires_at`: a loop lifts what has expired. `was`: the state of an agent before it was locked, to which the end
-- of its last lock returns it; 'locked' when somebody else locked it too.
CREATE TABLE trust_lock (
  id uuid PRIMARY KEY,
  tenant_id text REFERENCES tenant,
  kind text NOT NULL CHECK (kind IN ('agent', 'tenant', 'serial', 'ca')),
  target text NOT NULL,
  reason text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  lifted_at timestamptz,
  lifted_by text,
  was text,
  CHECK ((kind = 'agent') = (was IS NOT NULL)),
  CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
-- Admission and the watch ask for what is locked now, the loop for what has expired, people page through all.
CREATE INDEX trust_lock_held ON trust_lock (kind, target) WHERE lifted_at IS NULL;
CREATE INDEX trust_lock_ends ON trust_lock (expires_at) WHERE lifted_at IS NULL;
CREATE INDEX trust_lock_page ON trust_lock (tenant_id, id DESC);

-- Which transaction last changed an agent, set by the database itself: gateways watch what changed since they last looked,
-- whoever changed it, and a watch costs nothing while nothing changes.
ALTER TABLE agent ADD COLUMN changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE FUNCTION agent_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_xid := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER agent_changed BEFORE UPDATE ON agent FOR EACH ROW EXECUTE FUNCTION agent_changed();
CREATE INDEX agent_changed_since ON agent (changed_xid);
-- People page through certificates; the watch over what expires asks for what ends soon.
CREATE INDEX agent_certificate_page ON agent_certificate (tenant_id, created_at DESC, serial DESC);
CREATE INDEX agent_certificate_ends ON agent_certificate (not_after) WHERE state = 'current';
-- What the watch over sessions must know of certificates: revoked and not yet ended.
CREATE INDEX agent_certificate_revoked ON agent_certificate (not_after) WHERE state = 'revoked';

-- Warnings that were given, each once.
CREATE TABLE expiry_warning (
  subject text NOT NULL,
  not_after timestamptz NOT NULL,
  days integer NOT NULL,
  warned_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, not_after, days)
);

-- Who may use a token that admits more than one agent without a person's approval.
ALTER TABLE join_token ADD COLUMN ephemeral boolean NOT NULL DEFAULT false;
ALTER TABLE join_token ADD COLUMN host_patterns text[] NOT NULL DEFAULT '{}';
ALTER TABLE join_token ADD COLUMN networks text[] NOT NULL DEFAULT '{}';
