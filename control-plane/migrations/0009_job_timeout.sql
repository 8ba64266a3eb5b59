-- When the time of a job is over, by the clock of the database: set by the first lease of a generation. `started_at` is the
-- word of an agent, whose clock may be wrong.
ALTER TABLE job ADD COLUMN timeout_at timestamptz;
