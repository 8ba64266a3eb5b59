import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMasterKey } from './master-key.ts';
import { must } from './world.fixture.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'casare-master-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

test('the master key is made once, also by several at the same moment, and is private', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, async () => must(await openMasterKey(base))));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(keys[0]).toHaveLength(32);
  expect((await stat(path.join(base, 'master.key'))).mode & 0o777).toBe(0o600);
  expect(await readdir(base)).toEqual(['master.key']);
});

test('one that others may read, or a torn one, is refused; so is a place where none can be made', async () => {
  const file = path.join(base, 'master.key');
  await writeFile(file, 'short', { mode: 0o600 });
  expect(await openMasterKey(base)).toMatchObject({ code: 'MASTER_KEY_UNUSABLE' });
  await chmod(file, 0o644);
  expect(await openMasterKey(base)).toMatchObject({ code: 'FILE_NOT_PRIVATE' });
  expect(await openMasterKey(path.join(base, 'none'))).toMatchObject({ code: 'MASTER_KEY_UNUSABLE' });
});
