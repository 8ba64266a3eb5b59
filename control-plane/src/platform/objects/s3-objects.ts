/**
 * Files in a bucket of the S3 API: AWS, MinIO, Supabase Storage and others. Names are `<prefix><tenant>/…`, as on a disk.
 *
 * Invariants: a put has returned only after the server said that it has all bytes, whose SHA-256 it was told twice, as
 * checksum and as the signed hash of the body: a server that looks at either refuses others. Every connection goes through
 * `platform/outbound`, which judges the address: one that is not public is allowed by the operator like any other.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type _Object,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Fault, lineOf } from '../errors.ts';
import type { Channel } from '../outbound/channel.ts';
import {
  objectPath,
  readObjectPath,
  type FoundObject,
  type ListedObject,
  type ObjectPage,
  type ObjectRange,
  type ObjectStore,
  type SealedFile,
  type SentAs,
} from './objects.ts';
import { presignedUrl } from './s3-presign.ts';
import { channelHandler } from './s3-requests.ts';

export interface BucketKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface BucketSettings {
  readonly bucket: string;
  /** Null: that of AWS in the region. */
  readonly endpoint: string | null;
  readonly region: string;
  /** Before every name; empty, or with a slash at its end. */
  readonly prefix: string;
  /** The bucket in the path and not in the host name: what MinIO and Supabase want. */
  readonly pathStyle: boolean;
  /** Whether downloads may be sent to the bucket; not unless it says so. */
  readonly redirect?: boolean;
}

export interface S3ObjectsOptions extends BucketSettings {
  /** Asked for again every few minutes, so that they can be replaced. */
  readonly keys: () => Promise<BucketKeys>;
  readonly channel: Channel;
  /** Objects in a page of a list; 1,000 unless a test says otherwise. */
  readonly page?: number;
}

