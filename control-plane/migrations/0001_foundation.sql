-- Foundation: tenants, accounts, trust, fleet, workflows, jobs and their run record.
-- Conventions: tenant_id in every key that a tenant's request can touch; times are timestamptz; states are text with a
-- CHECK that repeats the lifecycle table; ids of jobs are UUIDv7, so that they sort and partition by time.

-- ---------------------------------------------------------------- platform
-- One row. `epoch` is bumped by a restore from backup, so that agents and tokens of a newer epoch are reconciled.
CREATE TABLE store (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  epoch integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO store DEFAULT VALUES;

CREATE TABLE tenant (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- ---------------------------------------------------------------- accounts
CREATE TABLE account (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  email text NOT NULL,
  password_hash text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'operator', 'developer', 'viewer', 'security')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX account_email ON account (lower(email));

CREATE TABLE api_key (
  tenant_id text NOT NULL REFERENCES tenant,
  id text NOT NULL,
  account_id uuid NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'operator', 'developer', 'viewer', 'security')),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);
-- A key names itself before its tenant is known.
CREATE UNIQUE INDEX api_key_id ON api_key (id);

CREATE TABLE session (
  token_hash bytea PRIMARY KEY,
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  csrf_token text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);

CREATE TABLE sign_in_code (
  code_hash bytea PRIMARY KEY,
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  FOREIGN KEY (tenant_id, account_id) REFERENCES account (tenant_id, id)
);

-- Failed sign-ins by address and account: the lockout survives a restart.
CREATE TABLE login_failure (
  subject text PRIMARY KEY,
  failures integer NOT NULL,
  last_at timestamptz NOT NULL,
  locked_until timestamptz
);

-- ---------------------------------------------------------------- audit
CREATE TABLE audit_event (
  tenant_id text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, seq)
);

-- ---------------------------------------------------------------- trust
-- Roots and server CAs belong to the installation (tenant_id NULL), agent CAs to one tenant.
CREATE TABLE certificate_authority (
  id uuid PRIMARY KEY,
  tenant_id text REFERENCES tenant,
  kind text NOT NULL CHECK (kind IN ('server_root', 'agent_root', 'server_ca', 'agent_ca')),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('standby', 'active', 'retired')),
  key_id text NOT NULL UNIQUE,
  certificate_pem text NOT NULL,
  -- Encrypted under the master key; NULL once a root was taken offline.
  sealed_key bytea,
  not_after timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((kind = 'agent_ca') = (tenant_id IS NOT NULL))
);
-- One active CA of a kind for the installation and for each tenant.
CREATE UNIQUE INDEX certificate_authority_active
  ON certificate_authority (kind, coalesce(tenant_id, '')) WHERE state = 'active';

CREATE TABLE join_token (
  tenant_id text NOT NULL REFERENCES tenant,
  id text NOT NULL,
  secret_hash bytea NOT NULL,
  site text,
  grants text[] NOT NULL DEFAULT '{}',
  uses_left integer NOT NULL CHECK (uses_left >= 0),
  auto_approve boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX join_token_id ON join_token (id);

-- ---------------------------------------------------------------- fleet
CREATE TABLE agent (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  name text NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'active', 'paused', 'draining', 'suspect', 'locked', 'decommissioned')),
  site text,
  grants text[] NOT NULL DEFAULT '{}',
  declared text[] NOT NULL DEFAULT '{}',
  capabilities text[] NOT NULL DEFAULT '{}',
  slots jsonb NOT NULL DEFAULT '{"plain": 0, "browser": 0, "desktop": 0}',
  facts jsonb,
  join_token_id text NOT NULL,
  -- SHA-256 of the enrolled public key: a retry of the same enrolment is answered with the same certificate.
  key_digest text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX agent_key ON agent (key_digest);

-- Every certificate ever issued to an agent: no certificate without a committed row.
CREATE TABLE agent_certificate (
  tenant_id text NOT NULL,
  serial text NOT NULL,
  agent_id uuid NOT NULL,
  ca_id uuid NOT NULL REFERENCES certificate_authority,
  state text NOT NULL CHECK (state IN ('pending', 'current', 'superseded', 'revoked')),
  certificate_pem text NOT NULL,
  not_after timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, serial),
  FOREIGN KEY (tenant_id, agent_id) REFERENCES agent (tenant_id, id)
);
CREATE INDEX agent_certificate_agent ON agent_certificate (tenant_id, agent_id, created_at DESC);

