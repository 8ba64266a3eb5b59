/**
 * Private keys that leave a server for a safe: encrypted PKCS#8 (RFC 5958, PBES2 of RFC 8018) as PEM, readable by
 * `openssl pkey`. The key of the encryption is derived by scrypt (RFC 7914: N 2^14, r 8, p 8; 16 MiB, about half a second)
 * and the cipher is AES-256-CBC. Larger memory than that is more than OpenSSL allows itself when it reads such a file.
 */
import { createCipheriv, createPrivateKey, randomBytes, scrypt, type ScryptOptions } from 'node:crypto';
import { toPem } from './pem.ts';
import { accept, refuse, type Result } from './result.ts';

/** Shorter ones can be guessed; longer ones are not read by OpenSSL. */
export const PASSPHRASE = { least: 12, most: 1_000 } as const;

const COST = { N: 16_384, r: 8, p: 8, maxmem: 64 * 1_048_576 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
const IV_BYTES = 16;
/** Much more than a P-384 key needs. */
const MAX_PEM = 20_000;

/** Object identifiers, DER. */
const OID = {
  pbes2: '06092a864886f70d01050d',
  scrypt: '06092b06010401da47040b',
  aes256Cbc: '060960864801650304012a',
} as const;

export type PassphraseCode = 'PASSPHRASE_REFUSED';
export type DecryptCode = 'ROOT_KEY_MALFORMED' | 'PASSPHRASE_WRONG';

/** Encrypts a PKCS#8 key (DER); answers PEM. */
export async function encryptKey(privateKey: Uint8Array, passphrase: string): Promise<Result<string, PassphraseCode>> {
  const length = Buffer.byteLength(passphrase);
  if (passphrase.length < PASSPHRASE.least || length > PASSPHRASE.most || /[\r\n\0]/.test(passphrase)) {
    const rule = `at least ${PASSPHRASE.least} characters, at most ${PASSPHRASE.most} bytes, on one line`;
    return refuse('PASSPHRASE_REFUSED', `a passphrase has ${rule}`);
  }
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-cbc', await derive(passphrase, salt), iv);
  const encrypted = Buffer.concat([cipher.update(privateKey), cipher.final()]);
  const kdf = sequence(hex(OID.scrypt), sequence(octets(salt), integer(COST.N), integer(COST.r), integer(COST.p)));
  const scheme = sequence(hex(OID.aes256Cbc), octets(iv));
  const der = sequence(sequence(hex(OID.pbes2), sequence(kdf, scheme)), octets(encrypted));
  return accept(toPem('ENCRYPTED PRIVATE KEY', der));
}

/** Reads a private key in PEM, encrypted by us or by OpenSSL; answers PKCS#8, DER. Never throws for bad input. */
export function decryptKey(pem: string, passphrase: string): Result<Uint8Array, DecryptCode> {
  if (pem.length > MAX_PEM || !/-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(pem)) {
    return refuse('ROOT_KEY_MALFORMED', 'the file is not an encrypted PKCS#8 key in PEM');
  }
  try {
    const key = createPrivateKey({ key: pem, format: 'pem', passphrase });
    return accept(key.export({ format: 'der', type: 'pkcs8' }));
  } catch {
    return refuse('PASSPHRASE_WRONG', 'the key does not open: wrong passphrase, or the file was changed');
  }
}

function derive(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  const options: ScryptOptions = COST;
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, KEY_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function octets(value: Uint8Array): Buffer {
  return tagged(0x04, value);
}

/** A small positive integer. */
function integer(value: number): Buffer {
  const digits = value.toString(16);
  const bytes = hex(digits.length % 2 === 0 ? digits : `0${digits}`);
  return tagged(0x02, bytes[0]! > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function tagged(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}
