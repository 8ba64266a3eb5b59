-- Attempts that lost their lease by a person's word while their agent may still act. Each is told until it has stopped, and
-- until then no new attempt of its job begins (invariant 3). Few rows, and they live for seconds.
CREATE TABLE job_fence (
  tenant_id text NOT NULL,
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  agent_id uuid NOT NULL,
  -- Of the lease: bounds what an agent without a session can believe in.
  leased_at timestamptz NOT NULL,
  fenced_at timestamptz NOT NULL DEFAULT now(),
  -- The session over which the agent was told last, and when.
  told_session uuid,
  told_at timestamptz,
  PRIMARY KEY (tenant_id, job_id, attempt)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
-- Each replica looks for those of its agents.
CREATE INDEX job_fence_agent ON job_fence (agent_id);
