/**
 * The proof that both ends of a signer's socket may use it. Node cannot ask the kernel who the peer of a socket is, so
 * the signer writes 32 random bytes beside its socket at each start, 0600 (0640 when a group was named), and each end
 * proves by HMAC over both ends' nonces that it could read them. The bytes themselves never travel: somebody who sits on
 * the socket's path (or the pipe's name, on Windows) learns nothing, and cannot play the signer.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, chown, open, readFile, rename, stat } from 'node:fs/promises';
import { accept, refuse, type Result } from '../result.ts';

const CREDENTIAL_BYTES = 32;
type Side = 'signer' | 'caller';

/** What to listen on and connect to for the path of a socket: the path itself, or a named pipe on Windows. */
export function addressOf(path: string): string {
  if (process.platform !== 'win32') return path;
  return `\\\\.\\pipe\\casare-signer-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`;
}

/** The file that holds a socket's credential. */
export function credentialFile(path: string): string {
  return `${path}.key`;
}

/** Makes the credential of this start, replacing an older one as a whole. `group` may read it. */
export async function writeCredential(path: string, group: number | null): Promise<Buffer> {
  const credential = randomBytes(CREDENTIAL_BYTES);
  const file = credentialFile(path);
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(credential);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (group !== null) {
    await chown(temporary, process.getuid?.() ?? -1, group);
    await chmod(temporary, 0o640);
  }
  await rename(temporary, file);
  return credential;
}

/** Reads the credential of a socket. One that others than a group may touch was not written by a signer. */
export async function readCredential(path: string): Promise<Result<Buffer, 'CREDENTIAL_UNUSABLE'>> {
  const file = credentialFile(path);
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o027) !== 0) {
      return refuse('CREDENTIAL_UNUSABLE', `${file} has the mode ${(mode & 0o777).toString(8)}, not 600 or 640`);
    }
    const credential = await readFile(file);
    if (credential.length === CREDENTIAL_BYTES) return accept(credential);
    return refuse('CREDENTIAL_UNUSABLE', `${file} has ${credential.length} bytes instead of ${CREDENTIAL_BYTES}`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    return refuse('CREDENTIAL_UNUSABLE', `${file} cannot be read (${code})`);
  }
}

export function newNonce(): string {
  return randomBytes(32).toString('base64url');
}

/** What `side` shows. */
export function proofOf(side: Side, credential: Uint8Array, callerNonce: string, signerNonce: string): string {
  const text = `casare-signer-v1\n${side}\n${callerNonce}\n${signerNonce}`;
  return createHmac('sha256', credential).update(text).digest('base64url');
}

/** Whether `shown` is what `side` must show, compared in constant time. */
export function provesSide(
  shown: string,
  ...[side, credential, callerNonce, signerNonce]: Parameters<typeof proofOf>
): boolean {
  const wanted = Buffer.from(proofOf(side, credential, callerNonce, signerNonce));
  const given = Buffer.from(shown);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
