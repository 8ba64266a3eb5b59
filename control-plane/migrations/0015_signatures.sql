-- Who vouches for a version: a DSSE envelope as it was given. Agents judge it by keys of their own; this server has none.
ALTER TABLE workflow_version ADD COLUMN signature jsonb;
