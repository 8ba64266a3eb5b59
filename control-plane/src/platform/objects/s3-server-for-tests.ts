/**
 * For tests: s3rver (an S3 server from npm, files on the disk, signatures verified) on a free loopback port. It looks at no
 * checksum, as AWS and MinIO do; so this double in front of it does, and can be told to fail. Of lists the signature is not
 * verified: s3rver 5 expects that of `/bucket` where clients sign `/bucket/`.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BucketKeys } from './s3-objects.ts';

export interface S3ForTests {
  readonly endpoint: string;
  readonly bucket: string;
  readonly keys: BucketKeys;
  /** What was asked, `METHOD path`, the newest last. */
  readonly asked: string[];
  /** Bytes are changed on their way. */
  bend: boolean;
  /** Every request is answered with 503. */
  away: boolean;
  /** Somebody removes an object behind our back. */
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;
interface S3rver {
  configureBuckets(): Promise<unknown>;
  callback(): Handle;
}

const require = createRequire(import.meta.url);
// Where a list has more pages, s3rver makes a token by DES, which OpenSSL 3 has no more; nobody here reads it.
const crypto = require('node:crypto') as { createCipheriv: (name: string, key: Buffer, iv: Buffer) => unknown };
const { createCipheriv } = crypto;
crypto.createCipheriv = (name, key, iv) =>
  name === 'des'
    ? createCipheriv('aes-128-cbc', Buffer.concat([key, key]), Buffer.concat([iv, iv]))
    : createCipheriv(name, key, iv);

export async function startS3ForTests(bucket = 'casare-files'): Promise<S3ForTests> {
  const directory = await mkdtemp(path.join(tmpdir(), 'casare-s3-'));
  const Server = require('@20minutes/s3rver') as new (options: object) => S3rver;
  const options = { directory, silent: true, configureBuckets: [{ name: bucket }] };
  const s3rver = new Server(options);
  await s3rver.configureBuckets();
  const handle = s3rver.callback();
  const list = new Server({ ...options, allowMismatchedSignatures: true }).callback();
  const state = { bend: false, away: false, asked: [] as string[] };
  const server = createServer((request, response) => {
    state.asked.push(`${request.method} ${request.url}`);
    if (state.away) response.writeHead(503).end();
    else if (request.method === 'PUT') void judged(request, response, handle, state.bend);
    else if (request.url?.startsWith(`/${bucket}/?`)) list(request, response);
    else handle(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(state, {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    keys: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    async remove(key: string) {
      const files = ['object', 'metadata.json', 'object.md5'].map((part) => `${key}._S3rver_${part}`);
      for (const file of files) await rm(path.join(directory, bucket, file));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(directory, { recursive: true, force: true });
    },
  });
}

/** As a store does that looks at what it was told of the bytes. */
async function judged(
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handle,
  bend: boolean,
): Promise<void> {
  const bytes = await buffer(request);
  if (bend && bytes.length > 0) bytes[0]! ^= 1;
  const hash = createHash('sha256').update(bytes);
  const hex = hash.copy().digest('hex');
  const { 'x-amz-checksum-sha256': checksum, 'x-amz-content-sha256': signed } = request.headers;
  if (checksum !== hash.digest('base64') || signed !== hex) {
    response.writeHead(400, { 'content-type': 'application/xml' });
    response.end('<?xml version="1.0"?><Error><Code>BadDigest</Code><Message>other bytes</Message></Error>');
    return;
  }
  const body = Object.assign(new PassThrough(), {
    ...{ method: request.method, url: request.url, headers: request.headers, socket: request.socket },
    ...{ rawHeaders: request.rawHeaders, httpVersion: request.httpVersion, connection: request.socket },
  });
  body.end(bytes);
  handle(body as unknown as IncomingMessage, response);
}
