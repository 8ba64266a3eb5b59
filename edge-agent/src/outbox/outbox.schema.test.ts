/** The outbox of an earlier agent is taken over whole. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assignment, logLine, stepStarted } from './outbox-for-tests.ts';
import { Outbox, type RunKey, StoredAssignment, type WorkerRecord } from './index.ts';
import { STEPS } from './outbox.schema.ts';

const at = '2026-11-20T10:00:00.000Z';
const completed = { type: 'run.completed', output: 7 } as const;
const failed = { type: 'run.failed', error: { type: 'about:blank', status: 500 } } as const;
const worker: WorkerRecord = { pid: 7, startTicks: 8, marker: randomUUID() };

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-schema-'));
  file = join(folder, 'outbox.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('step 2 keeps runs in their order, assignments, events, acknowledgements, files and an ending that waits', () => {
  const underWay = assignment();
  const waiting = assignment({ jobId: underWay.jobId, attempt: 2 });
  const released = assignment();
  const held = assignment();
  const others = Array.from({ length: 40 }, () => assignment());
  const runs = [underWay, waiting, ...others, released, held];
  const database = ofStep1();
  for (const run of runs) insertRun(database, run);
  for (const body of [logLine('one'), stepStarted('/do/0'), logLine('three')]) insertEvent(database, underWay, body);
  for (const run of others) insertEvent(database, run, logLine(run.jobId));
  for (const run of [released, held]) for (const body of [logLine('one'), completed]) insertEvent(database, run, body);
  const ofRun = database.prepare(
    `UPDATE run SET phase = ?3, acked_seq = ?4, ending = ?5, ended_at = ?6, released = ?7, crashes = ?8, worker = ?9
     WHERE job = ?1 AND attempt = ?2`,
  );
  ofRun.run(underWay.jobId, 1, 'running', 2, null, null, 0, 1, JSON.stringify(worker));
  ofRun.run(released.jobId, 1, 'finished', 1, 'run.completed', 1_000, 1, 0, null);
  ofRun.run(held.jobId, 1, 'finished', 0, 'run.completed', 2_000, 0, 0, null);
  const [output, picture] = [insertFile(database, held, 'output'), insertFile(database, underWay, 'screenshot')];
  database.close();

  let box = Outbox.open({ file });
  box.close();
  box = Outbox.open({ file });
  expect(box.runs().map(({ jobId, attempt }) => ({ jobId, attempt }))).toEqual(
    runs.map(({ jobId, attempt }) => ({ jobId, attempt })),
  );
  for (const run of runs) expect(box.assignment(run)).toEqual(StoredAssignment.parse(run));
  for (const run of others) expect(box.journal(run)).toEqual([{ seq: 1, at, body: logLine(run.jobId) }]);
  const plain = { crashes: 0, worker: null, released: false, ending: null, endedAt: null };
  const first = { jobId: underWay.jobId, attempt: 1, phase: 'running', lastSeq: 3, ackedSeq: 2 };
  expect(box.run(underWay)).toEqual({ ...plain, ...first, crashes: 1, worker });
  expect(box.run(waiting)).toMatchObject({ ...plain, phase: 'waiting', lastSeq: 0 });
  const finished = { phase: 'finished', lastSeq: 2, ending: 'run.completed' };
  expect(box.run(released)).toMatchObject({ ...finished, ackedSeq: 1, endedAt: 1_000, released: true });
  expect(box.run(held)).toMatchObject({ ...finished, ackedSeq: 0, endedAt: 2_000, released: false });
  expect(box.sendable(underWay, 1).map(({ seq }) => seq)).toEqual([2, 3]);
  expect(box.sendable(released, 1).map(({ body }) => body)).toEqual([completed]);
  expect(box.sendable(held, 0).map(({ seq }) => seq)).toEqual([1]);
  expect(box.waitingArtifacts(9).map(({ artifactId }) => artifactId)).toEqual([output, picture]);
  expect(box.artifactsOf(held)).toMatchObject([{ artifactId: output, attempt: 1, bytes: 3, state: 'queued' }]);
  expect(box.depth()).toMatchObject({ events: 1 + others.length + 1 + 2, oldest: at, files: 2, fileBytes: 6 });
  expect(box.progress(underWay)).toEqual({ since: at, step: 'step' });

  expect(box.append(underWay, new Date(at), logLine('four'))).toBe(4);
  expect(box.replaceEnding(held, failed)).toBe(true);
  expect(box.replaceEnding(released, failed)).toBe(false);
  box.drop(held);
  expect(box.artifact(output)).toBeNull();
  box.close();
});

test('nothing of a run is left when it is dropped, and no file is without its run', () => {
  const [one, other] = [assignment(), assignment()];
  const box = Outbox.open({ file });
  for (const run of [one, other]) box.accept(StoredAssignment.parse(run));
  for (const run of [one, other]) box.append(run, new Date(at), logLine('one'));
  box.drop(one);
  const lost = { artifactId: randomUUID(), jobId: one.jobId, attempt: 1, name: 'x', kind: 'output' as const };
  const facts = { mediaType: 'text/plain', sha256: 'a'.repeat(64), bytes: 3, position: null };
  expect(() => box.queueArtifact({ ...lost, ...facts }, new Date(at))).toThrow(/FOREIGN KEY/);
  box.close();
  const database = new DatabaseSync(file);
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM ${String(name)}`).all());
  expect(JSON.stringify(rows)).not.toContain(one.jobId);
  expect(tables.map(({ name }) => String(name)).filter((name) => name.endsWith('_before'))).toEqual([]);
  expect(database.prepare('SELECT count(*) AS n FROM event_0').get()).toEqual({ n: 0 });
  expect(database.prepare('SELECT count(*) AS n FROM event_1').get()).toEqual({ n: 1 });
  database.close();
});

test('the outbox of a newer agent is refused', () => {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${STEPS.length + 1}`);
  database.close();
  expect(() => Outbox.open({ file })).toThrow(expect.objectContaining({ code: 'OUTBOX_TOO_NEW' }));
});

function ofStep1(): DatabaseSync {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
  database.exec(`PRAGMA journal_mode = WAL; ${STEPS[0]!}; PRAGMA user_version = 1`);
  return database;
}

function insertRun(database: DatabaseSync, run: ReturnType<typeof assignment>): void {
  const text = JSON.stringify(StoredAssignment.parse(run));
  const statement = `INSERT INTO run (job, attempt, assignment, phase) VALUES (?, ?, ?, 'waiting')`;
  database.prepare(statement).run(run.jobId, run.attempt, text);
}

function insertEvent(database: DatabaseSync, { jobId, attempt }: RunKey, body: object): void {
  const number = 'UPDATE run SET last_seq = last_seq + 1 WHERE job = ? AND attempt = ? RETURNING last_seq';
  const seq = database.prepare(number).get(jobId, attempt)!['last_seq']!;
  const event = 'INSERT INTO event (job, attempt, seq, at, body) VALUES (?, ?, ?, ?, ?)';
  database.prepare(event).run(jobId, attempt, seq, at, JSON.stringify(body));
}

function insertFile(database: DatabaseSync, { jobId, attempt }: RunKey, kind: string): string {
  const id = randomUUID();
  database
    .prepare(`INSERT INTO artifact VALUES (?, ?, ?, 'x', ?, 'text/plain', ?, 3, NULL, 'queued', NULL, 5)`)
    .run(id, jobId, attempt, kind, 'a'.repeat(64));
  return id;
}
