import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { masterKey, prepareHome, readPrivateFile, writePrivateFile } from './home.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'casare-home-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

test('the directory is made for its owner only; of root, others may pass through and list nothing', async () => {
  const home = path.join(base, 'a', 'b');
  await prepareHome(home);
  expect((await stat(home)).mode & 0o777).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
});

test('a file in its place is one clear line', async () => {
  const file = path.join(base, 'file');
  await writeFile(file, '');
  await expect(prepareHome(file)).rejects.toMatchObject({ code: 'HOME_NOT_WRITABLE' });
});

test.runIf(process.platform === 'linux')(
  'a place where nothing can be made is one clear line, and does not hang',
  async () => {
    await expect(prepareHome('/proc/casare/home')).rejects.toMatchObject({ code: 'HOME_NOT_WRITABLE' });
  },
);

test('the master key is made once, also by several at the same moment, and is private', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => masterKey(base)));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(keys[0]).toHaveLength(32);
  expect((await stat(path.join(base, 'master.key'))).mode & 0o777).toBe(0o600);
  expect(await readdir(base)).toEqual(['master.key']);
});

test('a master key that others may read, or a torn one, is refused', async () => {
  const file = path.join(base, 'master.key');
  await writePrivateFile(file, 'short');
  await expect(masterKey(base)).rejects.toMatchObject({ code: 'MASTER_KEY_UNUSABLE' });
  await chmod(file, 0o644);
  await expect(masterKey(base)).rejects.toMatchObject({ code: 'FILE_NOT_PRIVATE' });
});

test('a private file that is not there is null', async () => {
  expect(await readPrivateFile(path.join(base, 'none'))).toBeNull();
});
