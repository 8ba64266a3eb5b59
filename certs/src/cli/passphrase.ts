/** The passphrase of an offline root: from a private file, or from standard input; never an argument, which others can see. */
import { stat } from 'node:fs/promises';
import type { Surroundings } from './desk.ts';
import { CliError, usage } from './exit.ts';
import { readPem } from './files.ts';

/** The first line. Throws FILE_NOT_PRIVATE, FILE_UNREADABLE, USAGE. */
export async function passphraseFrom(around: Surroundings, file: string | undefined): Promise<string> {
  const text = file === undefined ? await around.readInput() : await readPrivate(file);
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw usage('a passphrase is needed: write it to standard input, or name a --passphrase-file');
  return line;
}

async function readPrivate(file: string): Promise<string> {
  const text = await readPem(file);
  const { mode } = await stat(file);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new CliError('FILE_NOT_PRIVATE', `${file} can be read by others: chmod 600 it`);
  }
  return text;
}
