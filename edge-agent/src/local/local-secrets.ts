/** Secrets of a local run: those of a file of its owner's. */
import type { Secrets } from '@casare/shared/protocol';
import { Fault } from '../fault.ts';
import { FileSecrets } from '../secrets/index.ts';

/**
 * The values of `names` from `file`.
 * @throws Fault SECRETS_FILE_…, SECRET_MISSING
 */
export async function readSecrets(file: string | undefined, names: readonly string[]): Promise<Secrets> {
  const known = file === undefined ? {} : await new FileSecrets(file).all();
  const missing = names.filter((name) => !Object.hasOwn(known, name));
  if (missing.length > 0) {
    const which = missing.map((name) => `\`${name}\``).join(', ');
    const where = file === undefined ? 'give a file with --secrets' : `add them to ${file}`;
    throw new Fault('SECRET_MISSING', `the workflow uses the secrets ${which}, which have no values: ${where}`);
  }
  return Object.fromEntries(names.map((name) => [name, known[name]!]));
}
