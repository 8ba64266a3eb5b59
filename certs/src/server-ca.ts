/** The server CA: signs gateway certificates and nothing else (path length 0, serverAuth), below the server root. */
import { ExtendedKeyUsage } from './x509.ts';
import { caExtensions, DAY_MS, signCertificate, type Issuer, type Random } from './certificate.ts';
import { generateKey, keyIdOf, type Curve } from './keys.ts';
import { accept, type Result } from './result.ts';
import type { KeyedCa } from './root.ts';

export interface ServerCaOptions {
  now: Date;
  /** Default P-256. */
  curve?: Curve | undefined;
  /** Default 730; never beyond the root. */
  lifetimeDays?: number | undefined;
  random?: Random | undefined;
}

/** Default life of both kinds of intermediate CA, days. */
export const CA_LIFETIME_DAYS = 730;

/** Makes a server CA and its key, signed by `root`. */
export async function createServerCa(
  root: Issuer,
  options: ServerCaOptions,
): Promise<Result<KeyedCa, 'ISSUER_EXPIRED'>> {
  const pair = await generateKey(options.curve ?? 'P-256');
  const blueprint = {
    subject: [{ CN: [`Casare server CA ${keyIdOf(pair.publicKey).slice(0, 8)}`] }],
    publicKey: pair.publicKey,
    now: options.now,
    lifetimeMs: (options.lifetimeDays ?? CA_LIFETIME_DAYS) * DAY_MS,
    extensions: caExtensions(0, ExtendedKeyUsage.serverAuth),
  };
  const issued = await signCertificate(blueprint, root, options.random);
  return issued.ok ? accept({ ...issued.value, privateKey: pair.privateKey }) : issued;
}