-- A running control-plane process that ends tunnels. Its heartbeat is committed BEFORE any pong that renews a lease,
-- so heartbeat_at + heartbeat interval + lease length bounds every lease this gateway can have granted.
CREATE TABLE gateway (
  id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

-- Who holds an agent's tunnel: one row per agent. `gateway_id` NULL = not connected since `since`.
CREATE TABLE agent_session (
  tenant_id text NOT NULL,
  agent_id uuid NOT NULL,
  session_id uuid NOT NULL,
  gateway_id uuid,
  instance uuid NOT NULL,
  -- The agent's own start counter: of two sessions the higher wins.
  epoch integer NOT NULL,
  since timestamptz NOT NULL DEFAULT now(),
  -- Until when the agent may believe in leases that were renewed by sessions now closed (last pong + lease).
  lease_until timestamptz,
  PRIMARY KEY (tenant_id, agent_id),
  FOREIGN KEY (tenant_id, agent_id) REFERENCES agent (tenant_id, id)
) WITH (fillfactor = 70);
CREATE INDEX agent_session_gateway ON agent_session (gateway_id) WHERE gateway_id IS NOT NULL;

-- ---------------------------------------------------------------- workflows
CREATE TABLE workflow_version (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  namespace text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  source text NOT NULL,
  document jsonb NOT NULL,
  digest text NOT NULL,
  analysis jsonb NOT NULL,
  warnings jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, namespace, name, version)
);
-- "the newest version of namespace/name"
CREATE INDEX workflow_version_newest ON workflow_version (tenant_id, namespace, name, created_at DESC);

-- ---------------------------------------------------------------- jobs
-- A route is the interned set of requirements shared by all jobs that need the same (design section 6).
CREATE TABLE route (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id text NOT NULL REFERENCES tenant,
  slot text NOT NULL CHECK (slot IN ('plain', 'browser', 'desktop')),
  site text,
  capabilities text[] NOT NULL,
  -- Canonical text of the requirements.
  key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, key)
);

-- The wide row: written when something changes that a person sees. Partitioned by id, which is a UUIDv7: by time.
CREATE TABLE job (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  route_id bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('pending', 'leased', 'running', 'paused', 'cancelling', 'succeeded', 'failed',
    'timed_out', 'needs_review', 'cancelled')),
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 100),
  generation integer NOT NULL DEFAULT 1,
  -- The fencing token; rises with every lease and never falls, across generations too.
  attempt integer NOT NULL DEFAULT 0,
  -- The first attempt of this generation: bounds maxAttempts and the journal that a resumed attempt replays.
  first_attempt integer NOT NULL DEFAULT 1,
  max_attempts integer NOT NULL,
  agent_id uuid,
  input jsonb NOT NULL,
  output jsonb,
  error jsonb,
  review jsonb,
  requires text[] NOT NULL DEFAULT '{}',
  site text,
  not_before timestamptz,
  deadline timestamptz,
  concurrency_key text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);
CREATE TABLE job_default PARTITION OF job DEFAULT WITH (fillfactor = 80);
-- Lists: newest first, by state, by workflow, by agent.
CREATE INDEX job_newest ON job (tenant_id, id DESC);
CREATE INDEX job_state ON job (tenant_id, state, id DESC);
CREATE INDEX job_workflow ON job (tenant_id, workflow_id, id DESC);
CREATE INDEX job_agent ON job (tenant_id, agent_id, id DESC) WHERE agent_id IS NOT NULL;

-- The ready queue: narrow, only jobs that may run now. The claim scans (route, priority desc, seq) per route.
CREATE TABLE job_ready (
  route_id bigint NOT NULL,
  -- 100 - priority, so that one ascending index serves "priority desc, then oldest".
  rank smallint NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  PRIMARY KEY (route_id, rank, seq)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000);
-- Cancelling a pending job finds its row.
CREATE UNIQUE INDEX job_ready_job ON job_ready (tenant_id, job_id);

