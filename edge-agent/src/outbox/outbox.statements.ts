/** The statements of the outbox, named by intent: of its runs and files, and of the events of one lane. */
import { ALL_LANES, eventTable } from './outbox.schema.ts';

const RUN = `id, job, attempt, lane, phase, acked_seq, ending, ended_at, released, crashes, worker`;
/** Of the key of an event: its number. */
const NUMBER = `0xffffffff`;

export const SQL = {
  begin: `BEGIN IMMEDIATE`,
  commit: `COMMIT`,
  // grows with each row that this connection writes
  changes: `SELECT total_changes() AS changes`,

  bumpCounter: `
    INSERT INTO meta (key, value) VALUES (?, 1)
    ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value`,

  noteMeta: `INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2`,
  readMeta: `SELECT value FROM meta WHERE key = ?`,

  // in the lane with the fewest runs under way: of those behind it, none writes any more
  insertRun: `
    INSERT INTO run (job, attempt, phase, lane) VALUES (?, ?, 'waiting', (
      SELECT value FROM json_each('${JSON.stringify(ALL_LANES)}')
      ORDER BY (SELECT count(*) FROM run WHERE lane = value AND ending IS NULL), value LIMIT 1))
    ON CONFLICT DO NOTHING RETURNING id`,
  insertAssignment: `INSERT INTO assignment (run, document) VALUES (?, ?)`,
  readRun: `SELECT ${RUN} FROM run WHERE job = ? AND attempt = ?`,
  // where its events are, and whether there is an ending, and one that waits for its outputs
  findRun: `
    SELECT id, lane, ending IS NOT NULL AS ended, ending IS NOT NULL AND released = 0 AS held
    FROM run WHERE job = ? AND attempt = ?`,
  readAssignment: `SELECT document FROM assignment WHERE run = (SELECT id FROM run WHERE job = ? AND attempt = ?)`,
  listRuns: `SELECT ${RUN} FROM run ORDER BY id`,
  deleteRun: `DELETE FROM run WHERE id = ?`,
  markRunning: `UPDATE run SET phase = 'running' WHERE job = ? AND attempt = ? AND phase = 'waiting'`,
  countCrash: `UPDATE run SET crashes = crashes + 1 WHERE job = ? AND attempt = ? RETURNING crashes`,
  setWorker: `UPDATE run SET worker = ? WHERE job = ? AND attempt = ?`,
  // only `rewind` takes an acknowledgement back
  acknowledge: `UPDATE run SET acked_seq = ?2 WHERE id = ?1 AND acked_seq < ?2`,
  // the control plane's record went back to an earlier time: what it lacks is sent again
  rewind: `UPDATE run SET acked_seq = ?3 WHERE job = ?1 AND attempt = ?2 AND acked_seq > ?3`,
  release: `UPDATE run SET released = 1 WHERE job = ? AND attempt = ? AND ending IS NOT NULL`,

  finish: `UPDATE run SET phase = 'finished', ending = ?, ended_at = ? WHERE id = ?`,

  // what waits, for people: an ending counts, also while it is kept for its outputs
  depth: `
    SELECT sum(events) AS events, sum(bytes) AS event_bytes, min(oldest) AS oldest,
      (SELECT count(*) FROM artifact WHERE state = 'queued') AS files,
      (SELECT coalesce(sum(bytes), 0) FROM artifact WHERE state = 'queued') AS file_bytes
    FROM (${ALL_LANES.map(waiting).join(' UNION ALL ')})`,

  insertArtifact: `
    INSERT INTO artifact (artifact_id, job, attempt, name, kind, media_type, sha256, bytes, position, state, queued_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?) ON CONFLICT DO NOTHING`,
  readArtifact: `SELECT * FROM artifact WHERE artifact_id = ?`,
  artifactsOfRun: `SELECT * FROM artifact WHERE job = ? AND attempt = ?`,
  // declared outputs go first: success waits for them, evidence does not
  waitingArtifacts: `
    SELECT * FROM artifact WHERE state = 'queued' ORDER BY kind <> 'output', queued_at, artifact_id LIMIT ?`,
  settleArtifact: `UPDATE artifact SET state = ?, code = ? WHERE artifact_id = ? AND state = 'queued'`,
  // a note in place of a lost file is what is left of it
  evidenceOldestFirst: `
    SELECT * FROM artifact WHERE state = 'queued' AND kind <> 'output' AND name NOT LIKE '%.lost.json' ORDER BY queued_at, artifact_id LIMIT 100`,
  waitingBytes: `SELECT coalesce(sum(bytes), 0) AS bytes FROM artifact WHERE state = 'queued'`,
} as const;

/** What waits in one lane. `CROSS JOIN`: SQLite would rather read all events and look for a run to each of them. */
function waiting(lane: number): string {
  return `
    SELECT count(*) AS events, coalesce(sum(length(body)), 0) AS bytes, min(at) AS oldest
    FROM run CROSS JOIN ${eventTable(lane)} ON key > (id << 32 | acked_seq) AND key <= (id << 32 | ${NUMBER}) WHERE lane = ${lane}`;
}

/** Of the events of one lane. The first parameter is the run's id. */
export function laneSql(lane: number) {
  const events = eventTable(lane);
  const ofRun = `key > (?1 << 32) AND key <= (?1 << 32 | ${NUMBER})`;
  return {
    lastNumber: `SELECT key & ${NUMBER} AS seq FROM ${events} WHERE ${ofRun} ORDER BY key DESC LIMIT 1`,
    insertEvent: `INSERT INTO ${events} (key, at, body) VALUES (?1 << 32 | ?2, ?3, ?4)`,
    rewriteEvent: `UPDATE ${events} SET body = ?3 WHERE key = (?1 << 32 | ?2)`,
    deleteEvents: `DELETE FROM ${events} WHERE ${ofRun}`,
    journal: `SELECT key & ${NUMBER} AS seq, at, body FROM ${events} WHERE ${ofRun} ORDER BY key`,
    // numbers after ?2, up to ?3
    sendable: `
      SELECT key & ${NUMBER} AS seq, at, body FROM ${events}
      WHERE key > (?1 << 32 | ?2) AND key <= (?1 << 32 | ?3) ORDER BY key LIMIT ?4`,
    progress: `
      SELECT (SELECT at FROM ${events} WHERE ${ofRun} ORDER BY key LIMIT 1) AS since,
        (SELECT body ->> '$.name' FROM ${events}
         WHERE ${ofRun} AND body ->> '$.type' = 'step.started' ORDER BY key DESC LIMIT 1) AS step`,
  } as const;
}
