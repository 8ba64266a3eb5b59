/** Whether what was opened lies where it was looked for: a folder on the way may have become a link in between. */
import { readlink, realpath, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { finalPath, folded } from './windows/index.ts';

/** @param path absolute, free of links when it was judged */
export async function isOpenedAt(handle: FileHandle, path: string): Promise<boolean> {
  if (process.platform === 'win32') {
    const lies = finalPath(handle.fd);
    return lies !== null && folded(lies) === folded(path);
  }
  // Linux says what an open file is called, whatever has happened to its folders since.
  const called = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => null);
  return called === null ? await isStill(handle, path) : called === path;
}

/** Elsewhere the path is looked at once more, which leaves less time to whoever swaps folders, and not none. */
async function isStill(handle: FileHandle, path: string): Promise<boolean> {
  const [opened, there] = await Promise.all([handle.stat({ bigint: true }), stat(path, { bigint: true })]);
  return (await realpath(path)) === path && opened.dev === there.dev && opened.ino === there.ino;
}
