/** Of a run, without its assignment, which may be large and is read once. */
const RUN = `job, attempt, phase, last_seq, acked_seq, ending, ended_at, released, crashes, worker`;

/** Every statement of the outbox, named by intent. */
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

  insertRun: `
    INSERT INTO run (job, attempt, assignment, phase) VALUES (?, ?, ?, 'waiting') ON CONFLICT DO NOTHING`,
  readRun: `SELECT ${RUN} FROM run WHERE job = ? AND attempt = ?`,
  readAssignment: `SELECT assignment FROM run WHERE job = ? AND attempt = ?`,
  listRuns: `SELECT ${RUN} FROM run ORDER BY rowid`,
  deleteRun: `DELETE FROM run WHERE job = ? AND attempt = ?`,
  markRunning: `UPDATE run SET phase = 'running' WHERE job = ? AND attempt = ? AND phase = 'waiting'`,
  countCrash: `UPDATE run SET crashes = crashes + 1 WHERE job = ? AND attempt = ? RETURNING crashes`,
  setWorker: `UPDATE run SET worker = ? WHERE job = ? AND attempt = ?`,
  // an acknowledgement never passes what was written, and only `rewind` takes one back
  acknowledge: `
    UPDATE run SET acked_seq = min(?3, last_seq) WHERE job = ?1 AND attempt = ?2 AND acked_seq < min(?3, last_seq)`,
  // the control plane's record went back to an earlier time: what it lacks is sent again
  rewind: `UPDATE run SET acked_seq = ?3 WHERE job = ?1 AND attempt = ?2 AND acked_seq > ?3`,
  release: `UPDATE run SET released = 1 WHERE job = ? AND attempt = ? AND ending IS NOT NULL`,

  // one number per event, no holes: the number is taken and the event written in one transaction
  takeNumber: `
    UPDATE run SET last_seq = last_seq + 1 WHERE job = ? AND attempt = ? AND ending IS NULL RETURNING last_seq`,
  insertEvent: `INSERT INTO event (job, attempt, seq, at, body) VALUES (?, ?, ?, ?, ?)`,
  finish: `UPDATE run SET phase = 'finished', ending = ?, ended_at = ? WHERE job = ? AND attempt = ?`,
  // an ending that has not left yet may still turn out to be another one (its outputs were refused)
  replaceEnding: `
    UPDATE event SET body = ?3 WHERE job = ?1 AND attempt = ?2
      AND seq = (SELECT last_seq FROM run WHERE job = ?1 AND attempt = ?2 AND ending IS NOT NULL AND released = 0)`,
  journal: `SELECT seq, at, body FROM event WHERE job = ? AND attempt = ? ORDER BY seq`,
  // what may leave: everything but an ending that still waits for its outputs
  sendable: `
    SELECT e.seq, e.at, e.body FROM event e JOIN run r ON r.job = e.job AND r.attempt = e.attempt
    WHERE e.job = ? AND e.attempt = ? AND e.seq > ?
      AND (r.ending IS NULL OR r.released = 1 OR e.seq < r.last_seq)
    ORDER BY e.seq LIMIT ?`,

  // what waits, for people: an ending counts, also while it is kept for its outputs
  depth: `
    SELECT count(e.seq) AS events, coalesce(sum(length(e.body)), 0) AS event_bytes, min(e.at) AS oldest,
      (SELECT count(*) FROM artifact WHERE state = 'queued') AS files,
      (SELECT coalesce(sum(bytes), 0) FROM artifact WHERE state = 'queued') AS file_bytes
    FROM run r JOIN event e ON e.job = r.job AND e.attempt = r.attempt AND e.seq > r.acked_seq`,
  progress: `
    SELECT (SELECT at FROM event WHERE job = ?1 AND attempt = ?2 ORDER BY seq LIMIT 1) AS since,
      (SELECT body ->> '$.name' FROM event
       WHERE job = ?1 AND attempt = ?2 AND body ->> '$.type' = 'step.started' ORDER BY seq DESC LIMIT 1) AS step`,

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
