/** Replacing files so that a crash leaves the old or the new content, never a part. */
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivate } from './windows/index.ts';

/** Whose a file is to be. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Replaces a file as a whole: after a crash there is the old or the new content, never a part. Also in a folder of somebody
 * else's: the part has a name that nobody foresees, is made and never found, and gets mode and owner by its handle.
 */
export function writeWhole(path: string, content: string | Uint8Array, mode = 0o600, owner?: Owner): void {
  const part = `${path}.${randomBytes(8).toString('hex')}.part`;
  const file = openSync(part, 'wx', mode);
  try {
    try {
      if (process.platform === 'win32' && mode === 0o600) makePrivate(part, false);
      writeSync(file, typeof content === 'string' ? Buffer.from(content) : content);
      if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
      fchmodSync(file, mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** True for the name of a part of a file, also of one that a process of before has left. */
export function isPartOf(name: string, isFile: (name: string) => boolean): boolean {
  const [, file] = /^(.+)\.[0-9a-f]+\.part$/.exec(name) ?? [];
  return file !== undefined && isFile(file);
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
