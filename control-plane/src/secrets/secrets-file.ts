/**
 * Secrets of workflows in development: `<home>/secrets.yaml`, 0600, a map from names to texts or to maps of texts.
 * For one tenant on one machine; what the store holds goes before it.
 *
 * Invariants: the file is read when a secret is asked for and kept nowhere; values are never logged; no fault quotes
 * the file.
 */
import { Secrets } from '@casare/shared/protocol';
import { parse } from 'yaml';
import path from 'node:path';
import { Fault } from '../platform/errors.ts';
import { readPrivateFile } from '../platform/home.ts';

const FILE_BYTES = 1_048_576;

export class SecretsFile {
  readonly #file: string;

  constructor(home: string) {
    this.#file = path.join(home, 'secrets.yaml');
  }

  /**
   * The values that the file has for these names.
   * @throws Fault SECRETS_FILE_INVALID, FILE_NOT_PRIVATE
   */
  async valuesOf(names: readonly string[]): Promise<Map<string, Secrets[string]>> {
    if (names.length === 0) return new Map();
    const known = new Map(Object.entries(await this.#read()));
    return new Map(names.flatMap((name) => (known.has(name) ? [[name, known.get(name)!] as const] : [])));
  }

  async #read(): Promise<Secrets> {
    const content = await readPrivateFile(this.#file);
    if (content === null) return {};
    if (content.length > FILE_BYTES) throw this.#invalid(`it is larger than ${FILE_BYTES} bytes`);
    let document: unknown;
    try {
      document = parse(content.toString('utf8'), { maxAliasCount: 0, logLevel: 'error' });
    } catch (error) {
      // The parser's message quotes the line, which may hold a secret.
      const line = (error as { linePos?: readonly { line: number }[] }).linePos?.[0]?.line;
      throw this.#invalid(line === undefined ? 'it is not YAML' : `it is not YAML at line ${line}`);
    }
    const parsed = Secrets.safeParse(document ?? {});
    if (parsed.success) return parsed.data;
    const at = parsed.error.issues[0]?.path.join('.');
    throw this.#invalid(`${at || 'it'} must be ${at ? 'a text or a map of texts' : 'a map of secrets'}`);
  }

  #invalid(why: string): Fault {
    return new Fault({
      code: 'SECRETS_FILE_INVALID',
      what: `${this.#file} cannot be used`,
      why,
      fix: 'Correct the file',
    });
  }
}
