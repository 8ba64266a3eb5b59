/** Secrets of a local run: a YAML file of its owner's, as the control plane's `secrets.yaml` is. No fault quotes it. */
import { stat } from 'node:fs/promises';
import { Secrets } from '@casare/shared/protocol';
import { readSource } from '@casare/shared/workflow';
import { Fault } from '../fault.ts';
import { readText } from './local-document.ts';

/**
 * The values of `names` from `file`.
 * @throws Fault SECRETS_FILE_INVALID, SECRETS_FILE_NOT_PRIVATE, SECRET_MISSING
 */
export async function readSecrets(file: string | undefined, names: readonly string[]): Promise<Secrets> {
  const known = file === undefined ? {} : await read(file);
  const missing = names.filter((name) => !Object.hasOwn(known, name));
  if (missing.length > 0) {
    const which = missing.map((name) => `\`${name}\``).join(', ');
    const where = file === undefined ? 'give a file with --secrets' : `add them to ${file}`;
    throw new Fault('SECRET_MISSING', `the workflow uses the secrets ${which}, which have no values: ${where}`);
  }
  return Object.fromEntries(names.map((name) => [name, known[name]!]));
}

async function read(file: string): Promise<Secrets> {
  const text = await readText(file);
  if (process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0) {
    throw new Fault('SECRETS_FILE_NOT_PRIVATE', `${file} can be read by others: run chmod 600 ${file}`);
  }
  const source = readSource(text, 'yaml');
  if (!source.ok)
    throw new Fault('SECRETS_FILE_INVALID', `${file} is not YAML at line ${source.problems[0]?.line ?? 1}`);
  const parsed = Secrets.safeParse(source.value ?? {});
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new Fault('SECRETS_FILE_INVALID', `${file}: ${at || 'it'} must be a text or a map of texts`);
}
