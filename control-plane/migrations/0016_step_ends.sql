-- Which event ended a step: what its executor saw is read from there, when somebody asks. NULL: it has not ended, was
-- interrupted or skipped, or ended before this column was there.
ALTER TABLE job_step ADD COLUMN ended_seq integer;
