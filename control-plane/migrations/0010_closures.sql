-- What gets no new jobs for a time: a route, a site or an agent, until it is opened again (`kind` always), once, or every
-- week by the wall clock of a time zone. What runs already goes on.
CREATE TABLE closure (
  tenant_id text NOT NULL REFERENCES tenant,
  id uuid NOT NULL,
  scope text NOT NULL CHECK (scope IN ('route', 'site', 'agent')),
  target text NOT NULL,
  reason text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('always', 'once', 'weekly')),
  times jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
-- Pausing twice is pausing once.
CREATE UNIQUE INDEX closure_always ON closure (tenant_id, scope, target) WHERE kind = 'always';
