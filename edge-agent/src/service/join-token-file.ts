/**
 * The file that a join token is left in for an agent. A token that has been used is of no use to the agent and may be to
 * a thief (tokens can be good for many agents), so it is overwritten and unlinked.
 *
 * Invariant: nothing but a join token is erased: the name of the file comes out of a configuration.
 */
import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { codeOf, describe, Fault } from '../fault.ts';
import { EXIT } from './exit-codes.ts';

/** A token has about 120 characters. */
const TOKEN_BYTES = 4_096;

/** The token, or null where there is no such file. Throws JOIN_TOKEN_UNREADABLE. */
export function tokenIn(file: string): string | null {
  try {
    const handle = openSync(file, 'r');
    try {
      return textOf(handle).trim();
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    const text = `the join token in ${file} cannot be read (${codeOf(error) || describe(error)}): check the file's owner`;
    throw new Fault('JOIN_TOKEN_UNREADABLE', text, { exitCode: EXIT.usage, cause: error });
  }
}

/** Overwrites and unlinks the file. Throws JOIN_TOKEN_NOT_ERASED: then a person must. */
export function eraseToken(file: string): void {
  try {
    const handle = openSync(file, constants.O_RDWR | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW));
    try {
      if (!/^\s*casare_/.test(textOf(handle))) throw new Error('it holds something else');
      writeSync(handle, Buffer.alloc(fstatSync(handle).size), 0, undefined, 0);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    rmSync(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    const text = `the join token in ${file} is used and could not be erased (${codeOf(error) || describe(error)}): remove it`;
    throw new Fault('JOIN_TOKEN_NOT_ERASED', text, { cause: error });
  }
}

/** At most as much as a token has; the empty text for more. */
function textOf(handle: number): string {
  const bytes = Buffer.alloc(TOKEN_BYTES + 1);
  const length = readSync(handle, bytes, 0, bytes.length, 0);
  return length > TOKEN_BYTES ? '' : bytes.toString('utf8', 0, length);
}
