/**
 * Encryption by a key that stays in Vault, of the transit engine. https://developer.hashicorp.com/vault/api-docs/secret/transit
 *
 * What is encrypted says which version of the key it is under (`vault:v3:…`). A key that was rotated goes on decrypting what
 * its earlier versions encrypted.
 */
import { z } from 'zod';
import { inPath, type VaultSession } from './session.ts';
import { contentOf, faultOf, oddAnswer, VaultFault, type VaultReply } from './vault-fault.ts';

const Ciphertext = z.object({
  ciphertext: z
    .string()
    .max(8_192)
    .regex(/^vault:v[1-9]\d{0,8}:/),
});
const KEY_AT_FAULT = /key not found|policy not found|disallowed by policy/;
const Plaintext = z.object({ plaintext: z.base64().max(8_192) });

export class VaultTransit {
  readonly #session: VaultSession;
  readonly #mount: string;
  readonly #key: string;

  constructor(session: VaultSession, mount: string, key: string) {
    this.#session = session;
    this.#mount = mount;
    this.#key = key;
  }

  /**
   * @param plaintext base64
   * @param version of the key; absent: the newest
   * @throws VaultFault VAULT_NO_SUCH_KEY, VAULT_ANSWER, and what a session's `call` throws
   */
  async encrypt(plaintext: string, version?: number): Promise<string> {
    const body = { plaintext, ...(version === undefined ? {} : { key_version: version }) };
    return this.#ciphertext(await this.#call('encrypt', body), 'encrypt');
  }

  /** The plaintext, base64; null when Vault says that this is nothing of the key's. @throws VaultFault as `encrypt` */
  async decrypt(ciphertext: string): Promise<string | null> {
    const reply = await this.#call('decrypt', { ciphertext });
    // Only what it says tells a ciphertext that is not the key's from a key that is not there, or may not be used any more.
    if (reply.status === 400 && !KEY_AT_FAULT.test(reply.body)) return null;
    if (reply.status !== 200) throw this.#fault(reply.status, 'decrypt');
    const read = Plaintext.safeParse(contentOf(reply)?.data);
    if (!read.success) throw oddAnswer(this.#session.address, 'decrypt');
    return read.data.plaintext;
  }

  /** Under another version of the key; the plaintext does not leave Vault. @throws VaultFault as `encrypt` */
  async rewrap(ciphertext: string, version: number): Promise<string> {
    return this.#ciphertext(await this.#call('rewrap', { ciphertext, key_version: version }), 'rewrap');
  }

  #call(verb: 'encrypt' | 'decrypt' | 'rewrap', body: object): Promise<VaultReply> {
    const path = `${inPath(this.#mount)}/${verb}/${encodeURIComponent(this.#key)}`;
    return this.#session.call('POST', path, this.#asked(verb), { body });
  }

  #ciphertext(reply: VaultReply, verb: string): string {
    if (reply.status !== 200) throw this.#fault(reply.status, verb);
    const read = Ciphertext.safeParse(contentOf(reply)?.data);
    if (!read.success) throw oddAnswer(this.#session.address, this.#asked(verb));
    return read.data.ciphertext;
  }

  #fault(status: number, verb: string): VaultFault {
    // The engine answers 400 for a key, or a version of it, that is not there.
    if (status !== 400 && status !== 404) return faultOf(status, this.#session.address, this.#asked(verb));
    return new VaultFault(
      'VAULT_NO_SUCH_KEY',
      `Vault at ${this.#session.address} does not ${verb} by the key ${this.#key} of ${this.#mount}`,
      'check that mount, key and version are there and may be used for it',
    );
  }

  #asked(verb: string): string {
    return `${verb} by ${this.#mount}/${this.#key}`;
  }
}

/** Of a ciphertext: the version of the key that it is under. */
export function keyVersionOf(ciphertext: string): number {
  return Number(/^vault:v(\d+):/.exec(ciphertext)?.[1] ?? 0);
}
