-- An agent that is drained: since when, and when nothing of it ran any more, which is announced once.
ALTER TABLE agent ADD COLUMN draining_since timestamptz;
ALTER TABLE agent ADD COLUMN drained_at timestamptz;
UPDATE agent SET draining_since = now() WHERE state = 'draining';
-- The sweep asks for those that are not empty yet: few.
CREATE INDEX agent_draining ON agent (draining_since) WHERE state = 'draining' AND drained_at IS NULL;
