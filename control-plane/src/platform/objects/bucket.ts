/** The operator's bucket: made of the configuration, with keys of the environment or of a file that may change. */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Fault } from '../errors.ts';
import type { Outbound } from '../outbound/outbound.ts';
import { S3Objects, type BucketKeys, type BucketSettings } from './s3-objects.ts';

/** Where the bucket is and by which keys it is used. */
export interface BucketConfig extends BucketSettings {
  /** The keys themselves, or the file that has them, absolute. */
  readonly keys: { readonly of: BucketKeys } | { readonly file: string };
}

const KeysFile = z.object({
  accessKeyId: z.string().min(1).max(200),
  secretAccessKey: z.string().min(1).max(500),
  sessionToken: z.string().min(1).max(10_000).optional(),
});

/** The bucket, and the end of its connections. */
export function openBucket(config: BucketConfig, outbound: Outbound): { objects: S3Objects; close(): Promise<void> } {
  const channel = outbound.channel();
  const { keys } = config;
  const read = () => ('of' in keys ? Promise.resolve(keys.of) : readKeys(keys.file));
  return { objects: new S3Objects({ ...config, keys: read, channel }), close: () => channel.close() };
}

/** What an installation is called among those that keep files in a bucket: of a key that its replicas share, which it does not tell. */
export function keeperName(key: () => Promise<Uint8Array>): () => Promise<string> {
  return async () =>
    createHmac('sha256', await key())
      .update('casare bucket keeper 1')
      .digest('hex')
      .slice(0, 32);
}

/** What is in the file is in no message. @throws Fault S3_KEYS_UNUSABLE */
async function readKeys(file: string): Promise<BucketKeys> {
  try {
    return KeysFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Fault({
      code: 'S3_KEYS_UNUSABLE',
      what: `The keys of the bucket cannot be read from ${file}`,
      why: code ?? 'it is no JSON object with accessKeyId and secretAccessKey',
      fix: 'Correct the file that CASARE_S3_KEYS_FILE names',
      status: 503,
    });
  }
}
