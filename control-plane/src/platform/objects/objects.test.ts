/** One set of expectations for each driver: the file system, and a bucket on an S3 server from npm. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutboundAllowed } from '../outbound/allowed.ts';
import { Outbound } from '../outbound/outbound.ts';
import { FileObjects } from './file-objects.ts';
import type { ObjectStore, SealedFile } from './objects.ts';
import { S3Objects } from './s3-objects.ts';
import { startS3ForTests, type S3ForTests } from './s3-server-for-tests.ts';

let folder: string;
let s3: S3ForTests;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-objects-'));
  s3 = await startS3ForTests();
});
afterAll(async () => {
  for (const close of closing) await close();
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

function bucketWith(more: Partial<ConstructorParameters<typeof S3Objects>[0]> = {}, allow = 'http://127.0.0.1') {
  const channel = new Outbound({ allowed: OutboundAllowed.parse(allow)! }).channel();
  closing.push(() => channel.close());
  return new S3Objects({
    ...{ bucket: s3.bucket, endpoint: s3.endpoint, region: 'eu-central-1', prefix: 'a/b/', pathStyle: true, channel },
    keys: () => Promise.resolve(s3.keys),
    ...more,
  });
}
async function sealed(content: Buffer): Promise<SealedFile> {
  const file = path.join(folder, randomUUID());
  await writeFile(file, content);
  return { path: file, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}
async function textOf(store: ObjectStore, tenant: string, id: string, start?: number, end?: number) {
  const found = await store.read(tenant, id, start === undefined ? null : { start, end: end! });
  return found && [found.bytes, (await buffer(found.content)).toString()];
}

describe.each([
  ['the file system', () => new FileObjects(path.join(folder, 'kept'))],
  ['a bucket', () => bucketWith()],
] as const)('%s', (_, make) => {
  it('keeps what was put, whole and in ranges, under a name in any case', async () => {
    const [store, id] = [make(), randomUUID()];
    expect([await store.has('t', id), await store.read('t', id, null)]).toEqual([false, null]);
    await store.put('t', id.toUpperCase(), await sealed(Buffer.from('0123456789')));
    expect(await store.has('t', id)).toBe(true);
    expect(await textOf(store, 't', id)).toEqual([10, '0123456789']);
    expect(await textOf(store, 't', id, 2, 4)).toEqual([10, '234']);
    expect(await textOf(store, 't', id, 9, 9)).toEqual([10, '9']);
    expect(await store.read('other', id, null)).toBeNull();
  });

  it('keeps what is empty, and what has some megabytes', async () => {
    const [store, empty, large] = [make(), randomUUID(), randomUUID()];
    await store.put('t', empty, await sealed(Buffer.alloc(0)));
    expect(await textOf(store, 't', empty)).toEqual([0, '']);
    const content = Buffer.alloc(5 * 1_048_576 + 1, 'casare');
    await store.put('t', large, await sealed(content));
    expect((await buffer((await store.read('t', large, null))!.content)).equals(content)).toBe(true);
  });

  it('forgets one, also twice, and all of a tenant and of no other', async () => {
    const store = make();
    const ids = Array.from({ length: 12 }, () => randomUUID());
    for (const id of ids) await store.put('gone', id, await sealed(Buffer.from(id)));
    await store.put('gone-too', ids[0]!, await sealed(Buffer.from('other')));
    await store.remove('gone', ids[0]!);
    await store.remove('gone', ids[0]!);
    expect([await store.has('gone', ids[0]!), await store.countOf('gone')]).toEqual([false, 11]);
    expect([await store.removeTenant('gone'), await store.countOf('gone')]).toEqual([11, 0]);
    expect([await store.removeTenant('gone'), await store.countOf('gone-too')]).toEqual([0, 1]);
  });

  it('what is read while it is removed comes whole or not at all', async () => {
    const [store, id] = [make(), randomUUID()];
    await store.put('t', id, await sealed(Buffer.from('read')));
    const found = await store.read('t', id, null);
    await store.remove('t', id);
    expect((await buffer(found!.content)).toString()).toBe('read');
    expect(await store.read('t', id, null)).toBeNull();
  });

  it('a file that is gone from this machine is not put', async () => {
    const [store, id] = [make(), randomUUID()];
    const file = { ...(await sealed(Buffer.from('x'))), path: path.join(folder, 'nowhere') };
    await expect(store.put('t', id, file)).rejects.toThrow();
    expect(await store.has('t', id)).toBe(false);
  });
});

describe('a bucket', () => {
  it('has names below its prefix, by tenant', async () => {
    const id = randomUUID();
    await bucketWith().put('t', id, await sealed(Buffer.from('x')));
    expect(s3.asked.at(-1)).toMatch(new RegExp(`^PUT /${s3.bucket}/a/b/t/${id.slice(-2)}/${id}\\b`));
  });

  it('does not take bytes that changed on their way: nothing is there then', async () => {
    const [store, id] = [bucketWith(), randomUUID()];
    s3.bend = true;
    await expect(store.put('t', id, await sealed(Buffer.from('bytes')))).rejects.toMatchObject({
      code: 'ARTIFACT_STORE_UNREACHABLE',
      message: expect.stringContaining('BadDigest') as string,
    });
    s3.bend = false;
    expect(await store.has('t', id)).toBe(false);
  });

  it('that is away, or turns the keys down, says so in one line that holds no key; and what is there is not called gone', async () => {
    const id = randomUUID();
    await bucketWith().put('t', id, await sealed(Buffer.from('x')));
    const wrong = bucketWith({ keys: () => Promise.resolve({ ...s3.keys, secretAccessKey: 'a-wrong-secret' }) });
    const error = await wrong.read('t', id, null).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ARTIFACT_STORE_UNREACHABLE', status: 503 });
    expect(String(error)).not.toContain('a-wrong-secret');
    await expect(wrong.has('t', id)).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNREACHABLE' });
    const none = bucketWith({ bucket: 'nothing-here' });
    await expect(none.read('t', id, null)).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNREACHABLE' });
    s3.away = true;
    await expect(bucketWith().check()).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNREACHABLE' });
    await expect(bucketWith().read('t', id, null)).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNREACHABLE' });
    s3.away = false;
    await bucketWith().check();
  });
});
