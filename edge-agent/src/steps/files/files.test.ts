import { execFileSync } from 'node:child_process';
import {
  appendFile,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../fault.ts';
import { unrestricted } from '../../policy/index.ts';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';
import { filesOfArchive } from './archive.ts';

let run: StepRun;
let outside: string;
beforeAll(async () => {
  run = await newStepRun();
  outside = await mkdtemp(join(tmpdir(), 'casare-outside-'));
});
afterAll(async () => {
  await run.end();
  await rm(outside, { recursive: true, force: true });
});

/** A policy that opens `outside`, for reading only or also for writing. */
const opens = (...uses: ('read' | 'write')[]) => ({
  policy: {
    ...unrestricted,
    checkFile: async (path: string, use: 'read' | 'write') => {
      if (!path.startsWith(outside) || !uses.includes(use)) await unrestricted.checkFile(path, use);
    },
  },
});

describe('files.list and files.exists', () => {
  test('list by name, by pattern, by kind, with what lies below', async () => {
    await run.put('l/b.txt', '12');
    await run.put('l/a.pdf', '1');
    await run.put('l/sub/c.pdf', '');
    await symlink('/etc/passwd', run.path('l/link.pdf'));
    const paths = async (args: object) =>
      ((await run.call('files.list', args)) as { path: string }[]).map(({ path }) => path);
    expect(await run.call('files.list', { folder: 'l', pattern: '*.txt' })).toMatchObject([
      { path: 'l/b.txt', kind: 'file', bytes: 2 },
    ]);
    expect(await paths({ folder: 'l' })).toEqual(['l/a.pdf', 'l/b.txt']);
    expect(await paths({ folder: 'l', kind: 'any' })).toEqual(['l/a.pdf', 'l/b.txt', 'l/sub']);
    expect(await paths({ folder: 'l', recursive: true, pattern: '**/*.pdf' })).toEqual(['l/a.pdf', 'l/sub/c.pdf']);
    expect(await paths({ recursive: true })).toEqual(['l/a.pdf', 'l/b.txt', 'l/sub/c.pdf']);
    await expect(run.call('files.list', { folder: 'l', limit: 1 })).rejects.toMatchObject({ code: 'FILES_TOO_MANY' });
    await expect(run.call('files.list', { folder: 'nowhere' })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(run.call('files.list', { folder: 'l/b.txt' })).rejects.toMatchObject({ code: 'FOLDER_EXPECTED' });
  });

  test('a file is there or not; a folder is none; what the policy does not open is an error', async () => {
    await run.put('here.txt', '');
    expect(await run.call('files.exists', { file: 'here.txt' })).toBe(true);
    expect(await run.call('files.exists', { file: 'l' })).toBe(false);
    expect(await run.call('files.exists', { file: 'not/here.txt' })).toBe(false);
    const asked = run.call('files.exists', { file: '/etc/passwd' });
    await expect(asked).rejects.toMatchObject({ code: 'POLICY_FILE_REFUSED' });
  });
});

test('a file of an earlier attempt that is not here is said to be elsewhere, and not taken for missing', async () => {
  const earlier = { earlierFiles: ['earlier.txt', 'here-again.txt'] };
  await expect(run.call('data.text.read', { file: 'earlier.txt' }, earlier)).rejects.toMatchObject({
    code: 'FILE_ELSEWHERE',
  });
  await expect(run.call('files.exists', { file: 'earlier.txt' }, earlier)).rejects.toMatchObject({
    code: 'FILE_ELSEWHERE',
  });
  await expect(run.call('data.text.read', { file: 'other.txt' }, earlier)).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
  });
  await run.put('here-again.txt', 'here');
  expect(await run.call('data.text.read', { file: 'here-again.txt' }, earlier)).toBe('here');
});

