/**
 * The outbox's tables, as numbered steps: `PRAGMA user_version` says which have run. A step is never edited once
 * released; a newer database than this program knows is refused.
 *
 * run       one attempt this agent holds; `released` says its ending may leave (its outputs are stored)
 * event     what happened, numbered from 1 without holes; removed with the run, once everything is acknowledged
 * artifact  files waiting for, or refused by, the control plane; the bytes are in the spool folder under the id
 */
import type { DatabaseSync } from 'node:sqlite';
import { Fault } from '../fault.ts';

/** The largest size of the database, bytes, unless it is said. */
export const OUTBOX_BYTES = 1_073_741_824;

const STEPS: readonly string[] = [
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
];

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
}
