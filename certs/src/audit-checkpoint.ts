/**
 * A checkpoint: the signer's word that a log's chain had a certain hash at a certain place. Kept outside of the server, it
 * proves later that nothing up to there was changed, taken out or cut off, even by who owns the database and writes the
 * whole chain anew: they have no signer's key.
 *
 * Signed is, by Ed25519 (RFC 8032), the UTF-8 text of five lines, each ended by LF: `casare.audit-checkpoint/1`, the log,
 * the position, the hash, the time. The key is derived from the master key (HKDF-SHA-256) and never leaves the signer.
 */
import { createHash, createPrivateKey, createPublicKey, hkdfSync, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { ChainHead } from './audit-chain.ts';
import { accept, refuse, type Result } from './result.ts';

const FORMAT = 'casare.audit-checkpoint/1';
/** PKCS#8 of an Ed25519 key up to its 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** As it is kept and sent. */
export const Checkpoint = z.strictObject({
  format: z.literal(FORMAT),
  log: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^\r\n]*$/),
  position: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  /** SubjectPublicKeyInfo, DER, base64. */
  publicKey: z.base64().max(200),
  signature: z.base64().max(200),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** What a signer is asked to sign. */
export type CheckpointRequest = Pick<Checkpoint, 'log' | 'position' | 'hash'>;

/** The signer's key for checkpoints. */
export function checkpointKey(masterKey: Uint8Array): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', masterKey, '', 'casare-audit-checkpoint-v1', 32));
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

export function signCheckpoint(key: KeyObject, { log, position, hash }: CheckpointRequest, now: Date): Checkpoint {
  const statement = { format: FORMAT, log, position, hash, at: now.toISOString() } as const;
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
  return { ...statement, publicKey, signature: sign(null, textOf(statement), key).toString('base64') };
}

/** Whether the signature is that of the key in it. Whose key that is says `fingerprintOf`. Never throws for bad input. */
export function verifyCheckpoint(checkpoint: Checkpoint): Result<ChainHead, 'CHECKPOINT_FORGED'> {
  const forged = refuse('CHECKPOINT_FORGED', `the checkpoint of ${checkpoint.at} is not what its key signed`);
  try {
    const key = createPublicKey({ key: Buffer.from(checkpoint.publicKey, 'base64'), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType !== 'ed25519') return forged;
    if (!verify(null, textOf(checkpoint), key, Buffer.from(checkpoint.signature, 'base64'))) return forged;
    return accept({ position: checkpoint.position, hash: checkpoint.hash });
  } catch {
    return forged;
  }
}

/** SHA-256 of a checkpoint's key, hex: by it a key is known. */
export function fingerprintOf({ publicKey }: Pick<Checkpoint, 'publicKey'>): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex');
}

function textOf({ format, log, position, hash, at }: Omit<Checkpoint, 'publicKey' | 'signature'>): Buffer {
  return Buffer.from([format, log, position, hash, at].map((line) => `${line}\n`).join(''));
}
