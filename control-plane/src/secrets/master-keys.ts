/**
 * The master key that data keys are wrapped by, wherever it is: in a file of the home, in the environment, or in a vault
 * that never gives it out. Ids say where a key is, so that a rotation may also lead from one place to another.
 *
 * Invariant: nothing here decides which key is in use; the database does (`secret_master`), in transactions.
 */
import { createHash } from 'node:crypto';
import { Fault } from '../platform/errors.ts';
import { decrypt, encrypt } from './envelope.ts';

export type MasterKeyKind = 'file' | 'environment' | 'vault';

/** One place where master keys are. Ids begin with its kind and a colon. */
export interface MasterKeySource {
  readonly kind: MasterKeyKind;
  /** The id of the key to begin with, made where there is none. */
  newest(): Promise<string>;
  /**
   * The id of a key that may follow `current`: made anew, or found, where people put it. Null when there is none but
   * that. Kept durably before this resolves.
   */
  next(current: string | null): Promise<string | null>;
  /** @throws Fault SECRETS_MASTER_MISSING, and what keeps the place from answering */
  wrap(id: string, dataKey: Uint8Array, bound: string): Promise<string>;
  /** Null when it does not open. @throws Fault as `wrap` */
  unwrap(id: string, wrapped: string, bound: string): Promise<Uint8Array | null>;
  /** Under another key of the same place, without the data key being seen; null where that cannot be. @throws Fault as `wrap` */
  rewrap?(from: string, to: string, wrapped: string): Promise<string | null>;
  /** Forgets every key but these, where it is ours to forget. */
  keepOnly(ids: readonly string[]): Promise<void>;
}

/** All places that are configured: new keys come from the first, every key is opened where it is. */
export class MasterKeys {
  readonly #sources: readonly [MasterKeySource, ...MasterKeySource[]];

  constructor(sources: readonly [MasterKeySource, ...MasterKeySource[]]) {
    this.#sources = sources;
  }

  newest(): Promise<string> {
    return this.#sources[0].newest();
  }

  next(current: string): Promise<string | null> {
    const [first] = this.#sources;
    return first.next(current.startsWith(`${first.kind}:`) ? current : null);
  }

  async wrap(id: string, dataKey: Uint8Array, bound: string): Promise<string> {
    return this.#sourceOf(id).wrap(id, dataKey, bound);
  }

  async unwrap(id: string, wrapped: string, bound: string): Promise<Uint8Array | null> {
    return this.#sourceOf(id).unwrap(id, wrapped, bound);
  }

  /** Under another key; null when it does not open under the one that it is said to be under. @throws Fault as `wrap` */
  async rewrap(from: string, to: string, wrapped: string, bound: string): Promise<string | null> {
    const source = this.#sourceOf(from);
    const unseen = source === this.#sourceOf(to) ? await source.rewrap?.(from, to, wrapped) : null;
    if (unseen != null) return unseen;
    const dataKey = await source.unwrap(from, wrapped, bound);
    return dataKey && this.wrap(to, dataKey, bound);
  }

  async keepOnly(ids: readonly string[]): Promise<void> {
    for (const source of this.#sources) await source.keepOnly(ids);
  }

  #sourceOf(id: string): MasterKeySource {
    const found = this.#sources.find(({ kind }) => id.startsWith(`${kind}:`));
    if (found !== undefined) return found;
    throw missing(id, `no ${id.split(':')[0] ?? ''} is configured for master keys any more`);
  }
}

/** How a key that we hold ourselves is called: by what cannot be turned back into it. */
export function idOfKey(kind: MasterKeyKind, key: Uint8Array): string {
  const digest = createHash('sha256').update('casare-secrets-master\0').update(key).digest('hex');
  return `${kind}:${digest.slice(0, 16)}`;
}

export function wrapBy(key: Uint8Array, dataKey: Uint8Array, bound: string): string {
  return encrypt(key, dataKey, bound).toString('base64');
}

export function unwrapBy(key: Uint8Array, wrapped: string, bound: string): Uint8Array | null {
  return decrypt(key, Buffer.from(wrapped, 'base64'), bound);
}

export function missing(id: string, why: string): Fault {
  return new Fault({
    code: 'SECRETS_MASTER_MISSING',
    what: `Secrets are under the master key ${id}, which is not there`,
    why,
    fix: 'Restore it from a backup; without it those secrets must be stored anew',
    status: 503,
  });
}
