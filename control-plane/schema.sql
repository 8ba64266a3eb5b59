-- Generated from the catalogues of a migrated database. Do not edit.

-- tables
CREATE TABLE account (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  email text NOT NULL,
  password_hash text NOT NULL,
  role text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  disabled_at timestamp with time zone,
  last_sign_in_at timestamp with time zone,
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  platform boolean DEFAULT false NOT NULL,
  sites text[]
);
CREATE TABLE account_identity (
  tenant_id text NOT NULL,
  provider_id uuid NOT NULL,
  subject text NOT NULL,
  account_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL
);
CREATE TABLE agent (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  state text NOT NULL,
  site text,
  grants text[] DEFAULT '{}'::text[] NOT NULL,
  declared text[] DEFAULT '{}'::text[] NOT NULL,
  capabilities text[] DEFAULT '{}'::text[] NOT NULL,
  slots jsonb DEFAULT '{"plain": 0, "browser": 0, "desktop": 0}'::jsonb NOT NULL,
  facts jsonb,
  join_token_id text NOT NULL,
  key_digest text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  generation integer DEFAULT 1 NOT NULL,
  ephemeral boolean DEFAULT false NOT NULL,
  left_at timestamp with time zone,
  bundle_digest text,
  changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
  draining_since timestamp with time zone,
  drained_at timestamp with time zone,
  sealing_key text,
  sealed_labels text[] DEFAULT '{}'::text[] NOT NULL
);
CREATE TABLE agent_certificate (
  tenant_id text NOT NULL,
  serial text NOT NULL,
  agent_id uuid NOT NULL,
  ca_id uuid NOT NULL,
  state text NOT NULL,
  certificate_pem text NOT NULL,
  not_after timestamp with time zone NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  generation integer DEFAULT 1 NOT NULL,
  revoked_at timestamp with time zone,
  revoked_why text
);
CREATE TABLE agent_session (
  tenant_id text NOT NULL,
  agent_id uuid NOT NULL,
  session_id uuid NOT NULL,
  gateway_id uuid,
  instance uuid NOT NULL,
  epoch integer NOT NULL,
  since timestamp with time zone DEFAULT now() NOT NULL,
  lease_until timestamp with time zone,
  serial text,
  server_ca_id uuid,
  pauses boolean DEFAULT false NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, fillfactor=70);
