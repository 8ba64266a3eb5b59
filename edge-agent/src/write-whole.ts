/** Replacing files so that a crash leaves the old or the new content, never a part. */
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makePrivate } from './windows/index.ts';

/** Replaces a file as a whole: after a crash there is the old or the new content, never a part. */
export function writeWhole(path: string, content: string | Uint8Array, mode = 0o600): void {
  const part = `${path}.${process.pid}.part`;
  const file = openSync(part, 'w', mode);
  try {
    if (process.platform === 'win32' && mode === 0o600) makePrivate(part, false);
    writeSync(file, typeof content === 'string' ? Buffer.from(content) : content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(part, mode);
  renameSync(part, path);
  syncFolder(dirname(path));
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
