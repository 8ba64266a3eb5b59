/**
 * The file of a backup's keys: the key that its archive is under, and the files of the home without which a restored
 * database is of no use, all under a passphrase. It is kept apart from the archive: either alone is useless.
 *
 * Key of the encryption: argon2id (RFC 9106), 64 MiB, 3 passes; AES-256-GCM, to which everything else in the file is bound.
 * What is read is bounded before it costs anything.
 */
import { argon2, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../platform/errors.ts';
import { ID_BYTES, KEY_BYTES } from './sealed-stream.ts';

/** Files of the home that are keys or passwords, in a backup's file of keys; absent ones are left out. */
export const KEY_FILES = ['master.key', 'secrets-master.key', 'secrets.yaml', 'admin.json'] as const;
export type KeyFile = (typeof KEY_FILES)[number];

/** What is in it. */
export interface BackupKeys {
  /** Of the backup, hex. */
  readonly id: string;
  readonly archiveKey: Uint8Array;
  readonly files: ReadonlyMap<KeyFile, Uint8Array>;
}

/** A passphrase is typed by people: shorter ones can be guessed. */
const PASSPHRASE_LEAST = 12;
/** Larger files are not ours. */
export const KEYS_FILE_MOST = 16 * 1_048_576;
const COST = { memory: 65_536, passes: 3, parallelism: 1 } as const;
const FORMAT = 'casare.backup-keys/1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ABOUT = 'Keys of a Casare backup, under a passphrase. Keep it apart from the archive.';

const base64 = z.base64().max(KEYS_FILE_MOST);
const Envelope = z.strictObject({
  format: z.literal(FORMAT),
  about: z.string().max(200),
  id: z.string().regex(new RegExp(`^[0-9a-f]{${ID_BYTES * 2}}$`)),
  kdf: z.strictObject({
    name: z.literal('argon2id'),
    memory: z.int().min(8_192).max(1_048_576),
    passes: z.int().min(1).max(20),
    parallelism: z.int().min(1).max(4),
    salt: base64,
  }),
  nonce: base64,
  sealed: base64,
});
type Envelope = z.infer<typeof Envelope>;
const Content = z.strictObject({ archiveKey: base64, files: z.partialRecord(z.enum(KEY_FILES), base64) });

/** @throws Fault PASSPHRASE_REFUSED */
export function expectPassphrase(passphrase: string): void {
  if (passphrase.length < PASSPHRASE_LEAST) {
    throw new Fault({
      code: 'PASSPHRASE_REFUSED',
      what: 'The passphrase cannot protect the keys',
      why: `it has fewer than ${PASSPHRASE_LEAST} characters`,
      fix: 'Give a longer one, such as `openssl rand -base64 24` makes',
    });
  }
}

/** The text of the file. @throws Fault PASSPHRASE_REFUSED */
export async function sealKeys({ id, archiveKey, files }: BackupKeys, passphrase: string): Promise<string> {
  expectPassphrase(passphrase);
  const salt = randomBytes(16).toString('base64');
  const nonce = randomBytes(NONCE_BYTES);
  const open = { format: FORMAT, about: ABOUT, id, kdf: { name: 'argon2id', ...COST, salt } } as const;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const content = {
    archiveKey: text(archiveKey),
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, text(bytes)])),
  };
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, open.kdf), nonce);
  cipher.setAAD(boundTo(open));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final(), cipher.getAuthTag()]);
  return `${JSON.stringify({ ...open, nonce: text(nonce), sealed: text(sealed) }, null, 2)}\n`;
}

/** Opens what `sealKeys` made. @throws Fault BACKUP_KEYS_MALFORMED, PASSPHRASE_WRONG */
export async function openKeys(text: string, passphrase: string): Promise<BackupKeys> {
  const envelope = parsed(Envelope, text);
  const sealed = Buffer.from(envelope.sealed, 'base64');
  const nonce = Buffer.from(envelope.nonce, 'base64');
  if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) throw malformed();
  const decipher = createDecipheriv('aes-256-gcm', await keyOf(passphrase, envelope.kdf), nonce);
  decipher.setAAD(boundTo(envelope));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  let opened: string;
  try {
    opened = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    throw new Fault({
      code: 'PASSPHRASE_WRONG',
      what: 'The keys of the backup do not open',
      why: 'the passphrase is another one, or the file was changed',
      fix: 'Give the passphrase that the backup was made with',
    });
  }
  const content = parsed(Content, opened);
  const files = new Map(
    Object.entries(content.files).map(([name, bytes]) => [name as KeyFile, Buffer.from(bytes, 'base64')]),
  );
  const archiveKey = Buffer.from(content.archiveKey, 'base64');
  if (archiveKey.length !== KEY_BYTES) throw malformed();
  return { id: envelope.id, archiveKey, files };
}

function boundTo({ format, id, kdf }: Pick<Envelope, 'format' | 'id' | 'kdf'>): Buffer {
  return Buffer.from(JSON.stringify([format, id, kdf.name, kdf.memory, kdf.passes, kdf.parallelism, kdf.salt]));
}

function keyOf(passphrase: string, { memory, passes, parallelism, salt }: Envelope['kdf']): Promise<Buffer> {
  const message = Buffer.from(passphrase.normalize('NFC'), 'utf8');
  const parameters = { message, nonce: Buffer.from(salt, 'base64'), tagLength: 32, memory, passes, parallelism };
  return new Promise((resolve, reject) => {
    argon2('argon2id', parameters, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw malformed();
  }
}

function malformed(): Fault {
  return new Fault({
    code: 'BACKUP_KEYS_MALFORMED',
    what: 'The file of keys cannot be read',
    why: 'it is not what `casare backup` wrote',
    fix: 'Give the file that was named by --keys when the backup was made',
  });
}
