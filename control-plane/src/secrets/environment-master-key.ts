/**
 * Master keys from the environment (`CASARE_SECRETS_MASTER_KEY`), the newest first. A rotation begins when a new one was
 * put before the old one and the control plane was started again; after it the old one may be taken out.
 */
import { idOfKey, missing, unwrapBy, wrapBy, type MasterKeySource } from './master-keys.ts';

export class EnvironmentMasterKey implements MasterKeySource {
  readonly kind = 'environment';
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  constructor(keys: readonly Uint8Array[]) {
    this.#keys = new Map(keys.map((key) => [idOfKey('environment', key), key]));
  }

  newest(): Promise<string> {
    return Promise.resolve([...this.#keys.keys()][0]!);
  }

  async next(current: string | null): Promise<string | null> {
    const newest = await this.newest();
    return newest === current ? null : newest;
  }

  async wrap(id: string, dataKey: Uint8Array, bound: string): Promise<string> {
    return Promise.resolve(wrapBy(this.#key(id), dataKey, bound));
  }

  async unwrap(id: string, wrapped: string, bound: string): Promise<Uint8Array | null> {
    return Promise.resolve(unwrapBy(this.#key(id), wrapped, bound));
  }

  keepOnly(): Promise<void> {
    return Promise.resolve();
  }

  #key(id: string): Uint8Array {
    const key = this.#keys.get(id);
    if (key === undefined) throw missing(id, 'CASARE_SECRETS_MASTER_KEY does not hold it');
    return key;
  }
}
