/** The server CA: signs gateway certificates and nothing else (path length 0, serverAuth), below the server root. */
import { ExtendedKeyUsage } from './x509.ts';
import { caExtensions, DAY_MS, signCertificate, type Issued, type Issuer, type Random } from './certificate.ts';
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
  const issued = await certifyServerCa(root, { ...options, publicKey: pair.publicKey });
  return issued.ok ? accept({ ...issued.value, privateKey: pair.privateKey }) : issued;
}

/** The certificate of a server CA for a key that was made elsewhere. */
export function certifyServerCa(
  root: Issuer,
  { publicKey, now, lifetimeDays, random }: Omit<ServerCaOptions, 'curve'> & { publicKey: Uint8Array },
): Promise<Result<Issued, 'ISSUER_EXPIRED'>> {
  const blueprint = {
    subject: [{ CN: [`Casare server CA ${keyIdOf(publicKey).slice(0, 8)}`] }],
    publicKey,
    now,
    lifetimeMs: (lifetimeDays ?? CA_LIFETIME_DAYS) * DAY_MS,
    extensions: caExtensions(0, ExtendedKeyUsage.serverAuth),
  };
  return signCertificate(blueprint, root, random);
}
