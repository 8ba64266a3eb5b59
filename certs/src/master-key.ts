/**
 * The master key: the 32 bytes that CA keys are sealed under. Only a signer opens the file: the signer process, or a
 * person's command on the server itself. It is made on first use; losing it means losing the CAs.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { accept, refuse, type Result } from './result.ts';
import { MASTER_KEY_BYTES } from './sealed-key.ts';

export type MasterKeyCode = 'MASTER_KEY_UNUSABLE' | 'FILE_NOT_PRIVATE';

/** The key of `<directory>/master.key`, made when it is missing. Of two processes that start at once, both get the same. */
export async function openMasterKey(directory: string): Promise<Result<Buffer, MasterKeyCode>> {
  const file = path.join(directory, 'master.key');
  try {
    return (await read(file)) ?? (await make(file)) ?? unusable(file, 'it vanished while it was made');
  } catch (error) {
    return unusable(file, (error as Error).message);
  }
}

/** Null when there is none. */
async function read(file: string): Promise<Result<Buffer, MasterKeyCode> | null> {
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const is = `${file} can be read by others: its mode is ${(mode & 0o777).toString(8)}`;
      return refuse('FILE_NOT_PRIVATE', `${is}: run \`chmod 600 ${file}\``);
    }
    const key = await readFile(file);
    if (key.length === MASTER_KEY_BYTES) return accept(key);
    return unusable(file, `it has ${key.length} bytes instead of ${MASTER_KEY_BYTES}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Written whole under another name, then linked: the first of several wins, and nobody sees half a key. */
async function make(file: string): Promise<Result<Buffer, MasterKeyCode> | null> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(randomBytes(MASTER_KEY_BYTES));
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return read(file);
}

function unusable(file: string, why: string): Result<never, MasterKeyCode> {
  const fix = 'restore it from a backup: without it the CA keys in the database cannot be opened';
  return refuse('MASTER_KEY_UNUSABLE', `the master key ${file} cannot be used: ${why}: ${fix}`);
}