CREATE TABLE alert (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  rule_id uuid NOT NULL,
  cause text NOT NULL,
  title text NOT NULL,
  detail jsonb NOT NULL,
  times integer DEFAULT 1 NOT NULL,
  raised_at timestamp with time zone NOT NULL,
  last_at timestamp with time zone NOT NULL,
  cleared_at timestamp with time zone
);
CREATE TABLE alert_channel (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  recipients text[],
  url text,
  sealed_secret text,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL
);
CREATE TABLE alert_delivery (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  alert_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  about text NOT NULL,
  state text DEFAULT 'pending'::text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  due_at timestamp with time zone NOT NULL,
  last_error text,
  delivered_at timestamp with time zone
);
CREATE TABLE alert_reader (
  tenant_id text NOT NULL,
  cursor text NOT NULL
);
CREATE TABLE alert_rule (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  channels uuid[] NOT NULL,
  tells_cleared boolean NOT NULL,
  enabled boolean NOT NULL,
  workflow text,
  minutes integer,
  days integer,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL
);
CREATE TABLE api_key (
  tenant_id text NOT NULL,
  id text NOT NULL,
  account_id uuid NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  role text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  scopes text[],
  created_by text DEFAULT 'system'::text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  platform boolean DEFAULT false NOT NULL,
  sites text[],
  replaced_by text
);
CREATE TABLE artifact (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  media_type text NOT NULL,
  bytes bigint NOT NULL,
  sha256 text NOT NULL,
  "position" text,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE artifact_removal (
  tenant_id text NOT NULL,
  id uuid NOT NULL
);
CREATE TABLE audit_checkpoint (
  tenant_id text NOT NULL,
  "position" bigint NOT NULL,
  hash bytea NOT NULL,
  at timestamp with time zone NOT NULL,
  public_key text NOT NULL,
  signature text NOT NULL
);
CREATE TABLE audit_event (
  tenant_id text NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  at timestamp with time zone DEFAULT now() NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  detail jsonb DEFAULT '{}'::jsonb NOT NULL,
  xid xid8 DEFAULT pg_current_xact_id() NOT NULL
);
CREATE TABLE audit_head (
  tenant_id text NOT NULL,
  "position" bigint DEFAULT 0 NOT NULL,
  hash bytea DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea NOT NULL,
  xid xid8 DEFAULT '0'::xid8 NOT NULL,
  seq bigint DEFAULT 0 NOT NULL
);
CREATE TABLE audit_link (
  tenant_id text NOT NULL,
  "position" bigint NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL
);
CREATE TABLE authority_request (
  id uuid NOT NULL,
  tenant_id text,
  kind text NOT NULL,
  csr_pem text NOT NULL,
  sealed_key bytea NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE ca_rotation (
  id uuid NOT NULL,
  tenant_id text,
  kind text NOT NULL,
  phase text NOT NULL,
  emergency boolean DEFAULT false NOT NULL,
  automatic boolean DEFAULT false NOT NULL,
  rev integer DEFAULT 1 NOT NULL,
  trust_rev bigint NOT NULL,
  old_id uuid NOT NULL,
  new_id uuid NOT NULL,
  seen_days integer NOT NULL,
  reason text DEFAULT ''::text NOT NULL,
  started_by text NOT NULL,
  started_at timestamp with time zone DEFAULT now() NOT NULL,
  phase_since timestamp with time zone DEFAULT now() NOT NULL,
  ended_at timestamp with time zone,
  outcome text
);
CREATE TABLE certificate_authority (
  id uuid NOT NULL,
  tenant_id text,
  kind text NOT NULL,
  state text DEFAULT 'active'::text NOT NULL,
  key_id text NOT NULL,
  certificate_pem text NOT NULL,
  sealed_key bytea,
  not_after timestamp with time zone NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  issuer_id uuid,
  cross_pem text,
  cross_issuer_id uuid
);
CREATE TABLE closure (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  scope text NOT NULL,
  target text NOT NULL,
  reason text NOT NULL,
  kind text NOT NULL,
  times jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE expiry_warning (
  subject text NOT NULL,
  not_after timestamp with time zone NOT NULL,
  days integer NOT NULL,
  warned_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE gateway (
  id uuid NOT NULL,
  started_at timestamp with time zone DEFAULT now() NOT NULL,
  heartbeat_at timestamp with time zone DEFAULT now() NOT NULL,
  trust_rev bigint DEFAULT 0 NOT NULL,
  presented_ca_id uuid,
  ready_ca_id uuid
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=200, fillfactor=50);
CREATE TABLE gateway_certificate (
  serial text NOT NULL,
  ca_id uuid NOT NULL,
  certificate_pem text NOT NULL,
  not_after timestamp with time zone NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE idempotency_key (
  tenant_id text NOT NULL,
  key text NOT NULL,
  request_digest text NOT NULL,
  job_ids uuid[],
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  caller text,
  run uuid,
  effect boolean DEFAULT false NOT NULL,
  status smallint,
  answer bytea
) WITH (autovacuum_vacuum_scale_factor=0.02);
CREATE TABLE identity_provider (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  issuer text NOT NULL,
  client_id text NOT NULL,
  sealed_secret text,
  scopes text DEFAULT ''::text NOT NULL,
  keys_url text,
  groups_claim text NOT NULL,
  link_by_email boolean NOT NULL,
  trust_email boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  changed_at timestamp with time zone NOT NULL
);
CREATE TABLE invitation (
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  expires_at timestamp with time zone NOT NULL
);
CREATE TABLE job (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  route_id bigint NOT NULL,
  state text NOT NULL,
  priority smallint NOT NULL,
  generation integer DEFAULT 1 NOT NULL,
  attempt integer DEFAULT 0 NOT NULL,
  first_attempt integer DEFAULT 1 NOT NULL,
  max_attempts integer NOT NULL,
  agent_id uuid,
  input jsonb NOT NULL,
  output jsonb,
  error jsonb,
  review jsonb,
  requires text[] DEFAULT '{}'::text[] NOT NULL,
  site text,
  not_before timestamp with time zone,
  deadline timestamp with time zone,
  concurrency_key text,
  created_by text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  retry jsonb,
  timeout_ms bigint,
  attempt_timeout_ms bigint,
  concurrency_limit integer DEFAULT 1 NOT NULL,
  dead_letter text,
  timeout_at timestamp with time zone,
  attention text GENERATED ALWAYS AS (
CASE
    WHEN (state = ANY (ARRAY['failed'::text, 'timed_out'::text, 'cancelled'::text, 'needs_review'::text])) THEN state
    ELSE NULL::text
END) STORED,
  attempt_skip integer DEFAULT 0 NOT NULL
) PARTITION BY RANGE (id);
CREATE TABLE job_attempt (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  generation integer NOT NULL,
  agent_id uuid NOT NULL,
  leased_at timestamp with time zone DEFAULT now() NOT NULL,
  ended_at timestamp with time zone,
  outcome text,
  error jsonb
) PARTITION BY RANGE (job_id);
CREATE TABLE job_attempt_default PARTITION OF public.job_attempt DEFAULT;
CREATE TABLE job_deadline (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  deadline timestamp with time zone NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000);
CREATE TABLE job_default PARTITION OF public.job DEFAULT WITH (autovacuum_vacuum_scale_factor=0.02, fillfactor=50);
CREATE TABLE job_event (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  seq integer NOT NULL,
  at timestamp with time zone NOT NULL,
  body jsonb NOT NULL
) PARTITION BY RANGE (job_id);
CREATE TABLE job_event_default PARTITION OF public.job_event DEFAULT;
CREATE TABLE job_fence (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  agent_id uuid NOT NULL,
  leased_at timestamp with time zone NOT NULL,
  fenced_at timestamp with time zone DEFAULT now() NOT NULL,
  told_session uuid,
  told_at timestamp with time zone
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);
CREATE TABLE job_key (
  tenant_id text NOT NULL,
  concurrency_key text NOT NULL,
  job_id uuid NOT NULL,
  key_limit integer DEFAULT 1 NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, fillfactor=70);
CREATE TABLE job_lease (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  agent_id uuid NOT NULL,
  slot text NOT NULL,
  leased_at timestamp with time zone DEFAULT now() NOT NULL,
  accepted boolean DEFAULT false NOT NULL,
  acked_seq integer DEFAULT 0 NOT NULL,
  cancelling boolean DEFAULT false NOT NULL,
  settle_after timestamp with time zone,
  due_at timestamp with time zone,
  generation integer DEFAULT 1 NOT NULL,
  restored boolean DEFAULT false NOT NULL,
  pause_word integer DEFAULT 0 NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, fillfactor=70);
CREATE TABLE job_ready (
  route_id bigint NOT NULL,
  rank smallint NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  tenant_id text NOT NULL,
  job_id uuid NOT NULL
) WITH (autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=10000, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, fillfactor=70);
CREATE TABLE job_step (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  seq integer NOT NULL,
  "position" text NOT NULL,
  path text NOT NULL,
  name text NOT NULL,
  task text NOT NULL,
  call text,
  effect text NOT NULL,
  state text NOT NULL,
  started_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  duration_ms bigint,
  output jsonb,
  error jsonb,
  ended_seq integer
) PARTITION BY RANGE (job_id);
CREATE TABLE job_step_default PARTITION OF public.job_step DEFAULT;
CREATE TABLE job_waiting (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  route_id bigint NOT NULL,
  rank smallint NOT NULL,
  not_before timestamp with time zone,
  concurrency_key text,
  key_limit integer DEFAULT 1 NOT NULL,
  held boolean DEFAULT false NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, fillfactor=70);
CREATE TABLE join_token (
  tenant_id text NOT NULL,
  id text NOT NULL,
  secret_hash bytea NOT NULL,
  site text,
  grants text[] DEFAULT '{}'::text[] NOT NULL,
  uses_left integer NOT NULL,
  auto_approve boolean DEFAULT false NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone,
  ephemeral boolean DEFAULT false NOT NULL,
  host_patterns text[] DEFAULT '{}'::text[] NOT NULL,
  networks text[] DEFAULT '{}'::text[] NOT NULL
);
CREATE TABLE live_event (
  tenant_id text NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
  at timestamp with time zone DEFAULT now() NOT NULL,
  job_id uuid,
  body jsonb NOT NULL,
  jobs uuid[]
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=10000);
CREATE TABLE login_failure (
  subject text NOT NULL,
  failures integer NOT NULL,
  last_at timestamp with time zone NOT NULL,
  locked_until timestamp with time zone
);
CREATE TABLE provider_role (
  tenant_id text NOT NULL,
  provider_id uuid NOT NULL,
  group_name text NOT NULL,
  role text NOT NULL
);
CREATE TABLE recovery_code (
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  code_hash bytea NOT NULL,
  used_at timestamp with time zone
);
CREATE TABLE route (
  id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  tenant_id text NOT NULL,
  slot text NOT NULL,
  site text,
  capabilities text[] NOT NULL,
  key text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE schedule (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  name text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  job jsonb NOT NULL,
  overlap text NOT NULL,
  catch_up jsonb NOT NULL,
  enabled boolean NOT NULL,
  next_at timestamp with time zone,
  turn bigint DEFAULT 0 NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL
);
CREATE TABLE schedule_firing (
  tenant_id text NOT NULL,
  schedule_id uuid NOT NULL,
  id uuid NOT NULL,
  cause text NOT NULL,
  due_at timestamp with time zone NOT NULL,
  until_at timestamp with time zone,
  fired_at timestamp with time zone NOT NULL,
  outcome text NOT NULL,
  job_id uuid,
  code text,
  reason text,
  open boolean DEFAULT false NOT NULL,
  cancels uuid[] DEFAULT '{}'::uuid[] NOT NULL
);
CREATE TABLE sealed_secret (
  tenant_id text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  agent_id uuid NOT NULL,
  public_key text NOT NULL,
  sealed text NOT NULL
);
CREATE TABLE second_factor (
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  sealed_secret text NOT NULL,
  last_step bigint DEFAULT 0 NOT NULL,
  created_at timestamp with time zone NOT NULL,
  confirmed_at timestamp with time zone
);
CREATE TABLE secret (
  tenant_id text NOT NULL,
  name text NOT NULL,
  id uuid NOT NULL,
  description text NOT NULL,
  allowed_steps text[],
  allowed_origins text[],
  rotate_after_days integer,
  current_version integer NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  version_at timestamp with time zone NOT NULL,
  last_used_at timestamp with time zone,
  mode text DEFAULT 'server'::text NOT NULL
);
CREATE TABLE secret_master (
  id text NOT NULL,
  state text NOT NULL,
  made_at timestamp with time zone NOT NULL
);
CREATE TABLE secret_version (
  tenant_id text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  sealed_value bytea,
  wrapped_key text,
  master_id text,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL
);
CREATE TABLE session (
  token_hash bytea NOT NULL,
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  csrf_token text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  address text DEFAULT ''::text NOT NULL,
  user_agent text DEFAULT ''::text NOT NULL,
  last_used_at timestamp with time zone,
  api_key_id text,
  provider_id uuid
);
CREATE TABLE sign_in_code (
  code_hash bytea NOT NULL,
  tenant_id text NOT NULL,
  account_id uuid NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  used_at timestamp with time zone,
  api_key_id text,
  provider_id uuid
);
CREATE TABLE singleton (
  name text NOT NULL,
  holder uuid NOT NULL,
  until timestamp with time zone NOT NULL,
  term bigint DEFAULT 1 NOT NULL
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, fillfactor=50);
CREATE TABLE store (
  singleton boolean DEFAULT true NOT NULL,
  epoch integer DEFAULT 1 NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  restored_at timestamp with time zone,
  failed_at timestamp with time zone,
  live_forgotten xid8 DEFAULT '0'::xid8 NOT NULL
);
CREATE TABLE tenant (
  id text NOT NULL,
  name text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  operator boolean DEFAULT false NOT NULL,
  renew_after_expiry_days integer DEFAULT 30 NOT NULL,
  state text DEFAULT 'active'::text NOT NULL,
  state_since timestamp with time zone DEFAULT now() NOT NULL,
  state_reason text DEFAULT ''::text NOT NULL
);
CREATE TABLE tenant_deletion (
  id uuid NOT NULL,
  tenant text NOT NULL,
  asked_by text NOT NULL,
  asked_at timestamp with time zone NOT NULL,
  removed jsonb DEFAULT '{}'::jsonb NOT NULL,
  report jsonb,
  finished_at timestamp with time zone
);
CREATE TABLE tenant_quota (
  tenant_id text NOT NULL,
  agents integer,
  concurrent_jobs integer,
  queued_jobs integer,
  stored_bytes bigint
);
CREATE TABLE tenant_retention (
  tenant_id text NOT NULL,
  jobs_days integer,
  logs_days integer,
  artifacts_days integer
);
CREATE TABLE trust_lock (
  id uuid NOT NULL,
  tenant_id text,
  kind text NOT NULL,
  target text NOT NULL,
  reason text NOT NULL,
  created_by text NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  expires_at timestamp with time zone,
  lifted_at timestamp with time zone,
  lifted_by text,
  was text
);
CREATE TABLE trust_state (
  singleton boolean DEFAULT true NOT NULL,
  rev bigint DEFAULT 1 NOT NULL
);
CREATE TABLE workflow_version (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  namespace text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  source text NOT NULL,
  document jsonb NOT NULL,
  digest text NOT NULL,
  analysis jsonb NOT NULL,
  warnings jsonb DEFAULT '[]'::jsonb NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  signature jsonb
);

-- constraints
ALTER TABLE account ADD CONSTRAINT account_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE account ADD CONSTRAINT account_check CHECK (((sites IS NULL) OR (((cardinality(sites) >= 1) AND (cardinality(sites) <= 50)) AND (role <> 'owner'::text) AND (NOT platform))));
ALTER TABLE account ADD CONSTRAINT account_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'operator'::text, 'developer'::text, 'viewer'::text, 'security'::text])));
ALTER TABLE account ADD CONSTRAINT account_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE account_identity ADD CONSTRAINT account_identity_pkey PRIMARY KEY (tenant_id, provider_id, subject);
ALTER TABLE account_identity ADD CONSTRAINT account_identity_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES public.account(tenant_id, id);
ALTER TABLE account_identity ADD CONSTRAINT account_identity_tenant_id_provider_id_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES public.identity_provider(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE agent ADD CONSTRAINT agent_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE agent ADD CONSTRAINT agent_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'paused'::text, 'draining'::text, 'suspect'::text, 'locked'::text, 'decommissioned'::text])));
ALTER TABLE agent ADD CONSTRAINT agent_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE agent_certificate ADD CONSTRAINT agent_certificate_pkey PRIMARY KEY (tenant_id, serial);
ALTER TABLE agent_certificate ADD CONSTRAINT agent_certificate_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'current'::text, 'superseded'::text, 'revoked'::text])));
ALTER TABLE agent_certificate ADD CONSTRAINT agent_certificate_ca_id_fkey FOREIGN KEY (ca_id) REFERENCES public.certificate_authority(id);
ALTER TABLE agent_certificate ADD CONSTRAINT agent_certificate_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES public.agent(tenant_id, id);
ALTER TABLE agent_session ADD CONSTRAINT agent_session_pkey PRIMARY KEY (tenant_id, agent_id);
ALTER TABLE agent_session ADD CONSTRAINT agent_session_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES public.agent(tenant_id, id);
ALTER TABLE alert ADD CONSTRAINT alert_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE alert ADD CONSTRAINT alert_tenant_id_rule_id_fkey FOREIGN KEY (tenant_id, rule_id) REFERENCES public.alert_rule(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE alert_channel ADD CONSTRAINT alert_channel_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE alert_channel ADD CONSTRAINT alert_channel_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'webhook'::text])));
ALTER TABLE alert_channel ADD CONSTRAINT alert_channel_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE alert_delivery ADD CONSTRAINT alert_delivery_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE alert_delivery ADD CONSTRAINT alert_delivery_about_check CHECK ((about = ANY (ARRAY['raised'::text, 'cleared'::text])));
ALTER TABLE alert_delivery ADD CONSTRAINT alert_delivery_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])));
ALTER TABLE alert_delivery ADD CONSTRAINT alert_delivery_tenant_id_alert_id_fkey FOREIGN KEY (tenant_id, alert_id) REFERENCES public.alert(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE alert_delivery ADD CONSTRAINT alert_delivery_tenant_id_channel_id_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES public.alert_channel(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE alert_reader ADD CONSTRAINT alert_reader_pkey PRIMARY KEY (tenant_id);
ALTER TABLE alert_reader ADD CONSTRAINT alert_reader_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE alert_rule ADD CONSTRAINT alert_rule_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE alert_rule ADD CONSTRAINT alert_rule_kind_check CHECK ((kind = ANY (ARRAY['job.failed'::text, 'job.needs_review'::text, 'agent.offline'::text, 'certificate.expiring'::text])));
ALTER TABLE alert_rule ADD CONSTRAINT alert_rule_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE api_key ADD CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE api_key ADD CONSTRAINT api_key_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'operator'::text, 'developer'::text, 'viewer'::text, 'security'::text])));
ALTER TABLE api_key ADD CONSTRAINT api_key_sites_check CHECK (((cardinality(sites) >= 1) AND (cardinality(sites) <= 50)));
ALTER TABLE api_key ADD CONSTRAINT api_key_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES public.account(tenant_id, id);
ALTER TABLE api_key ADD CONSTRAINT api_key_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE artifact ADD CONSTRAINT artifact_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE artifact ADD CONSTRAINT artifact_kind_check CHECK ((kind = ANY (ARRAY['output'::text, 'screenshot'::text, 'trace'::text, 'log'::text, 'snapshot'::text, 'network'::text, 'console'::text]))) NOT VALID;
ALTER TABLE artifact_removal ADD CONSTRAINT artifact_removal_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE audit_checkpoint ADD CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (tenant_id, "position");
ALTER TABLE audit_event ADD CONSTRAINT audit_event_pkey PRIMARY KEY (tenant_id, seq);
ALTER TABLE audit_head ADD CONSTRAINT audit_head_pkey PRIMARY KEY (tenant_id);
ALTER TABLE audit_link ADD CONSTRAINT audit_link_pkey PRIMARY KEY (tenant_id, "position");
ALTER TABLE audit_link ADD CONSTRAINT audit_link_tenant_id_seq_fkey FOREIGN KEY (tenant_id, seq) REFERENCES public.audit_event(tenant_id, seq);
ALTER TABLE authority_request ADD CONSTRAINT authority_request_pkey PRIMARY KEY (id);
ALTER TABLE authority_request ADD CONSTRAINT authority_request_check CHECK (((kind = 'agent_ca'::text) = (tenant_id IS NOT NULL)));
ALTER TABLE authority_request ADD CONSTRAINT authority_request_kind_check CHECK ((kind = ANY (ARRAY['server_ca'::text, 'agent_ca'::text])));
ALTER TABLE authority_request ADD CONSTRAINT authority_request_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_pkey PRIMARY KEY (id);
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_check CHECK ((((ended_at IS NULL) = (outcome IS NULL)) AND ((ended_at IS NULL) = (phase <> 'standby'::text))));
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_check1 CHECK (((kind = 'agent_ca'::text) = (tenant_id IS NOT NULL)));
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_kind_check CHECK ((kind = ANY (ARRAY['server_root'::text, 'agent_root'::text, 'server_ca'::text, 'agent_ca'::text])));
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'rolled_back'::text])));
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_phase_check CHECK ((phase = ANY (ARRAY['prepare'::text, 'issue'::text, 'serve'::text, 'retire'::text, 'rollback'::text, 'standby'::text])));
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_seen_days_check CHECK (((seen_days >= 0) AND (seen_days <= 3650)));
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_new_id_fkey FOREIGN KEY (new_id) REFERENCES public.certificate_authority(id);
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_old_id_fkey FOREIGN KEY (old_id) REFERENCES public.certificate_authority(id);
ALTER TABLE ca_rotation ADD CONSTRAINT ca_rotation_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_pkey PRIMARY KEY (id);
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_key_id_key UNIQUE (key_id);
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_check CHECK (((kind = 'agent_ca'::text) = (tenant_id IS NOT NULL)));
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_kind_check CHECK ((kind = ANY (ARRAY['server_root'::text, 'agent_root'::text, 'server_ca'::text, 'agent_ca'::text])));
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_state_check CHECK ((state = ANY (ARRAY['standby'::text, 'active'::text, 'outgoing'::text, 'retired'::text])));
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_cross_issuer_id_fkey FOREIGN KEY (cross_issuer_id) REFERENCES public.certificate_authority(id);
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_issuer_id_fkey FOREIGN KEY (issuer_id) REFERENCES public.certificate_authority(id);
ALTER TABLE certificate_authority ADD CONSTRAINT certificate_authority_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE closure ADD CONSTRAINT closure_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE closure ADD CONSTRAINT closure_kind_check CHECK ((kind = ANY (ARRAY['always'::text, 'once'::text, 'weekly'::text])));
ALTER TABLE closure ADD CONSTRAINT closure_scope_check CHECK ((scope = ANY (ARRAY['route'::text, 'site'::text, 'agent'::text])));
ALTER TABLE closure ADD CONSTRAINT closure_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE expiry_warning ADD CONSTRAINT expiry_warning_pkey PRIMARY KEY (subject, not_after, days);
ALTER TABLE gateway ADD CONSTRAINT gateway_pkey PRIMARY KEY (id);
ALTER TABLE gateway_certificate ADD CONSTRAINT gateway_certificate_pkey PRIMARY KEY (serial);
ALTER TABLE gateway_certificate ADD CONSTRAINT gateway_certificate_ca_id_fkey FOREIGN KEY (ca_id) REFERENCES public.certificate_authority(id);
ALTER TABLE idempotency_key ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (tenant_id, key);
ALTER TABLE identity_provider ADD CONSTRAINT identity_provider_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE identity_provider ADD CONSTRAINT identity_provider_kind_check CHECK ((kind = ANY (ARRAY['oidc'::text, 'jwt'::text])));
ALTER TABLE identity_provider ADD CONSTRAINT identity_provider_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE invitation ADD CONSTRAINT invitation_pkey PRIMARY KEY (tenant_id, account_id);
ALTER TABLE invitation ADD CONSTRAINT invitation_token_hash_key UNIQUE (token_hash);
ALTER TABLE invitation ADD CONSTRAINT invitation_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES public.account(tenant_id, id);
ALTER TABLE job ADD CONSTRAINT job_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE job ADD CONSTRAINT job_attempt_timeout_ms_check CHECK ((attempt_timeout_ms > 0));
ALTER TABLE job ADD CONSTRAINT job_concurrency_limit_check CHECK (((concurrency_limit >= 1) AND (concurrency_limit <= 1000)));
ALTER TABLE job ADD CONSTRAINT job_dead_letter_check CHECK ((dead_letter = ANY (ARRAY['permanent'::text, 'ambiguous'::text, 'exhausted'::text])));
ALTER TABLE job ADD CONSTRAINT job_priority_check CHECK (((priority >= 0) AND (priority <= 100)));
ALTER TABLE job ADD CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'leased'::text, 'running'::text, 'paused'::text, 'cancelling'::text, 'succeeded'::text, 'failed'::text, 'timed_out'::text, 'needs_review'::text, 'cancelled'::text])));
ALTER TABLE job ADD CONSTRAINT job_timeout_ms_check CHECK ((timeout_ms > 0));
ALTER TABLE job_attempt ADD CONSTRAINT job_attempt_pkey PRIMARY KEY (tenant_id, job_id, attempt);
ALTER TABLE job_deadline ADD CONSTRAINT job_deadline_pkey PRIMARY KEY (tenant_id, job_id);
ALTER TABLE job_event ADD CONSTRAINT job_event_pkey PRIMARY KEY (tenant_id, job_id, attempt, seq);
ALTER TABLE job_fence ADD CONSTRAINT job_fence_pkey PRIMARY KEY (tenant_id, job_id, attempt);
ALTER TABLE job_key ADD CONSTRAINT job_key_pkey PRIMARY KEY (tenant_id, concurrency_key, job_id);
ALTER TABLE job_lease ADD CONSTRAINT job_lease_pkey PRIMARY KEY (tenant_id, job_id);
ALTER TABLE job_lease ADD CONSTRAINT job_lease_slot_check CHECK ((slot = ANY (ARRAY['plain'::text, 'browser'::text, 'desktop'::text])));
ALTER TABLE job_ready ADD CONSTRAINT job_ready_pkey PRIMARY KEY (route_id, rank, seq);
ALTER TABLE job_step ADD CONSTRAINT job_step_pkey PRIMARY KEY (tenant_id, job_id, attempt, seq);
ALTER TABLE job_step ADD CONSTRAINT job_step_effect_check CHECK ((effect = ANY (ARRAY['idempotent'::text, 'checkable'::text, 'unsafe'::text])));
ALTER TABLE job_step ADD CONSTRAINT job_step_state_check CHECK ((state = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text, 'skipped'::text, 'interrupted'::text])));
ALTER TABLE job_waiting ADD CONSTRAINT job_waiting_pkey PRIMARY KEY (tenant_id, job_id);
ALTER TABLE join_token ADD CONSTRAINT join_token_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE join_token ADD CONSTRAINT join_token_uses_left_check CHECK ((uses_left >= 0));
ALTER TABLE join_token ADD CONSTRAINT join_token_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE live_event ADD CONSTRAINT live_event_pkey PRIMARY KEY (tenant_id, xid, id);
ALTER TABLE login_failure ADD CONSTRAINT login_failure_pkey PRIMARY KEY (subject);
ALTER TABLE provider_role ADD CONSTRAINT provider_role_pkey PRIMARY KEY (tenant_id, provider_id, group_name);
ALTER TABLE provider_role ADD CONSTRAINT provider_role_tenant_id_provider_id_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES public.identity_provider(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE recovery_code ADD CONSTRAINT recovery_code_pkey PRIMARY KEY (tenant_id, account_id, code_hash);
ALTER TABLE recovery_code ADD CONSTRAINT recovery_code_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES public.account(tenant_id, id);
ALTER TABLE route ADD CONSTRAINT route_pkey PRIMARY KEY (id);
ALTER TABLE route ADD CONSTRAINT route_tenant_id_key_key UNIQUE (tenant_id, key);
ALTER TABLE route ADD CONSTRAINT route_slot_check CHECK ((slot = ANY (ARRAY['plain'::text, 'browser'::text, 'desktop'::text])));
ALTER TABLE route ADD CONSTRAINT route_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE schedule ADD CONSTRAINT schedule_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE schedule ADD CONSTRAINT schedule_overlap_check CHECK ((overlap = ANY (ARRAY['skip'::text, 'queue'::text, 'cancel'::text])));
ALTER TABLE schedule ADD CONSTRAINT schedule_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE schedule_firing ADD CONSTRAINT schedule_firing_pkey PRIMARY KEY (tenant_id, schedule_id, id);
ALTER TABLE schedule_firing ADD CONSTRAINT schedule_firing_cause_check CHECK ((cause = ANY (ARRAY['time'::text, 'person'::text])));
ALTER TABLE schedule_firing ADD CONSTRAINT schedule_firing_outcome_check CHECK ((outcome = ANY (ARRAY['submitted'::text, 'skipped'::text, 'missed'::text, 'refused'::text])));
ALTER TABLE schedule_firing ADD CONSTRAINT schedule_firing_tenant_id_schedule_id_fkey FOREIGN KEY (tenant_id, schedule_id) REFERENCES public.schedule(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sealed_secret ADD CONSTRAINT sealed_secret_pkey PRIMARY KEY (tenant_id, name, version, agent_id);
ALTER TABLE sealed_secret ADD CONSTRAINT sealed_secret_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES public.agent(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sealed_secret ADD CONSTRAINT sealed_secret_tenant_id_name_version_fkey FOREIGN KEY (tenant_id, name, version) REFERENCES public.secret_version(tenant_id, name, version) ON DELETE CASCADE;
ALTER TABLE second_factor ADD CONSTRAINT second_factor_pkey PRIMARY KEY (tenant_id, account_id);
ALTER TABLE second_factor ADD CONSTRAINT second_factor_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES public.account(tenant_id, id);
ALTER TABLE secret ADD CONSTRAINT secret_pkey PRIMARY KEY (tenant_id, name);
ALTER TABLE secret ADD CONSTRAINT secret_mode_check CHECK ((mode = ANY (ARRAY['server'::text, 'sealed'::text])));
ALTER TABLE secret ADD CONSTRAINT secret_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE secret_master ADD CONSTRAINT secret_master_pkey PRIMARY KEY (id);
ALTER TABLE secret_master ADD CONSTRAINT secret_master_state_check CHECK ((state = ANY (ARRAY['current'::text, 'retiring'::text])));
ALTER TABLE secret_version ADD CONSTRAINT secret_version_pkey PRIMARY KEY (tenant_id, name, version);
ALTER TABLE secret_version ADD CONSTRAINT secret_version_whole CHECK ((num_nulls(sealed_value, wrapped_key, master_id) = ANY (ARRAY[0, 3])));
ALTER TABLE secret_version ADD CONSTRAINT secret_version_master_id_fkey FOREIGN KEY (master_id) REFERENCES public.secret_master(id);
ALTER TABLE secret_version ADD CONSTRAINT secret_version_tenant_id_name_fkey FOREIGN KEY (tenant_id, name) REFERENCES public.secret(tenant_id, name) ON DELETE CASCADE;
ALTER TABLE session ADD CONSTRAINT session_pkey PRIMARY KEY (token_hash);
ALTER TABLE session ADD CONSTRAINT session_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES public.account(tenant_id, id);
ALTER TABLE session ADD CONSTRAINT session_tenant_id_provider_id_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES public.identity_provider(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE sign_in_code ADD CONSTRAINT sign_in_code_pkey PRIMARY KEY (code_hash);
ALTER TABLE sign_in_code ADD CONSTRAINT sign_in_code_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES public.account(tenant_id, id);
ALTER TABLE sign_in_code ADD CONSTRAINT sign_in_code_tenant_id_provider_id_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES public.identity_provider(tenant_id, id) ON DELETE CASCADE;
ALTER TABLE singleton ADD CONSTRAINT singleton_pkey PRIMARY KEY (name);
ALTER TABLE store ADD CONSTRAINT store_pkey PRIMARY KEY (singleton);
ALTER TABLE store ADD CONSTRAINT store_singleton_check CHECK (singleton);
ALTER TABLE tenant ADD CONSTRAINT tenant_pkey PRIMARY KEY (id);
ALTER TABLE tenant ADD CONSTRAINT tenant_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text));
ALTER TABLE tenant ADD CONSTRAINT tenant_renew_after_expiry_days_check CHECK (((renew_after_expiry_days >= 0) AND (renew_after_expiry_days <= 365)));
ALTER TABLE tenant ADD CONSTRAINT tenant_state_check CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text, 'deleting'::text])));
ALTER TABLE tenant_deletion ADD CONSTRAINT tenant_deletion_pkey PRIMARY KEY (id);
ALTER TABLE tenant_quota ADD CONSTRAINT tenant_quota_pkey PRIMARY KEY (tenant_id);
ALTER TABLE tenant_quota ADD CONSTRAINT tenant_quota_agents_check CHECK ((agents >= 0));
ALTER TABLE tenant_quota ADD CONSTRAINT tenant_quota_concurrent_jobs_check CHECK ((concurrent_jobs >= 0));
ALTER TABLE tenant_quota ADD CONSTRAINT tenant_quota_queued_jobs_check CHECK ((queued_jobs >= 0));
ALTER TABLE tenant_quota ADD CONSTRAINT tenant_quota_stored_bytes_check CHECK ((stored_bytes >= 0));
ALTER TABLE tenant_quota ADD CONSTRAINT tenant_quota_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE tenant_retention ADD CONSTRAINT tenant_retention_pkey PRIMARY KEY (tenant_id);
ALTER TABLE tenant_retention ADD CONSTRAINT tenant_retention_artifacts_days_check CHECK ((artifacts_days >= 1));
ALTER TABLE tenant_retention ADD CONSTRAINT tenant_retention_jobs_days_check CHECK ((jobs_days >= 1));
ALTER TABLE tenant_retention ADD CONSTRAINT tenant_retention_logs_days_check CHECK ((logs_days >= 1));
ALTER TABLE tenant_retention ADD CONSTRAINT tenant_retention_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE trust_lock ADD CONSTRAINT trust_lock_pkey PRIMARY KEY (id);
ALTER TABLE trust_lock ADD CONSTRAINT trust_lock_check CHECK (((kind = 'agent'::text) = (was IS NOT NULL)));
ALTER TABLE trust_lock ADD CONSTRAINT trust_lock_check1 CHECK (((lifted_at IS NULL) = (lifted_by IS NULL)));
ALTER TABLE trust_lock ADD CONSTRAINT trust_lock_kind_check CHECK ((kind = ANY (ARRAY['agent'::text, 'tenant'::text, 'serial'::text, 'ca'::text])));
ALTER TABLE trust_lock ADD CONSTRAINT trust_lock_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);
ALTER TABLE trust_state ADD CONSTRAINT trust_state_pkey PRIMARY KEY (singleton);
ALTER TABLE trust_state ADD CONSTRAINT trust_state_singleton_check CHECK (singleton);
ALTER TABLE workflow_version ADD CONSTRAINT workflow_version_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE workflow_version ADD CONSTRAINT workflow_version_tenant_id_namespace_name_version_key UNIQUE (tenant_id, namespace, name, version);
ALTER TABLE workflow_version ADD CONSTRAINT workflow_version_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenant(id);

