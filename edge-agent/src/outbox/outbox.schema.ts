/**
 * The outbox's tables, as numbered steps: `PRAGMA user_version` says which have run. A step is never edited once
 * released; a newer database than this program knows is refused.
 *
 * run         one attempt this agent holds; small, because it is written often; `released` says its ending may leave (its
 *             outputs are stored)
 * assignment  what it was asked to do; large, written once
 * event_N     what happened, numbered from 1 without holes; removed with the run, once everything is acknowledged
 * artifact    files waiting for, or refused by, the control plane; the bytes are in the spool folder under the id
 *
 * An event is kept in the lane of its run, under the run's id and its own number in one key (`id << 32 | number`). Runs under
 * way have lanes of their own, so an event is the last row of its table: SQLite fills one page after the other and touches no
 * page beside them. In one table for all runs it would have to make room between them, and write four pages for one (0069).
 */
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../fault.ts';

/** The largest size of the database, bytes, unless it is said. */
export const OUTBOX_BYTES = 1_073_741_824;

/** Tables of events; a number of the schema, so another one is another step. */
const LANES = 16;
export const ALL_LANES: readonly number[] = Array.from({ length: LANES }, (_, lane) => lane);

/** Exported for tests, which make a database of an earlier agent by them. */
export const STEPS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE run (
    job TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    assignment TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('waiting', 'running', 'finished')),
    last_seq INTEGER NOT NULL DEFAULT 0,
    acked_seq INTEGER NOT NULL DEFAULT 0,
    ending TEXT,
    ended_at INTEGER,
    released INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    PRIMARY KEY (job, attempt)
  ) STRICT;
  CREATE TABLE event (
    job TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, attempt, seq),
    FOREIGN KEY (job, attempt) REFERENCES run (job, attempt) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE artifact (
    artifact_id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    position TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'stored', 'refused')),
    code TEXT,
    queued_at INTEGER NOT NULL,
    FOREIGN KEY (job, attempt) REFERENCES run (job, attempt) ON DELETE CASCADE
  ) STRICT;
  -- the uploader asks for waiting files, outputs first
  CREATE INDEX artifact_waiting ON artifact (kind, queued_at) WHERE state = 'queued';
  CREATE INDEX artifact_of_run ON artifact (job, attempt);
  `,
  // lanes of events; the files refer to the table of runs, which has to be made anew, and are therefore copied too
  `
  DROP INDEX artifact_waiting;
  DROP INDEX artifact_of_run;
  ALTER TABLE artifact RENAME TO artifact_before;
  ALTER TABLE event RENAME TO event_before;
  ALTER TABLE run RENAME TO run_before;
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 15),
    phase TEXT NOT NULL CHECK (phase IN ('waiting', 'running', 'finished')),
    acked_seq INTEGER NOT NULL DEFAULT 0,
    ending TEXT,
    ended_at INTEGER,
    released INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    UNIQUE (job, attempt)
  ) STRICT;
  INSERT INTO run (id, job, attempt, lane, phase, acked_seq, ending, ended_at, released, crashes, worker)
    SELECT rowid, job, attempt, rowid % 16, phase, acked_seq, ending, ended_at, released, crashes, worker
    FROM run_before ORDER BY rowid;
  CREATE TABLE assignment (
    run INTEGER PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    document TEXT NOT NULL
  ) STRICT;
  INSERT INTO assignment (run, document) SELECT rowid, assignment FROM run_before ORDER BY rowid;
  CREATE TABLE artifact (
    artifact_id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    position TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'stored', 'refused')),
    code TEXT,
    queued_at INTEGER NOT NULL,
    FOREIGN KEY (job, attempt) REFERENCES run (job, attempt) ON DELETE CASCADE
  ) STRICT;
  INSERT INTO artifact SELECT * FROM artifact_before ORDER BY rowid;
  DROP TABLE artifact_before;
  -- the uploader asks for waiting files, outputs first
  CREATE INDEX artifact_waiting ON artifact (kind, queued_at) WHERE state = 'queued';
  CREATE INDEX artifact_of_run ON artifact (job, attempt);
  ${ALL_LANES.map(moveEvents).join('')}
  DROP TABLE event_before;
  DROP TABLE run_before;
  `,
];

/** One lane's events. What was copied is removed before the next lane takes its room: the file hardly grows. */
function moveEvents(lane: number): string {
  return `
  CREATE TABLE ${eventTable(lane)} (key INTEGER PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  INSERT INTO ${eventTable(lane)} (key, at, body)
    SELECT (r.id << 32) | e.seq, e.at, e.body FROM run r JOIN event_before e ON e.job = r.job AND e.attempt = r.attempt
    WHERE r.lane = ${lane} ORDER BY r.id, e.seq;
  DELETE FROM event_before WHERE (job, attempt) IN (SELECT job, attempt FROM run WHERE lane = ${lane});`;
}

export function eventTable(lane: number): string {
  return `event_${lane}`;
}

/** Brings the database to the newest schema. Throws a Fault for one written by a newer agent. */
export function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > STEPS.length) {
    throw new Fault(
      'OUTBOX_TOO_NEW',
      `the outbox has schema ${version} but this agent knows ${STEPS.length}: install the newer agent again`,
    );
  }
  for (const [index, step] of STEPS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
  // What a step moved is in the write-ahead log, which would keep its size.
  if (version < STEPS.length) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}
