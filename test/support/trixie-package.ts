/**
 * Files of packages of Debian 13 (trixie) on a Debian that is older: downloaded by apt with lists of its own, checked by
 * Debian's keys, and unpacked, never installed.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './program.ts';
import { KEYRING, mirror } from './debian-root.ts';

const run = promisify(execFile);
const MINUTE_MS = 60_000;

/** The folder that a package was unpacked into; throws where it cannot be had. */
export async function trixiePackage(name: string): Promise<string> {
  const kept = path.join(ROOT, 'node_modules', '.casare-trixie', name);
  if (existsSync(kept)) return kept;
  await mkdir(path.dirname(kept), { recursive: true });
  const fresh = await mkdtemp(path.join(path.dirname(kept), 'fresh-'));
  try {
    const list = path.join(fresh, 'sources.list');
    await writeFile(list, `deb [signed-by=${KEYRING}] ${await mirror()} trixie main\n`);
    const [state, cache] = [path.join(fresh, 'state'), path.join(fresh, 'cache')];
    for (const folder of [path.join(state, 'lists/partial'), path.join(cache, 'archives/partial')]) {
      await mkdir(folder, { recursive: true });
    }
    const own = [
      `Dir::Etc::sourcelist=${list}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State=${state}`,
      `Dir::Cache=${cache}`,
    ];
    const options = [...own, 'APT::Sandbox::User=root', 'Acquire::Languages=none'].flatMap((one) => ['-o', one]);
    await run('apt-get', [...options, 'update'], { timeout: 3 * MINUTE_MS });
    await run('apt-get', [...options, 'download', name], { cwd: fresh, timeout: 2 * MINUTE_MS });
    const file = (await readdir(fresh)).find((one) => one.endsWith('.deb'))!;
    await run('dpkg', ['-x', path.join(fresh, file), path.join(fresh, 'files')]);
    await rename(path.join(fresh, 'files'), kept).catch((error: unknown) => {
      // Another test was faster, with the same files.
      if (!existsSync(kept)) throw error;
    });
    return kept;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
