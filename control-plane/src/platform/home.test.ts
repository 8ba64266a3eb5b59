import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareHome, readPrivateFile, writePrivateFile } from './home.ts';

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

test('a private file that others may read is refused', async () => {
  const file = path.join(base, 'secret');
  await writePrivateFile(file, 'content');
  expect(await readdir(base)).toEqual(['secret']);
  expect((await readPrivateFile(file))?.toString()).toBe('content');
  await chmod(file, 0o644);
  await expect(readPrivateFile(file)).rejects.toMatchObject({ code: 'FILE_NOT_PRIVATE' });
});

test('a private file that is not there is null', async () => {
  expect(await readPrivateFile(path.join(base, 'none'))).toBeNull();
});
