-- Where alerts go. The secret of a webhook is sealed under a key that the signer derives from the master key.
CREATE TABLE alert_channel (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('email', 'webhook')),
  recipients text[],
  url text,
  sealed_secret text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX alert_channel_name ON alert_channel (tenant_id, name);

CREATE TABLE alert_rule (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('job.failed', 'job.needs_review', 'agent.offline', 'certificate.expiring')),
  channels uuid[] NOT NULL,
  tells_cleared boolean NOT NULL,
  enabled boolean NOT NULL,
  workflow text,
  minutes integer,
  days integer,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX alert_rule_name ON alert_rule (tenant_id, name);

-- Up to where a tenant's live events were read for its rules about jobs. What is raised by them moves it in the same
-- transaction, so no event is passed over and none counts twice.
CREATE TABLE alert_reader (
  tenant_id text PRIMARY KEY REFERENCES tenant,
  cursor text NOT NULL
);

-- One for each cause of a rule until it clears.
CREATE TABLE alert (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  rule_id uuid NOT NULL,
  cause text NOT NULL,
  title text NOT NULL,
  detail jsonb NOT NULL,
  times integer NOT NULL DEFAULT 1,
  raised_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  cleared_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, rule_id) REFERENCES alert_rule (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX alert_open ON alert (tenant_id, rule_id, cause) WHERE cleared_at IS NULL;
CREATE INDEX alert_of_rule ON alert (tenant_id, rule_id);
CREATE INDEX alert_cleared ON alert (cleared_at) WHERE cleared_at IS NOT NULL;

-- The outbox. `due_at`: when it is tried next; while somebody tries, when the others may.
CREATE TABLE alert_delivery (
  tenant_id text NOT NULL,
  id uuid NOT NULL,
  alert_id uuid NOT NULL,
  channel_id uuid NOT NULL,
  about text NOT NULL CHECK (about IN ('raised', 'cleared')),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  last_error text,
  delivered_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, alert_id) REFERENCES alert (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, channel_id) REFERENCES alert_channel (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX alert_delivery_once ON alert_delivery (tenant_id, alert_id, channel_id, about);
CREATE INDEX alert_delivery_due ON alert_delivery (due_at) WHERE state = 'pending';
CREATE INDEX alert_delivery_channel ON alert_delivery (tenant_id, channel_id);
