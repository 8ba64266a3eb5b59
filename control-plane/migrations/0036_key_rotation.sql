-- A key that was rotated names the one in its place: it is rotated once, and people see which of two is the new one.
ALTER TABLE api_key ADD COLUMN replaced_by text;
