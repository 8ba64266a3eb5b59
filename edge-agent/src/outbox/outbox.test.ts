import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assignment, logLine, stepCompleted, stepStarted } from './outbox-for-tests.ts';
import { Outbox, StoredAssignment } from './index.ts';

let folder = '';
let outbox: Outbox | null = null;
const open = (maxBytes?: number): Outbox => {
  outbox = Outbox.open({ file: join(folder, 'outbox.db'), ...(maxBytes === undefined ? {} : { maxBytes }) });
  return outbox;
};
const close = (): void => {
  outbox?.close();
  outbox = null;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-outbox-'));
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true });
});

const at = new Date('2026-11-23T10:00:00.000Z');
const secretCanary = 'canary-9f8e7d';

test('an assignment is kept without its secrets', () => {
  const assigned = assignment({ secrets: { portal: { password: secretCanary } } });
  const box = open();
  expect(box.accept(StoredAssignment.parse(assigned))).toBe(true);
  expect(box.accept(StoredAssignment.parse(assigned))).toBe(false);
  expect(box.assignment(assigned)).toEqual(StoredAssignment.parse(assigned));
  close();
  for (const file of readdirSync(folder)) {
    expect(readFileSync(join(folder, file), 'latin1')).not.toContain(secretCanary);
  }
});

test('events are numbered without holes, nothing follows an ending, an ending leaves only when released', () => {
  const assigned = assignment();
  const box = open();
  box.accept(StoredAssignment.parse(assigned));
  expect(box.append(assigned, at, { type: 'run.started', resumed: false })).toBe(1);
  expect(box.append(assigned, at, stepStarted('/do/0'))).toBe(2);
  expect(box.append(assigned, at, { type: 'run.completed', output: 7 })).toBe(3);
  expect(() => box.append(assigned, at, logLine('late'))).toThrow(expect.objectContaining({ code: 'RUN_ENDED' }));
  expect(box.sendable(assigned, 0).map((event) => event.seq)).toEqual([1, 2]);
  box.release(assigned);
  expect(box.sendable(assigned, 1).map((event) => event.seq)).toEqual([2, 3]);
  expect(box.run(assigned)).toMatchObject({ phase: 'finished', ending: 'run.completed', lastSeq: 3 });
});

test('several events are written all or none', () => {
  const assigned = assignment();
  const box = open();
  box.accept(StoredAssignment.parse(assigned));
  expect(box.append(assigned, at, stepStarted('/do/1'), [stepCompleted('/do/0')])).toBe(2);
  const ending = { type: 'run.completed', output: 7 } as const;
  expect(() => box.append(assigned, at, stepStarted('/do/2'), [stepCompleted('/do/1'), ending])).toThrow(
    expect.objectContaining({ code: 'RUN_ENDED' }),
  );
  expect(box.run(assigned)).toMatchObject({ lastSeq: 2, ending: null });
  expect(box.journal(assigned).map(({ body }) => body)).toEqual([stepCompleted('/do/0'), stepStarted('/do/1')]);
});

test('an unreleased ending can be replaced, a released one cannot', () => {
  const assigned = assignment();
  const box = open();
  box.accept(StoredAssignment.parse(assigned));
  box.append(assigned, at, { type: 'run.completed', output: 7 });
  const failure = { type: 'run.failed', error: { type: 'about:blank', status: 500 } } as const;
  expect(box.replaceEnding(assigned, failure)).toBe(true);
  expect(box.journal(assigned).at(-1)?.body.type).toBe('run.failed');
  expect(box.run(assigned)?.ending).toBe('run.failed');
  box.release(assigned);
  expect(box.replaceEnding(assigned, { type: 'run.cancelled', reason: '' })).toBe(false);
});

test('an acknowledgement never goes back and never passes the last event', () => {
  const assigned = assignment();
  const box = open();
  box.accept(StoredAssignment.parse(assigned));
  box.append(assigned, at, logLine('one'));
  box.append(assigned, at, logLine('two'));
  box.acknowledge(assigned, 2);
  box.acknowledge(assigned, 1);
  expect(box.run(assigned)?.ackedSeq).toBe(2);
  box.acknowledge(assigned, 1_000_000);
  expect(box.run(assigned)?.ackedSeq).toBe(2);
});

