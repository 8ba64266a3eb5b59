/** What a backup says of itself: `manifest.json`, the last file of its archive. */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);
const day = z.strictObject({ day: z.string().regex(/^\d{8}$/), first: z.uuid(), before: z.uuid() });
const number = z.string().regex(/^\d{1,19}$/);

/** A file of the archive. */
const ArchiveFile = z.strictObject({ name: z.string().min(1).max(300), bytes: z.int().min(0), sha256 });
export type ArchiveFile = z.infer<typeof ArchiveFile>;

export const Manifest = z.strictObject({
  format: z.literal('casare.backup/1'),
  /** Also in the archive's head and in the file of keys, hex. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  madeAt: z.iso.datetime(),
  /** Of the database's server, for people. */
  postgres: z.string().max(100),
  /** How often the record had been restored. */
  epoch: z.int(),
  migrations: z.array(z.strictObject({ number: z.int().positive(), name: z.string().max(100), sha256 })).max(10_000),
  /** In an order in which their rows can be loaded. */
  tables: z.array(z.strictObject({ name, columns: z.array(name).max(1_600) })).max(10_000),
  sequences: z.array(z.strictObject({ name, last: number })).max(10_000),
  /** Days of history that have partitions of their own. */
  days: z.array(day).max(100_000),
  /** Where each log's chain ended: an export of the log must go on from there. */
  auditHeads: z.array(z.strictObject({ log: z.string(), position: z.int().min(0), hash: sha256 })).max(1_000_000),
  files: z.array(ArchiveFile).max(10_000),
  /** Null: left out. `sha256`: of the lines `<name> <bytes> <sha256>` of all of them, in their order. */
  artifacts: z
    .strictObject({ count: z.int(), bytes: z.int(), sha256, missing: z.int(), damaged: z.array(z.string()).max(100) })
    .nullable(),
  /** Settings of the environment that are no secret. */
  settings: z.record(z.string(), z.string()),
  /** What the installation needs besides, and where it is. */
  elsewhere: z.array(z.string().max(300)).max(100),
});
export type Manifest = z.infer<typeof Manifest>;

/** Larger ones are not ours, bytes. */
export const MANIFEST_MOST = 64 * 1_048_576;
export const MANIFEST = 'manifest.json';

/** The line of an artifact in the digest of all. */
export function lineOfFile({ name, bytes, sha256 }: ArchiveFile): string {
  return `${name} ${bytes} ${sha256}\n`;
}
