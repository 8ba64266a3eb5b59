/** Credentials of the agent at a provider: files of one line that nobody else may read. */
import { readFile, stat } from 'node:fs/promises';
import { codeOf, Fault } from '../fault.ts';
import { privacyProblem } from '../windows/index.ts';

const BYTES = 16_384;

/** The text of a credential. @throws Fault SECRETS_CREDENTIALS, without a word of it */
export async function readPrivate(file: string): Promise<string> {
  const text = (await readWhole(file, 0o077, 'are open to others: chmod 600 it')).trim();
  if (text === '' || /[^\u0021-\u007e]/.test(text)) throw bad(file, 'are no single word of ASCII: write one');
  return text;
}

/** A certificate or key, PEM. @throws Fault SECRETS_CREDENTIALS */
export function readPem(file: string, isKey: boolean): Promise<string> {
  return readWhole(file, isKey ? 0o077 : 0, 'are open to others: chmod 600 it');
}

async function readWhole(file: string, forbidden: number, problem: string): Promise<string> {
  try {
    const { size, mode } = await stat(file);
    if (size > BYTES * (forbidden === 0 ? 64 : 1)) throw bad(file, 'are too long: name the right file');
    if (process.platform === 'win32') verifyPrivate(file, forbidden);
    else if ((mode & forbidden) !== 0) throw bad(file, problem);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw bad(file, `cannot be read (${codeOf(error) || 'unknown'}): check the path and its owner`);
  }
}

function verifyPrivate(file: string, forbidden: number): void {
  const problem = forbidden === 0 ? null : privacyProblem(file, false);
  if (problem !== null) throw new Fault('SECRETS_CREDENTIALS', `the credentials in ${problem}`);
}

function bad(file: string, why: string): Fault {
  return new Fault('SECRETS_CREDENTIALS', `the credentials in ${file} ${why}`);
}
