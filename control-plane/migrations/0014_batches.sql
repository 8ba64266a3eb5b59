-- What one transaction writes for many jobs is one row, where nobody needs a row for each.

-- Jobs that took the same step at once: the body says which, `jobs` whose. NULL: the event is of `job_id` alone, or of none.
ALTER TABLE live_event ADD COLUMN jobs uuid[];