-- indexes
CREATE UNIQUE INDEX account_email ON public.account USING btree (lower(email));
CREATE INDEX account_page ON public.account USING btree (tenant_id, seq DESC);
CREATE INDEX account_identity_account ON public.account_identity USING btree (tenant_id, account_id);
CREATE INDEX agent_by_name ON public.agent USING btree (tenant_id, name, id);
CREATE INDEX agent_changed_since ON public.agent USING btree (changed_xid);
CREATE INDEX agent_draining ON public.agent USING btree (draining_since) WHERE ((state = 'draining'::text) AND (drained_at IS NULL));
CREATE INDEX agent_ephemeral ON public.agent USING btree (tenant_id, id) WHERE (ephemeral AND (left_at IS NULL));
CREATE UNIQUE INDEX agent_key ON public.agent USING btree (key_digest);
CREATE INDEX agent_left ON public.agent USING btree (left_at) WHERE (left_at IS NOT NULL);
CREATE INDEX agent_certificate_agent ON public.agent_certificate USING btree (tenant_id, agent_id, created_at DESC);
CREATE INDEX agent_certificate_ca ON public.agent_certificate USING btree (ca_id, not_after) WHERE (state = ANY (ARRAY['pending'::text, 'current'::text]));
CREATE UNIQUE INDEX agent_certificate_current ON public.agent_certificate USING btree (tenant_id, agent_id) WHERE (state = 'current'::text);
CREATE INDEX agent_certificate_ends ON public.agent_certificate USING btree (not_after) WHERE (state = 'current'::text);
CREATE INDEX agent_certificate_page ON public.agent_certificate USING btree (tenant_id, created_at DESC, serial DESC);
CREATE UNIQUE INDEX agent_certificate_pending ON public.agent_certificate USING btree (tenant_id, agent_id) WHERE (state = 'pending'::text);
CREATE INDEX agent_certificate_revoked ON public.agent_certificate USING btree (not_after) WHERE (state = 'revoked'::text);
CREATE INDEX agent_session_gateway ON public.agent_session USING btree (gateway_id) WHERE (gateway_id IS NOT NULL);
CREATE INDEX alert_cleared ON public.alert USING btree (cleared_at) WHERE (cleared_at IS NOT NULL);
CREATE INDEX alert_of_rule ON public.alert USING btree (tenant_id, rule_id);
CREATE UNIQUE INDEX alert_open ON public.alert USING btree (tenant_id, rule_id, cause) WHERE (cleared_at IS NULL);
CREATE UNIQUE INDEX alert_channel_name ON public.alert_channel USING btree (tenant_id, name);
CREATE INDEX alert_delivery_channel ON public.alert_delivery USING btree (tenant_id, channel_id);
CREATE INDEX alert_delivery_due ON public.alert_delivery USING btree (due_at) WHERE (state = 'pending'::text);
CREATE UNIQUE INDEX alert_delivery_once ON public.alert_delivery USING btree (tenant_id, alert_id, channel_id, about);
CREATE UNIQUE INDEX alert_rule_name ON public.alert_rule USING btree (tenant_id, name);
CREATE UNIQUE INDEX api_key_id ON public.api_key USING btree (id);
CREATE INDEX api_key_of_account ON public.api_key USING btree (tenant_id, account_id);
CREATE INDEX api_key_page ON public.api_key USING btree (tenant_id, seq DESC);
CREATE INDEX artifact_job ON public.artifact USING btree (job_id);
CREATE UNIQUE INDEX artifact_name ON public.artifact USING btree (tenant_id, job_id, kind, name);
CREATE INDEX audit_event_order ON public.audit_event USING btree (tenant_id, xid, seq);
CREATE UNIQUE INDEX ca_rotation_open ON public.ca_rotation USING btree (kind, COALESCE(tenant_id, ''::text)) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX certificate_authority_active ON public.certificate_authority USING btree (kind, COALESCE(tenant_id, ''::text)) WHERE (state = 'active'::text);
CREATE INDEX certificate_authority_issuer ON public.certificate_authority USING btree (issuer_id);
CREATE UNIQUE INDEX closure_always ON public.closure USING btree (tenant_id, scope, target) WHERE (kind = 'always'::text);
CREATE INDEX idempotency_key_at ON public.idempotency_key USING btree (created_at);
CREATE INDEX idempotency_key_of ON public.idempotency_key USING btree (tenant_id, caller) WHERE (caller IS NOT NULL);
CREATE UNIQUE INDEX identity_provider_client ON public.identity_provider USING btree (tenant_id, issuer, client_id);
CREATE UNIQUE INDEX identity_provider_id ON public.identity_provider USING btree (id);
CREATE UNIQUE INDEX identity_provider_token ON public.identity_provider USING btree (issuer, client_id) WHERE (kind = 'jwt'::text);
CREATE INDEX job_attention ON ONLY public.job USING btree (tenant_id, attention, id DESC) WHERE (attention IS NOT NULL);
CREATE INDEX job_dead_letter ON ONLY public.job USING btree (tenant_id, id DESC) WHERE (dead_letter IS NOT NULL);
CREATE INDEX job_workflow ON ONLY public.job USING btree (tenant_id, workflow_id, id DESC);
CREATE INDEX job_attempt_agent ON ONLY public.job_attempt USING btree (tenant_id, agent_id, job_id DESC);
CREATE INDEX job_deadline_due ON public.job_deadline USING btree (deadline);
CREATE INDEX job_fence_agent ON public.job_fence USING btree (agent_id);
CREATE UNIQUE INDEX job_key_job ON public.job_key USING btree (tenant_id, job_id);
CREATE INDEX job_lease_agent ON public.job_lease USING btree (agent_id);
CREATE INDEX job_lease_due ON public.job_lease USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE UNIQUE INDEX job_ready_job ON public.job_ready USING btree (tenant_id, job_id);
CREATE INDEX job_step_position ON ONLY public.job_step USING btree (tenant_id, job_id, attempt, "position");
CREATE INDEX job_waiting_due ON public.job_waiting USING btree (not_before NULLS FIRST);
CREATE INDEX job_waiting_key ON public.job_waiting USING btree (tenant_id, concurrency_key, rank, job_id) WHERE (concurrency_key IS NOT NULL);
CREATE UNIQUE INDEX join_token_id ON public.join_token USING btree (id);
CREATE INDEX live_event_at ON public.live_event USING brin (at) WITH (pages_per_range='16');
CREATE INDEX schedule_due ON public.schedule USING btree (next_at) WHERE (next_at IS NOT NULL);
CREATE UNIQUE INDEX schedule_name ON public.schedule USING btree (tenant_id, name);
CREATE INDEX schedule_page ON public.schedule USING btree (tenant_id, seq DESC);
CREATE INDEX schedule_firing_cancels ON public.schedule_firing USING btree (tenant_id, schedule_id, id) WHERE (cancels <> '{}'::uuid[]);
CREATE UNIQUE INDEX schedule_firing_due ON public.schedule_firing USING btree (tenant_id, schedule_id, due_at) WHERE (cause = 'time'::text);
CREATE INDEX schedule_firing_old ON public.schedule_firing USING btree (fired_at);
CREATE INDEX schedule_firing_open ON public.schedule_firing USING btree (tenant_id, schedule_id, id) WHERE open;
CREATE INDEX sealed_secret_agent ON public.sealed_secret USING btree (tenant_id, agent_id);
CREATE UNIQUE INDEX secret_master_current ON public.secret_master USING btree (state) WHERE (state = 'current'::text);
CREATE INDEX secret_version_master ON public.secret_version USING btree (master_id);
CREATE UNIQUE INDEX session_id ON public.session USING btree (id);
CREATE INDEX session_page ON public.session USING btree (tenant_id, account_id, seq DESC);
CREATE INDEX session_provider ON public.session USING btree (tenant_id, provider_id) WHERE (provider_id IS NOT NULL);
CREATE INDEX tenant_not_active ON public.tenant USING btree (id) WHERE (state <> 'active'::text);
CREATE UNIQUE INDEX tenant_operator ON public.tenant USING btree (operator) WHERE operator;
CREATE INDEX tenant_deletion_of ON public.tenant_deletion USING btree (tenant, asked_at DESC);
CREATE INDEX trust_lock_ends ON public.trust_lock USING btree (expires_at) WHERE (lifted_at IS NULL);
CREATE INDEX trust_lock_held ON public.trust_lock USING btree (kind, target) WHERE (lifted_at IS NULL);
CREATE INDEX trust_lock_page ON public.trust_lock USING btree (tenant_id, id DESC);
CREATE INDEX workflow_version_newest ON public.workflow_version USING btree (tenant_id, namespace, name, created_at DESC);