-- Jobs that may not run yet (notBefore, concurrency key taken): promoted in a transaction.
CREATE TABLE job_waiting (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  route_id bigint NOT NULL,
  rank smallint NOT NULL,
  not_before timestamptz,
  concurrency_key text,
  PRIMARY KEY (tenant_id, job_id)
);
CREATE INDEX job_waiting_due ON job_waiting (not_before NULLS FIRST);
CREATE INDEX job_waiting_key ON job_waiting (tenant_id, concurrency_key) WHERE concurrency_key IS NOT NULL;

-- A concurrency key is held by one unfinished job of its tenant.
CREATE TABLE job_key (
  tenant_id text NOT NULL,
  concurrency_key text NOT NULL,
  job_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, concurrency_key)
);
CREATE UNIQUE INDEX job_key_job ON job_key (tenant_id, job_id);

-- Pending jobs with a deadline, for the sweep; few.
CREATE TABLE job_deadline (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  deadline timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, job_id)
);
CREATE INDEX job_deadline_due ON job_deadline (deadline);

-- The leases: one narrow row per (job, attempt) that may write. Its existence IS the right to write: every write of an
-- attempt joins it on (job, attempt, agent). Lost when the agent is silent beyond lease + margin.
CREATE TABLE job_lease (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  agent_id uuid NOT NULL,
  slot text NOT NULL CHECK (slot IN ('plain', 'browser', 'desktop')),
  leased_at timestamptz NOT NULL DEFAULT now(),
  -- The agent said it has the assignment on its disk.
  accepted boolean NOT NULL DEFAULT false,
  -- Events up to here are committed.
  acked_seq integer NOT NULL DEFAULT 0,
  -- A soft cancel was asked for.
  cancelling boolean NOT NULL DEFAULT false,
  -- The agent fell silent and there is nothing to decide before this; NULL again as soon as it writes.
  settle_after timestamptz,
  PRIMARY KEY (tenant_id, job_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX job_lease_agent ON job_lease (agent_id);

-- History of attempts: who ran it when, and how it ended.
CREATE TABLE job_attempt (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  generation integer NOT NULL,
  agent_id uuid NOT NULL,
  leased_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  outcome text,
  PRIMARY KEY (tenant_id, job_id, attempt)
) PARTITION BY RANGE (job_id);
CREATE TABLE job_attempt_default PARTITION OF job_attempt DEFAULT;

-- The run record: every acknowledged event, append-only. (attempt, seq) makes a resent event a no-op.
CREATE TABLE job_event (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  seq integer NOT NULL,
  at timestamptz NOT NULL,
  body jsonb NOT NULL,
  PRIMARY KEY (tenant_id, job_id, attempt, seq)
) PARTITION BY RANGE (job_id);
CREATE TABLE job_event_default PARTITION OF job_event DEFAULT;

-- Steps as people see them, folded from the events.
CREATE TABLE job_step (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  seq integer NOT NULL,
  position text NOT NULL,
  path text NOT NULL,
  name text NOT NULL,
  task text NOT NULL,
  call text,
  effect text NOT NULL CHECK (effect IN ('idempotent', 'checkable', 'unsafe')),
  state text NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'skipped', 'interrupted')),
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  duration_ms bigint,
  output jsonb,
  error jsonb,
  PRIMARY KEY (tenant_id, job_id, attempt, seq)
) PARTITION BY RANGE (job_id);
CREATE TABLE job_step_default PARTITION OF job_step DEFAULT;
-- An ending finds the step that it ends.
CREATE INDEX job_step_position ON job_step (tenant_id, job_id, attempt, position);

CREATE TABLE artifact (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('output', 'screenshot', 'trace', 'log')),
  media_type text NOT NULL,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  position text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
-- A job has one file of a kind and name: a repeated step replaces it.
CREATE UNIQUE INDEX artifact_name ON artifact (tenant_id, job_id, kind, name);

-- Idempotency keys: the same key and body answers with the same job, another body is a conflict.
CREATE TABLE idempotency_key (
  tenant_id text NOT NULL,
  key text NOT NULL,
  request_digest text NOT NULL,
  job_ids uuid[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);

-- ---------------------------------------------------------------- live events
-- What consoles and scripts are told. `xid` lets a cursor stop below the oldest transaction still open: a sequence
-- alone loses what commits late.
CREATE TABLE live_event (
  tenant_id text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL DEFAULT now(),
  job_id uuid,
  body jsonb NOT NULL,
  PRIMARY KEY (tenant_id, xid, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
-- Pruning by age.
CREATE INDEX live_event_at ON live_event (at);
