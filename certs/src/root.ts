/**
 * Roots: P-384, self-signed, one for servers and one for agents, 10 years, able to be kept offline. Each carries its
 * purpose as extended key usage, which OpenSSL demands of everything below it: an agent root can never vouch for a
 * server, whatever its CAs issue.
 *
 * The path length is 2: CA and, while roots rotate, a new root cross-signed by the old one.
 */
import { ExtendedKeyUsage } from './x509.ts';
import { caExtensions, DAY_MS, signSelf, type Issued, type Random } from './certificate.ts';
import { generateKey, importSigningKey, keyIdOf } from './keys.ts';

/** What a root vouches for. */
export type RootKind = 'server' | 'agent';

/** A new CA with its key, for whoever seals it. */
export interface KeyedCa extends Issued {
  /** PKCS#8, DER, not encrypted: seal it before it rests anywhere. */
  privateKey: Uint8Array;
}

export interface RootOptions {
  kind: RootKind;
  now: Date;
  /** Default 10 years of 365 days. */
  lifetimeDays?: number | undefined;
  random?: Random | undefined;
}

const PATH_LENGTH = 2;
const LIFETIME_DAYS = 3_650;

/** Makes a root and its key. */
export async function createRoot(options: RootOptions): Promise<KeyedCa> {
  const pair = await generateKey('P-384');
  const purpose = options.kind === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth;
  const blueprint = {
    subject: [{ CN: [`Casare ${options.kind} root ${keyIdOf(pair.publicKey).slice(0, 8)}`] }],
    publicKey: pair.publicKey,
    now: options.now,
    lifetimeMs: (options.lifetimeDays ?? LIFETIME_DAYS) * DAY_MS,
    extensions: caExtensions(PATH_LENGTH, purpose),
  };
  const key = await importSigningKey(pair.privateKey, 'P-384');
  return { ...(await signSelf(blueprint, key, 'P-384', options.random)), privateKey: pair.privateKey };
}