-- functions
CREATE OR REPLACE FUNCTION public.agent_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  NEW.changed_xid := pg_current_xact_id();
  RETURN NEW;
END $function$;
CREATE OR REPLACE FUNCTION public.history_drop_day(day text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE parent text;
BEGIN
  IF day !~ '^[0-9]{8}$' THEN RAISE EXCEPTION '% is no day', day; END IF;
  FOREACH parent IN ARRAY ARRAY['job', 'job_attempt', 'job_event', 'job_step'] LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I', parent || '_' || day);
  END LOOP;
END $function$;
CREATE OR REPLACE FUNCTION public.history_lock_day(day text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
BEGIN
  IF day !~ '^[0-9]{8}$' THEN RAISE EXCEPTION '% is no day', day; END IF;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', 'job_' || day);
END $function$;
CREATE OR REPLACE FUNCTION public.history_make_day(day text, first uuid, before uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE parent text;
BEGIN
  IF day !~ '^[0-9]{8}$' THEN RAISE EXCEPTION '% is no day', day; END IF;
  FOREACH parent IN ARRAY ARRAY['job', 'job_attempt', 'job_event', 'job_step'] LOOP
    -- Only rows of jobs are changed, in place: jobs of a page are begun together, so it has room for a second version of each.
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)%s', parent || '_' || day, parent,
      first, before, CASE parent WHEN 'job' THEN ' WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02)' ELSE '' END);
  END LOOP;
END $function$;
CREATE OR REPLACE FUNCTION public.isolate(relation regclass, app text, system text, key name DEFAULT 'tenant_id'::name)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', relation);
  EXECUTE format('CREATE POLICY tenant ON %s TO casare_app USING (%I = current_setting(''casare.tenant'', true))', relation, key);
  EXECUTE format('CREATE POLICY system ON %s TO casare_system USING (true)', relation);
  IF app IS NOT NULL THEN EXECUTE format('GRANT %s ON %s TO casare_app', app, relation); END IF;
  EXECUTE format('GRANT %s ON %s TO casare_system', concat_ws(', ', 'SELECT, DELETE', system), relation);
END $function$;
CREATE OR REPLACE FUNCTION public.keep_to_sites(relation regclass, condition text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  EXECUTE format($policy$CREATE POLICY site ON %s AS RESTRICTIVE FOR SELECT TO casare_app
    USING (coalesce(current_setting('casare.sites', true), '') = '' OR (%s))$policy$, relation, condition);
END $function$;
CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $function$;
CREATE OR REPLACE FUNCTION public.refuse_forgetting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF EXISTS (SELECT FROM tenant WHERE id = OLD.tenant_id AND state = 'deleting') THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $function$;
CREATE OR REPLACE FUNCTION public.secret_master_in_use()
 RETURNS text
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$ SELECT id FROM secret_master WHERE state = 'current' FOR SHARE $function$;

-- triggers
CREATE TRIGGER agent_changed BEFORE UPDATE ON public.agent FOR EACH ROW EXECUTE FUNCTION public.agent_changed();
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR TRUNCATE ON public.audit_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER audit_checkpoint_kept BEFORE DELETE ON public.audit_checkpoint FOR EACH ROW EXECUTE FUNCTION public.refuse_forgetting();
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR TRUNCATE ON public.audit_event FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER audit_event_kept BEFORE DELETE ON public.audit_event FOR EACH ROW EXECUTE FUNCTION public.refuse_forgetting();
CREATE TRIGGER audit_link_append_only BEFORE UPDATE OR TRUNCATE ON public.audit_link FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER audit_link_kept BEFORE DELETE ON public.audit_link FOR EACH ROW EXECUTE FUNCTION public.refuse_forgetting();

-- row security
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
ALTER TABLE account_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_identity FORCE ROW LEVEL SECURITY;
ALTER TABLE agent ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_certificate ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_certificate FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_session FORCE ROW LEVEL SECURITY;
ALTER TABLE alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert FORCE ROW LEVEL SECURITY;
ALTER TABLE alert_channel ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_channel FORCE ROW LEVEL SECURITY;
ALTER TABLE alert_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_delivery FORCE ROW LEVEL SECURITY;
ALTER TABLE alert_reader ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_reader FORCE ROW LEVEL SECURITY;
ALTER TABLE alert_rule ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert_rule FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
ALTER TABLE artifact ENABLE ROW LEVEL SECURITY;
ALTER TABLE artifact FORCE ROW LEVEL SECURITY;
ALTER TABLE artifact_removal ENABLE ROW LEVEL SECURITY;
ALTER TABLE artifact_removal FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_checkpoint FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_event FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_link ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_link FORCE ROW LEVEL SECURITY;
ALTER TABLE authority_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE authority_request FORCE ROW LEVEL SECURITY;
ALTER TABLE ca_rotation ENABLE ROW LEVEL SECURITY;
ALTER TABLE ca_rotation FORCE ROW LEVEL SECURITY;
ALTER TABLE certificate_authority ENABLE ROW LEVEL SECURITY;
ALTER TABLE certificate_authority FORCE ROW LEVEL SECURITY;
ALTER TABLE closure ENABLE ROW LEVEL SECURITY;
ALTER TABLE closure FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_key FORCE ROW LEVEL SECURITY;
ALTER TABLE identity_provider ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity_provider FORCE ROW LEVEL SECURITY;
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
ALTER TABLE job ENABLE ROW LEVEL SECURITY;
ALTER TABLE job FORCE ROW LEVEL SECURITY;
ALTER TABLE job_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_attempt FORCE ROW LEVEL SECURITY;
ALTER TABLE job_attempt_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_attempt_default FORCE ROW LEVEL SECURITY;
ALTER TABLE job_deadline ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_deadline FORCE ROW LEVEL SECURITY;
ALTER TABLE job_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_default FORCE ROW LEVEL SECURITY;
ALTER TABLE job_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_event FORCE ROW LEVEL SECURITY;
ALTER TABLE job_event_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_event_default FORCE ROW LEVEL SECURITY;
ALTER TABLE job_fence ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_fence FORCE ROW LEVEL SECURITY;
ALTER TABLE job_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_key FORCE ROW LEVEL SECURITY;
ALTER TABLE job_lease ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_lease FORCE ROW LEVEL SECURITY;
ALTER TABLE job_ready ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_ready FORCE ROW LEVEL SECURITY;
ALTER TABLE job_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_step FORCE ROW LEVEL SECURITY;
ALTER TABLE job_step_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_step_default FORCE ROW LEVEL SECURITY;
ALTER TABLE job_waiting ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_waiting FORCE ROW LEVEL SECURITY;
ALTER TABLE join_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE join_token FORCE ROW LEVEL SECURITY;
ALTER TABLE live_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE live_event FORCE ROW LEVEL SECURITY;
ALTER TABLE provider_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_role FORCE ROW LEVEL SECURITY;
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
ALTER TABLE route ENABLE ROW LEVEL SECURITY;
ALTER TABLE route FORCE ROW LEVEL SECURITY;
ALTER TABLE schedule ENABLE ROW LEVEL SECURITY;
ALTER TABLE schedule FORCE ROW LEVEL SECURITY;
ALTER TABLE schedule_firing ENABLE ROW LEVEL SECURITY;
ALTER TABLE schedule_firing FORCE ROW LEVEL SECURITY;
ALTER TABLE sealed_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE sealed_secret FORCE ROW LEVEL SECURITY;
ALTER TABLE second_factor ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factor FORCE ROW LEVEL SECURITY;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
ALTER TABLE secret_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret_version FORCE ROW LEVEL SECURITY;
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
ALTER TABLE sign_in_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_code FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_deletion ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_deletion FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_quota ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_quota FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_retention ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_retention FORCE ROW LEVEL SECURITY;
ALTER TABLE trust_lock ENABLE ROW LEVEL SECURITY;
ALTER TABLE trust_lock FORCE ROW LEVEL SECURITY;
ALTER TABLE workflow_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow_version FORCE ROW LEVEL SECURITY;

-- policies
CREATE POLICY system ON account AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON account AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON account_identity AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON account_identity AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON agent AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR ((NULLIF(current_setting('casare.sites'::text, true), ''::text))::jsonb ? site)));
CREATE POLICY system ON agent AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON agent AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON agent_certificate AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON agent_certificate AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON agent_session AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON agent_session AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON alert AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON alert AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON alert_channel AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON alert_channel AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON alert_delivery AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON alert_delivery AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON alert_reader AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON alert_reader AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON alert_rule AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON alert_rule AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON api_key AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON api_key AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON artifact AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR (EXISTS ( SELECT
   FROM public.job j
  WHERE ((j.tenant_id = artifact.tenant_id) AND (j.id = artifact.job_id))))));