/** Objects in a page of a list, as many as there are in one; pages in one call. */
const PAGE = 1_000;
const PAGES = 10;
/** Deletes under way at once. */
const AT_ONCE = 8;
/** Where those that keep files in the bucket leave their names; no tenant can have this one. */
const KEEPERS = '.installations';
/** How long an address of an object is good, seconds: as long as a browser needs to follow it, however slowly it then reads. */
const ADDRESS_SECONDS = 60;
const KEYS_MS = 300_000;
/** What it would say is in what it throws. */
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export class S3Objects implements ObjectStore {
  readonly #options: S3ObjectsOptions;
  readonly #client: S3Client;
  readonly #size: number;

  constructor(options: S3ObjectsOptions) {
    this.#options = options;
    this.#size = options.page ?? PAGE;
    const { endpoint, region, pathStyle, keys, channel } = options;
    this.#client = new S3Client({
      ...{ region, forcePathStyle: pathStyle, ...(endpoint === null ? {} : { endpoint }) },
      credentials: async () => ({ ...(await keys()), expiration: new Date(Date.now() + KEYS_MS) }) as never,
      requestHandler: channelHandler(channel),
      logger: SILENT,
      // Checksums in trailers are not understood everywhere; ours is in a header.
      ...{ requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' },
    });
  }

  async put(tenant: string, id: string, { path, bytes, sha256 }: SealedFile): Promise<void> {
    const handle = await open(path, 'r');
    const body = handle.createReadStream();
    // Whoever sends it says so too; with nobody listening the process would end.
    body.on('error', () => undefined);
    const command = new PutObjectCommand({
      ...this.#at(tenant, id),
      ...{ Body: body, ContentLength: bytes, ContentType: 'application/octet-stream' },
      ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
    });
    command.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
        return next(args);
      },
      { step: 'build', name: 'casareSignedHash' },
    );
    try {
      await this.#ask(() => this.#client.send(command));
    } finally {
      body.destroy();
    }
  }

  async has(tenant: string, id: string): Promise<boolean> {
    return (await this.#sizeOf(tenant, id)) !== null;
  }

  async read(tenant: string, id: string, range: ObjectRange | null): Promise<FoundObject | null> {
    const wanted = range === null ? {} : { Range: `bytes=${range.start}-${range.end}` };
    const command = new GetObjectCommand({ ...this.#at(tenant, id), ...wanted });
    try {
      const { Body, ContentLength, ContentRange } = await this.#client.send(command);
      const whole = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
      return { bytes: Number(whole ?? ContentLength), content: Body as Readable };
    } catch (error) {
      if (isGone(error)) return null;
      // It is shorter than it should be: who asked finds out by its size.
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 416) {
        const bytes = await this.#sizeOf(tenant, id);
        return bytes === null ? null : { bytes, content: Readable.from([]) };
      }
      throw this.#unreachable(error);
    }
  }

  /** Where the object is fetched from the bucket itself, as what is said here; null where that is not allowed. */
  async addressOf(tenant: string, id: string, as: SentAs): Promise<string | null> {
    if (this.#options.redirect !== true) return null;
    const command = new GetObjectCommand({
      ...this.#at(tenant, id),
      ...{ ResponseContentType: as.type, ResponseContentDisposition: as.disposition, ResponseCacheControl: 'no-store' },
    });
    return this.#ask(() => presignedUrl(this.#client, command, ADDRESS_SECONDS));
  }

  async remove(tenant: string, id: string): Promise<void> {
    await this.#removeKey(this.#at(tenant, id).Key);
  }

  async removeTenant(tenant: string): Promise<number> {
    let removed = 0;
    for (let page = 0; page < PAGES; page++) {
      const keys = await this.#list(tenant);
      removed += keys.length;
      const rest = [...keys];
      const worker = async (): Promise<void> => {
        for (let key = rest.pop(); key !== undefined; key = rest.pop()) await this.#removeKey(key);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      if (keys.length < this.#size) break;
    }
    return removed;
  }

  async countOf(tenant: string): Promise<number> {
    let [count, after] = [0, ''];
    for (let page = 0; page < PAGES; page++) {
      const keys = await this.#list(tenant, after);
      count += keys.length;
      if (keys.length < this.#size) break;
      after = keys.at(-1)!;
    }
    return count;
  }

  async list(from: string | null): Promise<ObjectPage> {
    const { prefix } = this.#options;
    const found = await this.#page('', from ?? undefined);
    const objects = found.flatMap(({ Key = '', Size = 0, LastModified }): ListedObject[] => {
      const of = readObjectPath(Key.slice(prefix.length));
      return of === null || LastModified === undefined ? [] : [{ ...of, bytes: Size, at: LastModified }];
    });
    return { objects, next: found.length < this.#size ? null : found.at(-1)!.Key! };
  }

  /** Leaves `mine` in the bucket as the name of one that keeps files there; the names of all that did. */
  async keepers(mine: string): Promise<string[]> {
    const { bucket, prefix } = this.#options;
    const folder = `${prefix}${KEEPERS}/`;
    const names = async () => (await this.#list(KEEPERS)).map((key) => key.slice(folder.length));
    const found = await names();
    if (found.includes(mine)) return found;
    const hash = createHash('sha256').update(mine).digest('base64');
    const about = { Bucket: bucket, Key: `${folder}${mine}`, Body: mine, ChecksumSHA256: hash };
    await this.#ask(() => this.#client.send(new PutObjectCommand(about)));
    return names();
  }

  /** Whether the bucket answers, with these keys. @throws Fault ARTIFACT_STORE_UNREACHABLE */
  async check(): Promise<void> {
    await this.#list('');
  }

  async #list(tenant: string, after?: string): Promise<string[]> {
    return (await this.#page(tenant, after)).flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
  }

  async #page(tenant: string, after?: string): Promise<_Object[]> {
    const { bucket, prefix } = this.#options;
    const found = await this.#ask(() =>
      this.#client.send(
        new ListObjectsV2Command({
          ...{ Bucket: bucket, Prefix: tenant === '' ? prefix : `${prefix}${tenant}/`, MaxKeys: this.#size },
          ...(after ? { StartAfter: after } : {}),
        }),
      ),
    );
    return found.Contents ?? [];
  }

  async #sizeOf(tenant: string, id: string): Promise<number | null> {
    try {
      return (await this.#client.send(new HeadObjectCommand(this.#at(tenant, id)))).ContentLength ?? 0;
    } catch (error) {
      if (isGone(error)) return null;
      throw this.#unreachable(error);
    }
  }

  async #removeKey(Key: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#options.bucket, Key });
    try {
      await this.#client.send(command);
    } catch (error) {
      if (!isGone(error)) throw this.#unreachable(error);
    }
  }

  async #ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #at(tenant: string, id: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.#options;
    return { Bucket: bucket, Key: `${prefix}${objectPath(tenant, id)}` };
  }

  #unreachable(cause: unknown): Fault {
    const { bucket } = this.#options;
    const status = cause instanceof S3ServiceException ? ` (${cause.$metadata.httpStatusCode ?? 'no answer'})` : '';
    const name = cause instanceof S3ServiceException ? `${cause.name}: ` : '';
    return new Fault({
      code: 'ARTIFACT_STORE_UNREACHABLE',
      what: `The bucket ${bucket} cannot be used now`,
      why: `${name}${lineOf(cause)}${status}`,
      fix: 'Look at the settings CASARE_S3_*, at CASARE_OUTBOUND_ALLOW, and at the store itself',
      status: 503,
      cause,
    });
  }
}

function nothing(): void {}

/** Of the object, not of the bucket. */
function isGone(error: unknown): boolean {
  if (!(error instanceof S3ServiceException) || error.name === 'NoSuchBucket') return false;
  return error.name === 'NoSuchKey' || error.name === 'NotFound' || error.$metadata.httpStatusCode === 404;
}
