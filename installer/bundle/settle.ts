/** One mode and one time for all that is packed, whoever built it and when. */
import { chmod, lutimes, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Folders and what `runs` says (by its path below `out`, with `/`) can be run; links are as what they lead to. */
export async function settle(out: string, at: Date, runs: (file: string) => boolean): Promise<void> {
  for (const entry of await readdir(out, { withFileTypes: true, recursive: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const below = path.relative(out, file).split(path.sep).join('/');
    if (!entry.isSymbolicLink()) await chmod(file, entry.isDirectory() || runs(below) ? 0o755 : 0o644);
    await lutimes(file, at, at);
  }
  await lutimes(out, at, at);
}
