/** What is flushed together, what waits, and what a flush that failed means. */
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type Flush, WriteAheadLog } from './write-ahead-log.ts';

/** Flushes that end when they are told. */
class FlushForTests {
  readonly #under: ((error: Error | null) => void)[] = [];
  begun = 0;

  readonly flush: Flush = (done) => {
    this.begun += 1;
    this.#under.push(done);
  };

  async end(error: Error | null = null): Promise<void> {
    this.#under.shift()?.(error);
    // Whoever waits for it goes on first.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

let written = 0;
/** Something has been written since it was last asked. */
const more = (): number => (written += 1);

test('who asks while a flush is under way waits for the next one, together', async () => {
  const disk = new FlushForTests();
  const log = new WriteAheadLog(disk.flush);
  const over: string[] = [];
  const ask = (name: string): void => void log.flush(more).then(() => over.push(name));
  ask('first');
  ask('second');
  ask('third');
  expect(disk.begun).toBe(1);
  await disk.end();
  expect(over).toEqual(['first']);
  expect(disk.begun).toBe(2);
  await disk.end();
  expect(over).toEqual(['first', 'second', 'third']);
  ask('fourth');
  expect(disk.begun).toBe(3);
  await disk.end();
  expect(over).toEqual(['first', 'second', 'third', 'fourth']);
});

test('who asks while a flush is under way shares it when nothing has been written since', async () => {
  const disk = new FlushForTests();
  const log = new WriteAheadLog(disk.flush);
  const both = Promise.all([log.flush(() => 7), log.flush(() => 7)]);
  await disk.end();
  await both;
  expect(disk.begun).toBe(1);
});

test('who asks as soon as a flush has ended shares the next one: two are never under way', async () => {
  const disk = new FlushForTests();
  const log = new WriteAheadLog(disk.flush);
  const asked = log.flush(more).then(() => log.flush(more));
  const second = log.flush(more);
  await disk.end();
  expect(disk.begun).toBe(2);
  await disk.end();
  await Promise.all([asked, second]);
  expect(disk.begun).toBe(2);
});

test('a flush that failed is heard of by whoever waited for it, and by nobody else', async () => {
  const disk = new FlushForTests();
  const log = new WriteAheadLog(disk.flush);
  const first = log.flush(more);
  const second = log.flush(more);
  const heard = expect(first).rejects.toMatchObject({ code: 'OUTBOX_FAILED' });
  await disk.end(new Error('EIO'));
  await heard;
  await disk.end();
  await second;
});

test('the file is closed when nothing is under way any more, and flushes no more', async () => {
  const disk = new FlushForTests();
  let closed = 0;
  const log = new WriteAheadLog(disk.flush, () => (closed += 1));
  const under = log.flush(more);
  log.close();
  log.close();
  expect(closed).toBe(0);
  await disk.end();
  await under;
  expect(closed).toBe(1);
  await expect(log.flush(more)).rejects.toMatchObject({ code: 'OUTBOX_FAILED' });
});

test('zeros at the end of the log are no frames: what was committed is read again, by whoever finds it after a kill', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'casare-wal-'));
  try {
    const file = join(folder, 'x.db');
    const writer = new DatabaseSync(file);
    writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');
    writer.exec('CREATE TABLE t (n INTEGER)');
    const log = WriteAheadLog.of(file);
    const size = statSync(`${file}-wal`).size;
    expect(size).toBeGreaterThan(4 * 2 ** 20);
    for (let n = 0; n < 100; n += 1) writer.exec(`INSERT INTO t VALUES (${n})`);
    await log.flush(more);
    expect(statSync(`${file}-wal`).size).toBe(size);
    // As they stand on the disk: a database of its own, which has to recover.
    for (const part of ['', '-wal']) copyFileSync(`${file}${part}`, `${file}.copy${part}`);
    const reader = new DatabaseSync(`${file}.copy`);
    expect(reader.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 100 });
    reader.close();
    log.close();
    writer.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
