/**
 * Attacks 36 and 39, as far as run records go: a record that comes from a stranger, and a run whose texts want to be a page.
 * What the viewer does with them in a browser is in `test/e2e/run-view.test.ts`.
 */
import { recordFiles, type RecordFile, type RecordSource } from '@casare/shared/record';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect } from 'vitest';
import { openArchive } from '../../control-plane/src/cli/run-view/archive.ts';
import { zipOf } from '../../control-plane/src/jobs/run-zip.ts';
import { attack } from './attack.ts';

const ARCHIVE = 'control-plane/src/cli/run-view/archive.ts';
const at = new Date('2026-01-01T00:00:00Z');
const HOSTILE = '</script><script>alert(1)</script><!--';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-records-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

attack(
  36,
  'a run record whose files are named to lead out of it or to hide another is refused whole',
  [
    { file: ARCHIVE, find: 'strictFileNames: true', replace: 'strictFileNames: false' },
    { file: ARCHIVE, find: 'if (entries.has(fileName)) throw unsafe(file, `${fileName} is in it twice`);' },
  ],
  async () => {
    for (const evil of [
      '../../evil.txt',
      '/etc/cron.d/evil',
      'C:/evil.txt',
      '..\\..\\evil.txt',
      'evil\\here.txt',
      'run.json',
    ]) {
      const harmless = 'x'.repeat(evil.length);
      expect(await opened(await bytesOf([harmless])), harmless).toBe('opened');
      const bent = Buffer.from((await bytesOf([harmless])).toString('latin1').replaceAll(harmless, evil), 'latin1');
      expect(await opened(bent), evil).toBe('RECORD_UNSAFE');
    }
  },
);

attack(
  36,
  'a run record that unpacks to more than it may is refused before a byte of it is unpacked',
  [{ file: ARCHIVE, find: 'if (uncompressedSize > most)', replace: 'if (uncompressedSize > most * 2)' }],
  async () => {
    expect(await opened(await bytesOf(['steps.json'], 1))).toBe('opened');
    expect(await opened(await bytesOf(['steps.json'], 257))).toBe('RECORD_TOO_LARGE');
  },
);

attack(
  39,
  'texts of a run that want to be a page stay data in the page of its record',
  [{ file: 'shared/src/record/page.ts', find: ".replaceAll('<', String.raw`\\u003c`)" }],
  async () => {
    const viewer = '<i></i><script type="application/json" id="casare-record"></script><b></b>';
    const files = recordFiles(source(), { writtenAt: at, writtenBy: 'a test', viewer });
    let page = '';
    for await (const { name, content } of files) {
      const written = await text(Readable.from(content));
      if (name === 'index.html') page = written;
    }
    const data = page.slice(
      '<i></i><script type="application/json" id="casare-record">'.length,
      -'</script><b></b>'.length,
    );
    expect(data).not.toMatch(/<|\u2028/);
    expect(JSON.parse(data)).toMatchObject({ run: { job: { input: HOSTILE } }, lines: [{ message: HOSTILE }] });
  },
);

/** How opening these bytes as a record ends. */
async function opened(zip: Buffer): Promise<string> {
  const file = path.join(folder, 'run.zip');
  await writeFile(file, zip);
  try {
    (await openArchive(file)).close();
    return 'opened';
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

/** A record with more files of so many mebibytes each. */
function bytesOf(names: readonly string[], mebibytes = 0): Promise<Buffer> {
  async function* files(): AsyncGenerator<RecordFile> {
    for await (const file of recordFiles(source(), { writtenAt: at, writtenBy: 'a test', viewer: null })) {
      if (names.includes(file.name)) continue;
      yield file;
    }
    for (const name of names) yield { name, packed: false, content: spaces(mebibytes) };
  }
  return buffer(zipOf(files(), at));
}

async function* spaces(mebibytes: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(1_048_576, ' ');
  for (let n = 0; n < mebibytes; n += 1) yield chunk;
}

function source(): RecordSource {
  const time = at.toISOString();
  async function* none(): AsyncGenerator<never> {}
  async function* lines() {
    yield { attempt: 1, seq: 1, at: time, level: 'info', message: HOSTILE };
  }
  return {
    job: {
      ...{ id: '0198a7c0-0000-7000-8000-000000000000', state: 'succeeded', generation: 1, attempt: 1, agent: null },
      ...{ input: HOSTILE, output: null, error: null, createdAt: time, startedAt: time, endedAt: time, review: null },
      workflow: { namespace: 'test', name: 'hostile', version: '1.0.0' },
    },
    ...{ document: { [HOSTILE]: HOSTILE }, attempts: [], events: none, steps: none, log: lines, artifacts: none },
    open: () => Promise.resolve({ missing: 'none' }),
  };
}
