/** Taking files away, where it is more than `files.delete` and `files.move` show. */
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeAt } from './remove.ts';

/** A user that folders keep out; root is kept out of none. */
const NOBODY = 65_534;

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'casare-remove-'));
  await chmod(home, 0o755);
});
afterEach(() => rm(home, { recursive: true }));

test.skipIf(process.platform !== 'linux')(
  'takes a file out of a folder that may be written to and not listed',
  async () => {
    const folder = join(home, 'drop');
    await mkdir(folder);
    await writeFile(join(folder, 'a.txt'), '');
    await chmod(folder, 0o333);
    await asOther(async () => {
      await expect(readdir(folder)).rejects.toMatchObject({ code: 'EACCES' });
      await removeAt(join(folder, 'a.txt'), 'a.txt');
    });
    await expect(stat(join(folder, 'a.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
    await chmod(folder, 0o700);
  },
);

/** As a user with no more rights than others have: tests may run as root. */
async function asOther(act: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return act();
  process.seteuid!(NOBODY);
  try {
    await act();
  } finally {
    process.seteuid!(0);
  }
}
