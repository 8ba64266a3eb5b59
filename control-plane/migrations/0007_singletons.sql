-- Loops that one replica at a time runs. A row is moved by compare-and-swap: its holder puts `until` off, anybody else takes
-- it when `until` has passed, and `term` rises whenever it changes hands. No advisory lock of a session: behind a pooler a
-- session is nobody's.
CREATE TABLE singleton (
  name text PRIMARY KEY,
  holder uuid NOT NULL,
  until timestamptz NOT NULL,
  term bigint NOT NULL DEFAULT 1
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
