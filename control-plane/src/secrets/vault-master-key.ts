/**
 * The master key as a transit key of HashiCorp Vault, which never gives it out: data keys are sent there to be encrypted and
 * decrypted. Its versions are keys of their own to us (`vault:transit/casare:v3`), so that a rotation leads from one to the next.
 *
 * Invariants: with a data key goes the digest of the place that it is for, inside of what is encrypted, so that a wrapped key
 * opens in its own place only; every call goes the guarded way out; a data key that was opened stays open here for an hour, so
 * that what was in use goes on while Vault is away.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { keyVersionOf, VaultFault, VaultSession, VaultTransit, type VaultSend } from '@casare/shared/vault';
import type { Clock } from '../platform/clock.ts';
import { Fault, lineOf } from '../platform/errors.ts';
import type { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { Outbound } from '../platform/outbound/outbound.ts';
import { readCredential, type VaultMaster } from '../platform/secrets-master.ts';
import { missing, type MasterKeySource } from './master-keys.ts';

const TIMEOUT_MS = 5_000;
/** Data keys that stay open, and how long. */
const OPEN_KEYS = 1_000;
const OPEN_MS = 3_600_000;
/** Something to encrypt, to see which version is the newest. */
const NOTHING = Buffer.alloc(16).toString('base64');
const DIGEST_BYTES = 32;

export interface VaultMasterKeyOptions {
  readonly settings: VaultMaster;
  readonly allowed: OutboundAllowed;
  readonly clock: Clock;
}

export class VaultMasterKey implements MasterKeySource {
  readonly kind = 'vault';
  readonly #options: VaultMasterKeyOptions;
  readonly #session: VaultSession;
  /** By what they are wrapped in, the oldest first. */
  readonly #open = new Map<string, { readonly key: Buffer; readonly until: number }>();

  constructor(options: VaultMasterKeyOptions) {
    this.#options = options;
    const { address, namespace, login } = options.settings;
    this.#session = new VaultSession({
      ...{ address, namespace, timeoutMs: TIMEOUT_MS, send: guarded(options) },
      auth:
        login.method === 'token'
          ? { method: 'token', token: () => readCredential(login.tokenFile) }
          : {
              ...{ method: 'approle', mount: 'approle', roleId: () => Promise.resolve(login.roleId) },
              secretId: () => readCredential(login.secretIdFile),
            },
      now: () => options.clock.monotonicMs(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms).unref();
        return () => clearTimeout(timer);
      },
    });
  }

  async newest(): Promise<string> {
    const { mount, key } = this.#options.settings;
    const version = keyVersionOf(await this.#told(null, () => this.#transit(mount, key).encrypt(NOTHING)));
    return `vault:${mount}/${key}:v${version}`;
  }

  /** Vault rotates the key; we follow. */
  async next(current: string | null): Promise<string | null> {
    const newest = await this.newest();
    return newest === current ? null : newest;
  }

  async wrap(id: string, dataKey: Uint8Array, bound: string): Promise<string> {
    const { mount, key, version } = placeOf(id);
    const plain = Buffer.concat([digestOf(bound), dataKey]).toString('base64');
    const wrapped = await this.#told(id, () => this.#transit(mount, key).encrypt(plain, version));
    this.#keep(wrapped, Buffer.from(plain, 'base64'));
    return wrapped;
  }

  async unwrap(id: string, wrapped: string, bound: string): Promise<Uint8Array | null> {
    const held = this.#open.get(wrapped);
    let plain = held !== undefined && this.#options.clock.monotonicMs() < held.until ? held.key : null;
    if (plain === null) {
      const { mount, key } = placeOf(id);
      const text = await this.#told(id, () => this.#transit(mount, key).decrypt(wrapped));
      if (text === null) return null;
      plain = Buffer.from(text, 'base64');
      this.#keep(wrapped, plain);
    }
    const isItsPlace = plain.length > DIGEST_BYTES && timingSafeEqual(plain.subarray(0, DIGEST_BYTES), digestOf(bound));
    return isItsPlace ? plain.subarray(DIGEST_BYTES) : null;
  }

  /** Between versions of one key: nothing leaves Vault. Null when it leads elsewhere. */
  async rewrap(from: string, to: string, wrapped: string): Promise<string | null> {
    const [before, after] = [placeOf(from), placeOf(to)];
    if (before.mount !== after.mount || before.key !== after.key) return null;
    return this.#told(from, () => this.#transit(after.mount, after.key).rewrap(wrapped, after.version));
  }

  /** They are Vault's to forget. */
  keepOnly(): Promise<void> {
    return Promise.resolve();
  }

  #transit(mount: string, key: string): VaultTransit {
    return new VaultTransit(this.#session, mount, key);
  }

  #keep(wrapped: string, key: Buffer): void {
    this.#open.delete(wrapped);
    this.#open.set(wrapped, { key, until: this.#options.clock.monotonicMs() + OPEN_MS });
    if (this.#open.size > OPEN_KEYS) this.#open.delete(this.#open.keys().next().value!);
  }

  async #told<Result>(id: string | null, ask: () => Promise<Result>): Promise<Result> {
    try {
      return await ask();
    } catch (error) {
      const isVaults = error instanceof VaultFault;
      if (isVaults && id !== null && error.code === 'VAULT_NO_SUCH_KEY') throw missing(id, error.what);
      throw new Fault({
        code: 'SECRETS_KEY_UNAVAILABLE',
        what: 'The master key of secrets cannot be used now',
        why: isVaults ? `${error.code}: ${error.what}` : lineOf(error),
        fix: isVaults
          ? `Do this: ${error.fix}; jobs that need it wait`
          : 'Mend the login of Vault; jobs that need it wait',
        status: 503,
      });
    }
  }
}

/** Where `vault:transit/casare:v3` leads. */
function placeOf(id: string): { readonly mount: string; readonly key: string; readonly version: number } {
  const [, mount, key, version] = /^vault:(.+)\/([^/]+):v(\d+)$/.exec(id) ?? [];
  if (mount === undefined || key === undefined) throw missing(id, 'it is no key of Vault');
  return { mount, key, version: Number(version) };
}

function digestOf(bound: string): Buffer {
  return createHash('sha256').update('casare-secret-place\0').update(bound).digest();
}

/** Vault is called as every address that somebody entered: judged where the connection is made. */
function guarded({ settings: { address, caFile }, allowed }: VaultMasterKeyOptions): VaultSend {
  return async ({ method, path, headers, body, signal }) => {
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    const outbound = new Outbound({ allowed, ca });
    try {
      const answer = await outbound.call(`${address}${path}`, {
        ...{ method, headers, signal, timeoutMs: TIMEOUT_MS },
        ...(body === undefined ? {} : { body }),
      });
      return { status: answer.status, body: answer.body.toString('utf8') };
    } catch (error) {
      if (error instanceof Fault && error.code === 'OUTBOUND_REFUSED') {
        const fix = 'list it in CASARE_OUTBOUND_ALLOW, if it is the right one';
        throw new VaultFault('OUTBOUND_REFUSED', `The control plane does not call Vault at ${address}`, fix);
      }
      throw error;
    }
  };
}