CREATE POLICY system ON artifact AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON artifact AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON artifact_removal AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON artifact_removal AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON audit_checkpoint AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON audit_checkpoint AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON audit_event AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON audit_event AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON audit_head AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON audit_head AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON audit_link AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON audit_link AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON authority_request AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON authority_request AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON ca_rotation AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON ca_rotation AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON certificate_authority AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON certificate_authority AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON closure AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON closure AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON idempotency_key AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON idempotency_key AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON identity_provider AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON identity_provider AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON invitation AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON invitation AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON job AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR (EXISTS ( SELECT
   FROM public.route r
  WHERE ((r.tenant_id = job.tenant_id) AND (r.id = job.route_id))))));
CREATE POLICY system ON job AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON job_attempt AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR (EXISTS ( SELECT
   FROM public.job j
  WHERE ((j.tenant_id = job_attempt.tenant_id) AND (j.id = job_attempt.job_id))))));
CREATE POLICY system ON job_attempt AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_attempt AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_attempt_default AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_attempt_default AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_deadline AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_deadline AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_default AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_default AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON job_event AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR (EXISTS ( SELECT
   FROM public.job j
  WHERE ((j.tenant_id = job_event.tenant_id) AND (j.id = job_event.job_id))))));
