/** What a commit writes, however many runs are under way, and that no statement reads a lane from end to end. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunEventBody } from '@casare/shared/protocol';
import { assignment, logLine, stepCompleted, stepStarted } from './outbox-for-tests.ts';
import { Outbox, type RunKey, StoredAssignment } from './index.ts';
import { migrate } from './outbox.schema.ts';
import { laneSql, SQL } from './outbox.statements.ts';

const at = new Date('2026-11-27T10:00:00.000Z');
const COMMITS = 100;
const FRAME_BYTES = 24 + 4_096;

let folder = '';
let file = '';
let box: Outbox;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-lanes-'));
  file = join(folder, 'outbox.db');
  box = Outbox.open({ file });
});
afterEach(() => {
  box.close();
  rmSync(folder, { recursive: true });
});

test.each([1, 2, 3, 12])('with %i runs under way a commit of two events writes less than two pages', (count) => {
  const runs = accepted(count);
  steps(runs, 3 * count);
  const before = frames();
  steps(runs, COMMITS);
  expect((frames() - before) / COMMITS).toBeLessThan(2);
});

test('also beside runs that ended, and in pages that others left', () => {
  const gone = accepted(4);
  steps(gone, 40);
  for (const run of gone.slice(0, 2)) box.append(run, at, { type: 'run.completed', output: 7 });
  for (const run of gone.slice(1, 3)) box.drop(run);
  const runs = accepted(3);
  steps(runs, 9);
  const before = frames();
  steps(runs, COMMITS);
  // A page that is used again is taken from the list of free ones, which is a page too.
  expect((frames() - before) / COMMITS).toBeLessThan(2.3);
});

test('runs under way have lanes of their own, which those after them take over', () => {
  const first = accepted(16);
  for (const run of first.slice(3, 5)) box.append(run, at, { type: 'run.completed', output: 7 });
  const next = accepted(2);
  const lanes = lanesByJob();
  expect(new Set(first.map(({ jobId }) => lanes.get(jobId))).size).toBe(16);
  expect(next.map(({ jobId }) => lanes.get(jobId))).toEqual(first.slice(3, 5).map(({ jobId }) => lanes.get(jobId)));
});

test('more runs than lanes: each has its own events, and takes nobody else with it when it goes', () => {
  const runs = accepted(20);
  for (let round = 1; round <= 3; round += 1) {
    for (const run of runs) expect(box.append(run, at, logLine(`${run.jobId} ${round}`))).toBe(round);
  }
  const [kept, gone] = [runs.filter((_, n) => n % 3 > 0), runs.filter((_, n) => n % 3 === 0)];
  for (const run of gone) box.drop(run);
  for (const run of kept) {
    expect(box.journal(run).map(({ body }) => body)).toEqual([1, 2, 3].map((n) => logLine(`${run.jobId} ${n}`)));
    expect(box.sendable(run, 1).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(box.run(run)).toMatchObject({ lastSeq: 3 });
  }
  for (const run of gone) expect([box.run(run), box.journal(run), box.sendable(run, 0)]).toEqual([null, [], []]);
  expect(box.depth().events).toBe(3 * kept.length);
});

test('a number that was never written reaches no other run', () => {
  const runs = accepted(20);
  for (const run of runs) box.append(run, at, logLine('one'));
  for (const run of runs) expect(box.sendable(run, 2 ** 33)).toEqual([]);
  box.acknowledge(runs[0]!, 2 ** 33);
  expect(runs.map((run) => box.run(run)?.ackedSeq)).toEqual(runs.map((_, n) => (n === 0 ? 1 : 0)));
});

test('no statement reads all events of a lane', () => {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  for (const text of [...Object.values(SQL), ...Object.values(laneSql(3))].filter((one) => /\bevent_/.test(one))) {
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
    expect(plan.map(({ detail }) => String(detail)).filter((line) => line.startsWith('SCAN event_'))).toEqual([]);
  }
  database.close();
});

/** Assignments of a long document. */
function accepted(count: number): RunKey[] {
  return Array.from({ length: count }, () => {
    const assigned = assignment({}, [{ one: { set: { a: 'x'.repeat(40_000) } } }]);
    box.accept(StoredAssignment.parse(assigned));
    return assigned;
  });
}

/** Commits of the end of a step and the start of the next, 500 bytes each; the runs take turns. */
function steps(runs: readonly RunKey[], commits: number): void {
  const [ended, started] = [stepCompleted('/do/0'), stepStarted('/do/1')].map(filled);
  for (let n = 0; n < commits; n += 1) box.append(runs[n % runs.length]!, at, started!, [ended!]);
}

function filled(event: RunEventBody): RunEventBody {
  if (event.type === 'step.completed') return { ...event, output: 'x'.repeat(500 - JSON.stringify(event).length) };
  return { ...event, path: `/do/${'x'.repeat(500 - JSON.stringify(event).length)}` } as RunEventBody;
}

/** Pages in the write-ahead log: https://www.sqlite.org/walformat.html */
function frames(): number {
  const log = readFileSync(`${file}-wal`);
  const salt = log.subarray(16, 24);
  let count = 0;
  for (let offset = 32; log.subarray(offset + 8, offset + 16).equals(salt); offset += FRAME_BYTES) count += 1;
  return count;
}

function lanesByJob(): Map<string, number> {
  box.close();
  const database = new DatabaseSync(file);
  const rows = database.prepare('SELECT job, lane FROM run').all();
  database.close();
  box = Outbox.open({ file });
  return new Map(rows.map(({ job, lane }) => [String(job), Number(lane)]));
}
