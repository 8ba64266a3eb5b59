/** Files that somebody was given as run records: real zips, bent in one place each, beside one that is not. */
import { RECORD_FILES, type RunRecord } from '@casare/shared/record';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { openArchive } from './archive.ts';

const ID = '0198a7c0-0000-7000-8000-000000000000';
const at = '2026-01-01T00:00:00.000Z';
const RUN: RunRecord = {
  ...{ format: 'casare.run', version: 1, writtenAt: at, writtenBy: 'a test', document: null, attempts: [] },
  ...{ artifacts: [], missing: [], counts: { events: 0, steps: 0, lines: 0 } },
  job: {
    ...{ id: ID, state: 'succeeded', generation: 1, attempt: 1, agent: null, input: null, output: null, error: null },
    ...{ createdAt: at, startedAt: at, endedAt: at, review: null },
    workflow: { namespace: 'test', name: 'record', version: '1.0.0' },
  },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-archive-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, string | Buffer>>;

async function zipped(files: Files): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream);
}

/** A record with more files, whose bytes are bent before it is written. */
async function record(more: Files = {}, bend: (zip: Buffer) => Buffer = (zip) => zip): Promise<string> {
  const file = path.join(folder, `${Math.random()}.zip`);
  await writeFile(file, bend(await zipped({ [RECORD_FILES.run]: JSON.stringify(RUN), ...more })));
  return file;
}

/** The same bytes with one text in place of another of its length, wherever it stands. */
function renamed(from: string, to: string): (zip: Buffer) => Buffer {
  return (zip) => Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');
}

function codeOf(file: string): Promise<string> {
  return openArchive(file).then(
    (archive) => {
      archive.close();
      return 'opened';
    },
    (error: unknown) => String((error as { code?: string }).code),
  );
}

describe('a run record', () => {
  test('opens, and gives its files by name', async () => {
    const archive = await openArchive(await record({ 'artifacts/1/a b.txt': 'content' }));
    expect(archive.run).toEqual(RUN);
    const entry = await archive.open('artifacts/1/a b.txt');
    expect(entry).toMatchObject({ bytes: 7 });
    expect(await text(entry!.stream)).toBe('content');
    expect(await archive.open('artifacts/1/none')).toBeNull();
    archive.close();
  });

  test('that is not there, is no zip, or is cut off', async () => {
    expect(await codeOf(path.join(folder, 'none.zip'))).toBe('RECORD_NOT_FOUND');
    expect(await codeOf(folder)).toBe('RECORD_NOT_FOUND');
    const page = path.join(folder, 'page.zip');
    await writeFile(page, '<!doctype html>'.repeat(100));
    expect(await codeOf(page)).toBe('RECORD_NO_ZIP');
    expect(await codeOf(await record({}, (zip) => zip.subarray(0, zip.length - 30)))).toBe('RECORD_NO_ZIP');
  });

  test('that is another zip, or of a later version', async () => {
    const file = path.join(folder, 'other.zip');
    for (const [content, code] of [
      [{ 'a.txt': 'a' }, 'RECORD_NO_RUN'],
      [{ [RECORD_FILES.run]: 'not JSON' }, 'RECORD_NO_RUN'],
      [{ [RECORD_FILES.run]: '{"format":"another","version":1}' }, 'RECORD_NO_RUN'],
      [{ [RECORD_FILES.run]: JSON.stringify({ ...RUN, job: null }) }, 'RECORD_NO_RUN'],
      [{ [RECORD_FILES.run]: JSON.stringify({ ...RUN, version: 2, job: null }) }, 'RECORD_VERSION'],
    ] as const) {
      await writeFile(file, await zipped(content));
      expect(await codeOf(file), JSON.stringify(content)).toBe(code);
    }
  });

  test.each([
    ['leads upwards', 'xx/xx/evil.txt', '../../evil.txt'],
    ['begins at the root', 'xetc/passwd', '/etc/passwd'],
    ['names a drive', 'xx/evil.txt', 'C:/evil.txt'],
    ['holds a backslash', 'xx/xevil.txt', '..\\xevil.txt'],
    ['is there twice', 'xun.json', 'run.json'],
  ])('with a name that %s is refused', async (_, harmless, evil) => {
    expect(await codeOf(await record({ [harmless]: '{}' }))).toBe('opened');
    expect(await codeOf(await record({ [harmless]: '{}' }, renamed(harmless, evil)))).toBe('RECORD_UNSAFE');
  });

  test('that would fill the memory is refused before anything is unpacked', async () => {
    const large = (mebibytes: number) => ({ [RECORD_FILES.steps]: Buffer.alloc(mebibytes * 1_048_576, ' ') });
    expect(await codeOf(await record(large(1)))).toBe('opened');
    expect(await codeOf(await record(large(257)))).toBe('RECORD_TOO_LARGE');
    const many = (zip: Buffer): Buffer => {
      const bent = Buffer.from(zip);
      bent.writeUInt16LE(60_000, zip.length - 22 + 10);
      return bent;
    };
    expect(await codeOf(await record({}, many))).toBe('RECORD_TOO_LARGE');
  });

  test('whose file gives more or less than it announced breaks off', async () => {
    const whole = JSON.stringify(RUN);
    const announced = (bytes: number) => (zip: Buffer) => {
      const bent = Buffer.from(zip);
      // The size in the central directory, which is the one that readers go by.
      bent.writeUInt32LE(bytes, bent.indexOf('PK\u0001\u0002') + 24);
      return bent;
    };
    expect(await codeOf(await record({}, announced(whole.length)))).toBe('opened');
    expect(await codeOf(await record({}, announced(10)))).toBe('RECORD_DAMAGED');
    expect(await codeOf(await record({}, announced(whole.length + 1)))).toBe('RECORD_DAMAGED');
  });
});
