/**
 * Master keys in `<home>/secrets-master.key`, 0600, made at the first start. During a rotation the file holds two.
 * Replicas share the home: one that meets a key it does not know reads the file again.
 *
 * Whoever changes the file holds the lock on the row of the key in use, so that no two change it at once.
 */
import { randomBytes } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Fault } from '../platform/errors.ts';
import { readPrivateFile, writePrivateFile } from '../platform/home.ts';
import { KEY_BYTES } from './envelope.ts';
import { idOfKey, missing, unwrapBy, wrapBy, type MasterKeySource } from './master-keys.ts';

const Content = z.strictObject({
  about: z.string(),
  /** The newest first. */
  keys: z
    .array(z.strictObject({ key: z.base64().length(44), madeAt: z.string() }))
    .min(1)
    .max(100),
});
type Content = z.infer<typeof Content>;
const ABOUT = 'The keys that secrets in the database are under. Back this file up apart from the database.';

export class FileMasterKey implements MasterKeySource {
  readonly kind = 'file';
  readonly #file: string;
  #known: ReadonlyMap<string, Buffer> = new Map();

  constructor(home: string) {
    this.#file = path.join(home, 'secrets-master.key');
  }

  async newest(): Promise<string> {
    const content = (await this.#read()) ?? (await this.#make());
    return idOfKey('file', Buffer.from(content.keys[0]!.key, 'base64'));
  }

  async next(): Promise<string> {
    const before = await this.#read();
    const made = newKey();
    await this.#write({ about: ABOUT, keys: [made, ...(before?.keys ?? [])] });
    return idOfKey('file', Buffer.from(made.key, 'base64'));
  }

  async wrap(id: string, dataKey: Uint8Array, bound: string): Promise<string> {
    return wrapBy(await this.#key(id), dataKey, bound);
  }

  async unwrap(id: string, wrapped: string, bound: string): Promise<Uint8Array | null> {
    return unwrapBy(await this.#key(id), wrapped, bound);
  }

  async keepOnly(ids: readonly string[]): Promise<void> {
    const content = await this.#read();
    if (content === null) return;
    const keys = content.keys.filter(({ key }) => ids.includes(idOfKey('file', Buffer.from(key, 'base64'))));
    // An empty file would be made anew at the next start; one that is not ours any more stays as it is.
    if (keys.length > 0 && keys.length < content.keys.length) await this.#write({ about: ABOUT, keys });
  }

  async #key(id: string): Promise<Buffer> {
    if (!this.#known.has(id)) await this.#read();
    const key = this.#known.get(id);
    if (key === undefined) throw missing(id, `${this.#file} does not hold it`);
    return key;
  }

  async #read(): Promise<Content | null> {
    const bytes = await readPrivateFile(this.#file);
    if (bytes === null) return null;
    const content = parse(bytes);
    if (content === null) throw this.#unusable();
    const keys = content.keys.map(({ key }) => Buffer.from(key, 'base64'));
    if (keys.some(({ length }) => length !== KEY_BYTES)) throw this.#unusable();
    this.#known = new Map(keys.map((key) => [idOfKey('file', key), key]));
    return content;
  }

  /** Written whole under another name, then linked: of several that start at once the first one's is everybody's. */
  async #make(): Promise<Content> {
    const temporary = `${this.#file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
    await writePrivateFile(temporary, textOf({ about: ABOUT, keys: [newKey()] }));
    try {
      await link(temporary, this.#file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(temporary, { force: true });
    }
    await this.#settle();
    const content = await this.#read();
    if (content === null) throw this.#unusable();
    return content;
  }

  async #write(content: Content): Promise<void> {
    await writePrivateFile(this.#file, textOf(content));
    await this.#settle();
    await this.#read();
  }

  /** The file's name is durable too before anything in the database relies on it. */
  async #settle(): Promise<void> {
    if (process.platform === 'win32') return;
    const directory = await open(path.dirname(this.#file), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #unusable(): Fault {
    return new Fault({
      code: 'SECRETS_MASTER_UNUSABLE',
      what: `The master keys of secrets in ${this.#file} cannot be read`,
      why: 'it is not the file that was written there',
      fix: 'Restore it from a backup',
      status: 503,
    });
  }
}

function newKey(): Content['keys'][number] {
  return { key: randomBytes(KEY_BYTES).toString('base64'), madeAt: new Date().toISOString() };
}

function textOf(content: Content): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

function parse(bytes: Buffer): Content | null {
  try {
    return Content.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return null;
  }
}