CREATE POLICY system ON job_event AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_event AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_event_default AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_event_default AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_fence AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_fence AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_key AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_key AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_lease AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_lease AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON job_ready AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR (EXISTS ( SELECT
   FROM public.job j
  WHERE ((j.tenant_id = job_ready.tenant_id) AND (j.id = job_ready.job_id))))));
CREATE POLICY system ON job_ready AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_ready AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON job_step AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR (EXISTS ( SELECT
   FROM public.job j
  WHERE ((j.tenant_id = job_step.tenant_id) AND (j.id = job_step.job_id))))));
CREATE POLICY system ON job_step AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_step AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON job_step_default AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_step_default AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON job_waiting AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR (EXISTS ( SELECT
   FROM public.job j
  WHERE ((j.tenant_id = job_waiting.tenant_id) AND (j.id = job_waiting.job_id))))));
CREATE POLICY system ON job_waiting AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON job_waiting AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON join_token AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR ((NULLIF(current_setting('casare.sites'::text, true), ''::text))::jsonb ? site)));
CREATE POLICY system ON join_token AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON join_token AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON live_event AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON live_event AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON provider_role AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON provider_role AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON recovery_code AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON recovery_code AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY site ON route AS RESTRICTIVE FOR SELECT TO casare_app USING (((COALESCE(current_setting('casare.sites'::text, true), ''::text) = ''::text) OR ((NULLIF(current_setting('casare.sites'::text, true), ''::text))::jsonb ? site)));
CREATE POLICY system ON route AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON route AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON schedule AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON schedule AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON schedule_firing AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON schedule_firing AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON sealed_secret AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON sealed_secret AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON second_factor AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON second_factor AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON secret AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON secret AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON secret_version AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON secret_version AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON session AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON session AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON sign_in_code AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON sign_in_code AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON tenant AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON tenant AS PERMISSIVE FOR ALL TO casare_app USING ((id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON tenant_deletion AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON tenant_deletion AS PERMISSIVE FOR ALL TO casare_app USING ((tenant = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON tenant_quota AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON tenant_quota AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON tenant_retention AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON tenant_retention AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON trust_lock AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON trust_lock AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));
CREATE POLICY system ON workflow_version AS PERMISSIVE FOR ALL TO casare_system USING (true);
CREATE POLICY tenant ON workflow_version AS PERMISSIVE FOR ALL TO casare_app USING ((tenant_id = current_setting('casare.tenant'::text, true)));

-- grants
GRANT EXECUTE ON FUNCTION agent_changed() TO PUBLIC;
GRANT EXECUTE ON FUNCTION history_drop_day(day text) TO casare_system;
GRANT EXECUTE ON FUNCTION history_lock_day(day text) TO casare_system;
GRANT EXECUTE ON FUNCTION history_make_day(day text, first uuid, before uuid) TO casare_system;
GRANT EXECUTE ON FUNCTION refuse_change() TO PUBLIC;
GRANT EXECUTE ON FUNCTION refuse_forgetting() TO PUBLIC;
GRANT EXECUTE ON FUNCTION secret_master_in_use() TO casare_app;
GRANT EXECUTE ON FUNCTION secret_master_in_use() TO casare_system;
GRANT SELECT ON SEQUENCE job_ready_seq_seq TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE account TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE account TO casare_system;
GRANT DELETE, SELECT ON TABLE account_identity TO casare_app;
GRANT DELETE, INSERT, SELECT ON TABLE account_identity TO casare_system;
GRANT SELECT, UPDATE ON TABLE agent TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE agent TO casare_system;
GRANT SELECT, UPDATE ON TABLE agent_certificate TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE agent_certificate TO casare_system;
GRANT SELECT ON TABLE agent_session TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE agent_session TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE alert TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alert TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE alert_channel TO casare_app;
GRANT DELETE, SELECT ON TABLE alert_channel TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE alert_delivery TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alert_delivery TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE alert_reader TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE alert_reader TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE alert_rule TO casare_app;
GRANT DELETE, SELECT ON TABLE alert_rule TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE api_key TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE api_key TO casare_system;
GRANT SELECT ON TABLE artifact TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE artifact TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE artifact_removal TO casare_system;
GRANT SELECT ON TABLE audit_checkpoint TO casare_app;
GRANT DELETE, INSERT, SELECT ON TABLE audit_checkpoint TO casare_system;
GRANT INSERT, SELECT ON TABLE audit_event TO casare_app;
GRANT DELETE, INSERT, SELECT ON TABLE audit_event TO casare_system;
GRANT SELECT ON TABLE audit_head TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE audit_head TO casare_system;
GRANT SELECT ON TABLE audit_link TO casare_app;
GRANT DELETE, INSERT, SELECT ON TABLE audit_link TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE authority_request TO casare_system;
GRANT SELECT ON TABLE ca_rotation TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE ca_rotation TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE certificate_authority TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE closure TO casare_app;
GRANT DELETE, SELECT ON TABLE closure TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE expiry_warning TO casare_system;
GRANT SELECT ON TABLE gateway TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE gateway TO casare_system;
GRANT INSERT, SELECT ON TABLE gateway_certificate TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE idempotency_key TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE idempotency_key TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE identity_provider TO casare_app;
GRANT DELETE, SELECT ON TABLE identity_provider TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE invitation TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE invitation TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE job TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE job TO casare_system;
GRANT INSERT, SELECT ON TABLE job_attempt TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_attempt TO casare_system;
GRANT DELETE, SELECT, UPDATE ON TABLE job_attempt_default TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_deadline TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_deadline TO casare_system;
GRANT DELETE, SELECT, UPDATE ON TABLE job_default TO casare_system;
GRANT INSERT, SELECT ON TABLE job_event TO casare_app;
GRANT DELETE, INSERT, SELECT ON TABLE job_event TO casare_system;
GRANT DELETE, SELECT, UPDATE ON TABLE job_event_default TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE job_fence TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_fence TO casare_system;
GRANT DELETE, SELECT ON TABLE job_key TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_key TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_lease TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_lease TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_ready TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_ready TO casare_system;
GRANT SELECT, UPDATE ON TABLE job_step TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_step TO casare_system;
GRANT DELETE, SELECT, UPDATE ON TABLE job_step_default TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE job_waiting TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE job_waiting TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE join_token TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE join_token TO casare_system;
GRANT INSERT, SELECT ON TABLE live_event TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE live_event TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE login_failure TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE provider_role TO casare_app;
GRANT DELETE, SELECT ON TABLE provider_role TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE recovery_code TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE recovery_code TO casare_system;
GRANT INSERT, SELECT ON TABLE route TO casare_app;
GRANT DELETE, SELECT ON TABLE route TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE schedule TO casare_app;
GRANT DELETE, SELECT ON TABLE schedule TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE schedule_firing TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE schedule_firing TO casare_system;
GRANT INSERT, SELECT ON TABLE sealed_secret TO casare_app;
GRANT DELETE, SELECT ON TABLE sealed_secret TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE second_factor TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE second_factor TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE secret TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE secret TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE secret_master TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE secret_version TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE secret_version TO casare_system;
GRANT DELETE, SELECT ON TABLE session TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE session TO casare_system;
GRANT DELETE, INSERT, SELECT ON TABLE sign_in_code TO casare_app;
GRANT DELETE, SELECT, UPDATE ON TABLE sign_in_code TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE singleton TO casare_system;
GRANT SELECT ON TABLE store TO casare_app;
GRANT SELECT, UPDATE ON TABLE store TO casare_system;
GRANT SELECT ON TABLE tenant TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenant TO casare_system;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenant_deletion TO casare_system;
GRANT SELECT, UPDATE ON TABLE tenant_quota TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenant_quota TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE tenant_retention TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE tenant_retention TO casare_system;
GRANT SELECT ON TABLE trust_lock TO casare_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE trust_lock TO casare_system;
GRANT SELECT ON TABLE trust_state TO casare_app;
GRANT SELECT, UPDATE ON TABLE trust_state TO casare_system;
GRANT INSERT, SELECT, UPDATE ON TABLE workflow_version TO casare_app;
GRANT DELETE, SELECT ON TABLE workflow_version TO casare_system;