test('everything answered before kill -9 is there after it', async () => {
  const assigned = assignment();
  const script = join(folder, 'writer.ts');
  const source = new URL('./index.ts', import.meta.url).pathname;
  writeFileSync(
    script,
    `import { Outbox } from ${JSON.stringify(source)};
     const box = Outbox.open({ file: ${JSON.stringify(join(folder, 'outbox.db'))} });
     const assigned = ${JSON.stringify(assigned)};
     box.accept(assigned);
     for (let n = 1; ; n += 1) {
       const seq = box.append(assigned, new Date(), { type: 'run.log', level: 'info', message: 'line ' + n });
       await new Promise((resolve) => process.stdout.write(seq + '\\n', resolve));
     }`,
  );
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', script]);
  let written = '';
  child.stdout.on('data', (chunk: Buffer) => {
    written += chunk.toString();
    if (written.split('\n').length > 300) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const answered = Number(written.trim().split('\n').at(-1));
  expect(answered).toBeGreaterThan(200);
  const journal = open().journal(assigned);
  expect(journal.length).toBeGreaterThanOrEqual(answered);
  expect(journal.map((event) => event.seq)).toEqual(journal.map((_, index) => index + 1));
});

test('a second agent on the same home is refused, a damaged outbox is named', () => {
  open();
  expect(() => Outbox.open({ file: join(folder, 'outbox.db') })).toThrow(
    expect.objectContaining({ code: 'AGENT_RUNNING' }),
  );
  close();
  writeFileSync(join(folder, 'outbox.db'), 'this is not a database, and it is long enough to be looked at'.repeat(100));
  expect(() => open()).toThrow(expect.objectContaining({ code: 'OUTBOX_DAMAGED' }));
});

test('a full outbox drops log lines, refuses steps, and still takes the ending', () => {
  const assigned = assignment();
  const box = open(400_000);
  box.accept(StoredAssignment.parse(assigned));
  const big = 'x'.repeat(15_000);
  let last = 1;
  while (last > 0) last = box.append(assigned, at, logLine(big));
  const output = { type: 'step.completed', path: '/a', position: '/a', output: big, durationMs: 1 } as const;
  expect(() => box.append(assigned, at, output)).toThrow(expect.objectContaining({ code: 'OUTBOX_FULL' }));
  while (box.append(assigned, at, logLine('small')) > 0);
  const before = box.run(assigned)!.lastSeq;
  expect(() => box.append(assigned, at, logLine('small'), [output])).toThrow(
    expect.objectContaining({ code: 'OUTBOX_FULL' }),
  );
  expect(box.run(assigned)!.lastSeq).toBe(before);
  // What has happened already is no more refused than an ending.
  expect(box.append(assigned, at, output, [], true)).toBe(before + 1);
  expect(box.append(assigned, at, { type: 'run.completed', output: big })).toBeGreaterThan(0);
  const journal = box.journal(assigned);
  expect(journal.map((event) => event.seq)).toEqual(journal.map((_, index) => index + 1));
});

test('disk is kept back for endings, given up when one does not fit, and kept back again for the next run', () => {
  const reserve = join(folder, 'outbox.db-reserve');
  const assigned = assignment();
  const box = open(400_000);
  box.accept(StoredAssignment.parse(assigned));
  expect(statSync(reserve).size).toBe(4_194_304);
  while (box.append(assigned, at, logLine('x'.repeat(15_000))) > 0);
  expect(existsSync(reserve)).toBe(true);
  box.append(assigned, at, { type: 'run.completed', output: 'x'.repeat(15_000) });
  expect(existsSync(reserve)).toBe(false);
  box.drop(assigned);
  box.accept(StoredAssignment.parse(assignment()));
  expect(statSync(reserve).size).toBe(4_194_304);
});

test('an event that fits no frame is refused', () => {
  const assigned = assignment();
  const box = open();
  box.accept(StoredAssignment.parse(assigned));
  const output = 'x'.repeat(1_100_000);
  expect(() => box.append(assigned, at, { type: 'run.completed', output })).toThrow(
    expect.objectContaining({ code: 'EVENT_TOO_LARGE' }),
  );
});

test('what a record lost that went back is sent again, and nothing else', () => {
  const assigned = assignment();
  const box = open();
  box.accept(StoredAssignment.parse(assigned));
  for (const message of ['a', 'b', 'c']) box.append(assigned, at, { type: 'run.log', level: 'info', message });
  box.acknowledge(assigned, 2);
  expect(box.rewind(assigned, 2)).toBe(false);
  expect(box.rewind(assigned, 1)).toBe(true);
  expect(box.sendable(assigned, box.run(assigned)!.ackedSeq).map(({ seq }) => seq)).toEqual([2, 3]);
  expect(box.rewind(assigned, 3)).toBe(false);
  expect(box.run(assigned)?.ackedSeq).toBe(1);
});

test('the highest epoch of the record and the end of the last lease survive a restart', () => {
  const box = open();
  expect([box.storeEpoch(), box.leaseUntil()]).toEqual([null, null]);
  box.noteStoreEpoch(7);
  box.noteStoreEpoch(3);
  box.noteLease(2_000.4);
  box.noteLease(1_000);
  close();
  const again = open();
  expect([again.storeEpoch(), again.leaseUntil()]).toEqual([7, 1_000]);
});

test('every start has a higher epoch', () => {
  expect(open().nextEpoch()).toBe(1);
  close();
  expect(open().nextEpoch()).toBe(2);
});