describe('a folder that becomes a link while a file in it is opened', () => {
  /** Lets everything be opened, and swaps the folder as soon as the policy has judged a path in it. */
  const swapping = (open: string, elsewhere: string, isSwapping: boolean) => ({
    policy: {
      ...unrestricted,
      checkFile: async (path: string) => {
        if (!isSwapping || !path.startsWith(open) || (await lstat(open)).isSymbolicLink()) return;
        await rename(open, `${open}.away`);
        await symlink(elsewhere, open);
      },
    },
  });
  let [folder, open, closed] = ['', '', ''];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'casare-swap-'));
    [open, closed] = [join(folder, 'open'), join(folder, 'closed')];
    await Promise.all([mkdir(open), mkdir(closed)]);
    await Promise.all([writeFile(join(open, 'a.txt'), 'mine'), writeFile(join(closed, 'a.txt'), 'secret')]);
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is not read through', async () => {
    const read = (isSwapping: boolean) =>
      run.call('data.text.read', { file: join(open, 'a.txt') }, swapping(open, closed, isSwapping));
    expect(await read(false)).toBe('mine');
    await expect(read(true)).rejects.toMatchObject({ code: 'FILE_REPLACED', certain: true });
  });

  test('is not written through', async () => {
    await run.put('new.txt', 'new');
    const copy = (isSwapping: boolean) =>
      run.call('files.copy', { from: 'new.txt', to: join(open, 'a.txt') }, swapping(open, closed, isSwapping));
    await copy(false);
    expect(await readFile(join(open, 'a.txt'), 'utf8')).toBe('new');
    await expect(copy(true)).rejects.toMatchObject({ code: 'FILE_REPLACED', certain: true });
    expect(await readdir(closed)).toEqual(['a.txt']);
    expect(await readFile(join(closed, 'a.txt'), 'utf8')).toBe('secret');
  });
});

