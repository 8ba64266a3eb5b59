-- Jobs that are submitted by the clock. `next_at`: the first time that nothing was decided about; NULL: disabled, or there
-- is none. `turn` rises with whatever is decided or changed: who decides by an older one decides nothing.
CREATE TABLE schedule (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  name text NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  job jsonb NOT NULL,
  overlap text NOT NULL CHECK (overlap IN ('skip', 'queue', 'cancel')),
  catch_up jsonb NOT NULL,
  enabled boolean NOT NULL,
  next_at timestamptz,
  turn bigint NOT NULL DEFAULT 0,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX schedule_name ON schedule (tenant_id, name);
CREATE INDEX schedule_page ON schedule (tenant_id, seq DESC);
CREATE INDEX schedule_due ON schedule (next_at) WHERE next_at IS NOT NULL;

-- What became of each time. `open`: its job is not known to be over. `cancels`: jobs before it that are still to be cancelled.
CREATE TABLE schedule_firing (
  tenant_id text NOT NULL,
  schedule_id uuid NOT NULL,
  id uuid NOT NULL,
  cause text NOT NULL CHECK (cause IN ('time', 'person')),
  due_at timestamptz NOT NULL,
  until_at timestamptz,
  fired_at timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('submitted', 'skipped', 'missed', 'refused')),
  job_id uuid,
  code text,
  reason text,
  open boolean NOT NULL DEFAULT false,
  cancels uuid[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, schedule_id, id),
  FOREIGN KEY (tenant_id, schedule_id) REFERENCES schedule (tenant_id, id) ON DELETE CASCADE
);
-- A time is decided once, whatever else fails.
CREATE UNIQUE INDEX schedule_firing_due ON schedule_firing (tenant_id, schedule_id, due_at) WHERE cause = 'time';
CREATE INDEX schedule_firing_open ON schedule_firing (tenant_id, schedule_id, id) WHERE open;
CREATE INDEX schedule_firing_cancels ON schedule_firing (tenant_id, schedule_id, id) WHERE cancels <> '{}';
CREATE INDEX schedule_firing_old ON schedule_firing (fired_at);
