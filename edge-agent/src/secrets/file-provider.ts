/**
 * Secrets in a YAML file of its owner's on this machine, a map from names to texts or to maps of texts, as the control
 * plane's `secrets.yaml` is. Not encrypted. Read each time; no fault quotes it.
 */
import { readFile, stat } from 'node:fs/promises';
import { Secrets } from '@casare/shared/protocol';
import { readSource } from '@casare/shared/workflow';
import { codeOf, Fault } from '../fault.ts';
import { privacyProblem } from '../windows/index.ts';
import type { SecretProvider, SecretReference, SecretValue } from './provider.ts';

const FILE_BYTES = 1_048_576;

export class FileSecrets implements SecretProvider {
  readonly kind = 'file';
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws Fault SECRET_MISSING, SECRETS_FILE_UNREADABLE, SECRETS_FILE_NOT_PRIVATE, SECRETS_FILE_INVALID */
  async read({ path }: SecretReference): Promise<SecretValue> {
    const known = await this.all();
    if (Object.hasOwn(known, path)) return known[path]!;
    throw new Fault('SECRET_MISSING', `${this.#file} holds no \`${path}\`: add it`);
  }

  async check(): Promise<string> {
    return `${this.#file} with ${Object.keys(await this.all()).length} secrets`;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Everything that it holds. @throws Fault as `read` */
  async all(): Promise<Secrets> {
    const source = readSource(await this.#text(), 'yaml');
    if (!source.ok) {
      throw new Fault('SECRETS_FILE_INVALID', `${this.#file} is not YAML at line ${source.problems[0]?.line ?? 1}`);
    }
    const parsed = Secrets.safeParse(source.value ?? {});
    if (parsed.success) return parsed.data;
    const at = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new Fault('SECRETS_FILE_INVALID', `${this.#file}: ${at || 'it'} must be a text or a map of texts`);
  }

  async #text(): Promise<string> {
    try {
      const { mode, size } = await stat(this.#file);
      const open = `${this.#file} can be read by others: run chmod 600 ${this.#file}`;
      const problem =
        process.platform === 'win32' ? privacyProblem(this.#file, false) : (mode & 0o077) === 0 ? null : open;
      if (problem !== null) throw new Fault('SECRETS_FILE_NOT_PRIVATE', problem);
      if (size > FILE_BYTES) {
        throw new Fault('SECRETS_FILE_INVALID', `${this.#file} has more than ${FILE_BYTES} bytes: shorten it`);
      }
      return await readFile(this.#file, 'utf8');
    } catch (error) {
      if (error instanceof Fault) throw error;
      const why = codeOf(error) || 'unknown';
      throw new Fault('SECRETS_FILE_UNREADABLE', `${this.#file} cannot be read (${why}): check the path and its owner`);
    }
  }
}