describe('files.copy, files.move, files.delete', () => {
  test('a copy in the run is an artifact; elsewhere the policy is asked, for each use by itself', async () => {
    await run.put('one.txt', 'one');
    const sha256 = '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed';
    const stored = { path: 'sub/two.txt', bytes: 3, sha256, mediaType: 'text/plain' };
    expect(await run.call('files.copy', { from: 'one.txt', to: 'sub/two.txt' })).toEqual(stored);
    expect(run.artifacts).toContain('sub/two.txt');
    const to = join(outside, 'out.txt');
    await expect(run.call('files.copy', { from: 'one.txt', to }, opens('read'))).rejects.toMatchObject({
      code: 'POLICY_FILE_REFUSED',
    });
    expect(await run.call('files.copy', { from: 'one.txt', to }, opens('write'))).toMatchObject({ path: to, sha256 });
    expect(await readdir(outside)).toEqual(['out.txt']);
    await expect(run.call('files.copy', { from: to, to: 'in.txt' }, opens('write'))).rejects.toMatchObject({
      code: 'POLICY_FILE_REFUSED',
    });
    await run.call('files.copy', { from: to, to: 'in.txt' }, opens('read'));
    expect(await run.text('in.txt')).toBe('one');
  });

  test('without `overwrite` only an equal file may be there, so that a repetition is no fault', async () => {
    await run.put('new.txt', 'new');
    await run.put('old.txt', 'old');
    const args = { from: 'new.txt', to: 'old.txt', overwrite: false };
    await expect(run.call('files.copy', args)).rejects.toMatchObject({ code: 'FILE_EXISTS' });
    expect(await run.text('old.txt')).toBe('old');
    await run.call('files.copy', { ...args, overwrite: true });
    await run.call('files.copy', args);
    expect(await run.text('old.txt')).toBe('new');
  });

  test('a move takes the old name away, never over another file, and only where the policy lets it', async () => {
    await run.put('m.txt', 'm');
    await run.put('taken.txt', 't');
    await expect(run.call('files.move', { from: 'm.txt', to: 'taken.txt' })).rejects.toMatchObject({
      code: 'FILE_EXISTS',
    });
    await run.call('files.move', { from: 'm.txt', to: 'taken.txt', overwrite: true });
    expect(await run.text('taken.txt')).toBe('m');
    expect(await run.call('files.exists', { file: 'm.txt' })).toBe(false);
    const same = { from: 'taken.txt', to: './taken.txt', overwrite: true };
    await expect(run.call('files.move', same)).rejects.toMatchObject({ code: 'FILE_SAME' });
    await writeFile(join(outside, 'inbox.txt'), 'in');
    const take = { from: join(outside, 'inbox.txt'), to: 'got.txt' };
    await expect(run.call('files.move', take, opens('read'))).rejects.toMatchObject({ code: 'POLICY_FILE_REFUSED' });
    expect(await run.call('files.exists', { file: 'got.txt' })).toBe(false);
    await run.call('files.move', take, opens('read', 'write'));
    expect(await readdir(outside)).not.toContain('inbox.txt');
  });

  test('deletes files, and nothing else', async () => {
    await run.put('gone.txt', '');
    expect(await run.call('files.delete', { file: 'gone.txt' })).toBe(true);
    await expect(run.call('files.delete', { file: 'gone.txt' })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(await run.call('files.delete', { file: 'gone.txt', missing: 'ignore' })).toBe(false);
    await run.put('folder/x', '');
    await expect(run.call('files.delete', { file: 'folder' })).rejects.toMatchObject({ code: 'FILE_NOT_REGULAR' });
    const file = join(outside, 'keep.txt');
    await writeFile(file, '');
    await expect(run.call('files.delete', { file }, opens('read'))).rejects.toMatchObject({
      code: 'POLICY_FILE_REFUSED',
    });
    expect(await run.call('files.delete', { file }, opens('read', 'write'))).toBe(true);
  });

  test('a pipe is not waited for, a device is not read', async () => {
    await mkdir(run.path('odd'), { recursive: true });
    execFileSync('mkfifo', [run.path('odd/pipe')]);
    const copied = run.call('files.copy', { from: 'odd/pipe', to: 'x' });
    await expect(copied).rejects.toMatchObject({ code: 'FILE_NOT_REGULAR' });
    const device = run.call(
      'data.hash',
      { file: '/dev/zero' },
      { policy: { ...unrestricted, checkFile: async () => {} } },
    );
    await expect(device).rejects.toMatchObject({ code: 'FILE_NOT_REGULAR' });
  });

  test('a file that the agent does not take fails the step by the code of the agent', async () => {
    const artifact = () => Promise.reject(new Fault('DISK_FULL', 'no room for a.txt: free space'));
    const written = run.call('data.text.write', { text: 'a', saveAs: 'a.txt' }, { artifact });
    await expect(written).rejects.toMatchObject({
      code: 'DISK_FULL',
      status: 507,
      detail: 'no room for a.txt: free space',
    });
  });

  test('a name that a folder has, or below a file, is said to be taken', async () => {
    await run.put('dir/x', '');
    const text = { text: '', saveAs: 'dir' };
    await expect(run.call('data.text.write', text)).rejects.toMatchObject({ code: 'FILE_NAME_TAKEN' });
    const below = { text: '', saveAs: 'dir/x/y' };
    await expect(run.call('data.text.write', below)).rejects.toMatchObject({ code: 'FILE_NAME_TAKEN' });
  });
});

describe('files.zip and files.unzip', () => {
  test('what was packed comes out again, in a folder of its own', async () => {
    await run.put('z/ä.txt', 'äöü'.repeat(10_000));
    await run.put('z/empty', '');
    expect(await run.call('files.zip', { files: ['z/ä.txt', 'z/empty'], saveAs: 'z.zip' })).toMatchObject({
      path: 'z.zip',
      mediaType: 'application/zip',
    });
    const unpacked = await run.call('files.unzip', { file: 'z.zip', to: 'again' });
    expect(unpacked).toMatchObject([
      { path: 'again/z/ä.txt', bytes: 60_000, mediaType: 'text/plain' },
      { path: 'again/z/empty', bytes: 0 },
    ]);
    expect(await run.bytes('again/z/ä.txt')).toEqual(await run.bytes('z/ä.txt'));
    expect(run.artifacts).toContain('again/z/ä.txt');
    expect(await run.call('files.unzip', { file: 'z.zip', to: 'some', pattern: '**/e*' })).toHaveLength(1);
  });

  test('a file that is missing leaves no archive behind', async () => {
    const packed = run.call('files.zip', { files: ['z/empty', 'z/missing'], saveAs: 'half.zip' });
    await expect(packed).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect((await readdir(run.path(''))).filter((name) => name.includes('half'))).toEqual([]);
    const twice = run.call('files.zip', { files: ['z/empty', '/a/z', '/b/z'], saveAs: 'x.zip' });
    await expect(twice).rejects.toMatchObject({ code: 'ZIP_NAME_DOUBLED' });
  });

  test('names that differ in capitals are two files here, and one on Windows: there nothing is unpacked', async () => {
    await run.put('Öl/A.txt', 'one');
    await run.put('öl/a.TXT', 'two');
    await run.call('files.zip', { files: ['Öl/A.txt', 'öl/a.TXT'], saveAs: 'capitals.zip' });
    await using handle = await open(run.path('capitals.zip'));
    const bounds = { entries: 2, bytes: 100 };
    expect(await filesOfArchive({ handle }, bounds, 'linux')).toHaveLength(2);
    await expect(filesOfArchive({ handle }, bounds, 'win32')).rejects.toMatchObject({
      code: 'ARCHIVE_REFUSED',
      detail: '"öl/a.TXT" and "Öl/A.txt" are one file on Windows: nothing of it was unpacked.',
    });
  });

  test('what is no archive is said to be none', async () => {
    await run.put('no.zip', 'not an archive at all, but a text');
    await expect(run.call('files.unzip', { file: 'no.zip' })).rejects.toMatchObject({ code: 'ARCHIVE_BROKEN' });
  });
});

describe('files.waitFor', () => {
  test('waits until a file is there and stands still', async () => {
    const folder = join(outside, 'inbox');
    await mkdir(folder);
    const file = join(folder, 'order-1.csv');
    const looked = { policy: { ...unrestricted, checkFile: async () => {} } };
    const waiting = run.call('files.waitFor', { folder, pattern: 'order-*.csv', quietMs: 600 }, looked);
    await writeFile(file, 'a');
    const writing = setInterval(() => void appendFile(file, 'b'), 100);
    try {
      await expect.poll(async () => (await stat(file)).size).toBeGreaterThan(8);
    } finally {
      clearInterval(writing);
    }
    const found = (await waiting) as { path: string; bytes: number };
    expect(found).toMatchObject({ path: file, kind: 'file' });
    expect(found.bytes).toBe((await stat(file)).size);
  });

  test('says in time that nothing came', async () => {
    const waiting = run.call('files.waitFor', { file: 'never.txt' }, { timeoutMs: 600 });
    await expect(waiting).rejects.toMatchObject({ type: 'timeout', code: 'FILE_NOT_IN_TIME' });
  });
});

describe('a folder that becomes a link between judging and using', () => {
  /** A policy that allows all, and swaps the folder for a link to another one at the last question. */
  const swapping = (folder: string, elsewhere: string) => ({
    policy: {
      ...unrestricted,
      checkFile: async (_: string, use: 'read' | 'write') => {
        if (use !== 'write') return;
        await rename(folder, `${folder}.away`);
        await symlink(elsewhere, folder);
      },
    },
  });

  test.each(['files.delete', 'files.move'])('%s takes nothing away there', async (step) => {
    const [folder, elsewhere] = await Promise.all(
      ['swapped', 'elsewhere'].map((name) => mkdtemp(join(outside, `${name}-`))),
    );
    for (const at of [folder!, elsewhere!]) await writeFile(join(at, 'a.txt'), at);
    const file = join(folder!, 'a.txt');
    const args = step === 'files.delete' ? { file } : { from: file, to: `moved-${step}.txt` };
    const failed = run.call(step, args, swapping(folder!, elsewhere!));
    await expect(failed).rejects.toMatchObject({
      code: step === 'files.delete' ? 'FILE_REPLACED' : 'FILE_NOT_REMOVED',
    });
    expect(await readFile(join(elsewhere!, 'a.txt'), 'utf8')).toBe(elsewhere);
    expect(await readFile(join(`${folder}.away`, 'a.txt'), 'utf8')).toBe(folder);
  });

  test('files.move takes away what it has read, and not what has its name by then', async () => {
    const folder = await mkdtemp(join(outside, 'renamed-'));
    const file = join(folder, 'a.txt');
    await writeFile(file, 'read');
    const policy = {
      ...unrestricted,
      checkFile: async (_: string, use: 'read' | 'write') => {
        if (use !== 'write') return;
        await rename(file, `${file}.away`);
        await writeFile(file, 'other');
      },
    };
    await expect(run.call('files.move', { from: file, to: 'moved-other.txt' }, { policy })).rejects.toMatchObject({
      code: 'FILE_NOT_REMOVED',
    });
    expect(await readFile(file, 'utf8')).toBe('other');
  });
});
