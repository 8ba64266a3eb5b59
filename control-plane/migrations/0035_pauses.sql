-- Pauses of jobs (docs/adr/0051). On a lease: how often people said pause or resume of the attempt; odd: paused. A word that
-- reaches the agent late, after a later one, changes nothing.
ALTER TABLE job_lease ADD COLUMN pause_word integer NOT NULL DEFAULT 0;
-- A job that is out of the queue because a person paused it: nothing promotes it.
ALTER TABLE job_waiting ADD COLUMN held boolean NOT NULL DEFAULT false;
GRANT UPDATE (held) ON job_waiting TO casare_app;
-- The agent of the session said that it knows `job.pause`.
ALTER TABLE agent_session ADD COLUMN pauses boolean NOT NULL DEFAULT false;
