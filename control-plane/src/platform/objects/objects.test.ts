/** One set of expectations for each driver: the file system, and a bucket on an S3 server from npm. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutboundAllowed } from '../outbound/allowed.ts';
import { Outbound } from '../outbound/outbound.ts';
import { FileObjects } from './file-objects.ts';
import { objectPath, type ObjectStore, type SealedFile } from './objects.ts';
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

  it('lists what is there in order, with when it came, and goes on where it was', async () => {
    const store = make();
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of ids) await store.put('listed', id, await sealed(Buffer.from('abc')));
    const { objects, next } = await store.list(null);
    const mine = objects.filter(({ tenant }) => tenant === 'listed');
    expect(next).toBeNull();
    expect(mine.map(({ id, bytes }) => [id, bytes]).sort()).toEqual(ids.map((id) => [id, 3]).sort());
    for (const { at } of mine) expect(Math.abs(Date.now() - at.getTime())).toBeLessThan(60_000);
  });

  it('a file that is gone from this machine is not put', async () => {
    const [store, id] = [make(), randomUUID()];
    const file = { ...(await sealed(Buffer.from('x'))), path: path.join(folder, 'nowhere') };
    await expect(store.put('t', id, file)).rejects.toThrow();
    expect(await store.has('t', id)).toBe(false);
  });
});

it('a list of a disk comes in pages, whose folders are whole', async () => {
  const root = path.join(folder, 'many');
  const store = new FileObjects(root);
  const ids = Array.from({ length: 1_300 }, () => randomUUID());
  for (const id of ids) {
    const file = path.join(root, objectPath('t', id));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '');
  }
  const first = await store.list(null);
  expect(first.objects.length).toBeLessThan(1_100);
  const rest = await store.list(first.next);
  expect(rest.next).toBeNull();
  expect([...first.objects, ...rest.objects].map(({ id }) => id).sort()).toEqual(ids.sort());
  expect(await new FileObjects(path.join(folder, 'nowhere')).list(null)).toEqual({ objects: [], next: null });
});

describe('a bucket', () => {
  it('is listed, counted and emptied page by page', async () => {
    const store = bucketWith({ prefix: 'paged/', page: 2 });
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const id of ids) await store.put('t', id, await sealed(Buffer.from('x')));
    const pages = [await store.list(null)];
    while (pages.at(-1)!.next !== null) pages.push(await store.list(pages.at(-1)!.next));
    expect(pages.map(({ objects }) => objects.length)).toEqual([2, 2, 1]);
    expect(pages.flatMap(({ objects }) => objects.map(({ id }) => id)).sort()).toEqual(ids.sort());
    expect([await store.countOf('t'), await store.removeTenant('t'), await store.countOf('t')]).toEqual([5, 5, 0]);
  });

  it('gives an address for a minute, for one object, sent as was said; not unless it is allowed', async () => {
    const store = bucketWith({ redirect: true });
    const [id, other] = [randomUUID(), randomUUID()];
    for (const each of [id, other]) await store.put('t', each, await sealed(Buffer.from('0123456789')));
    // s3rver signs none of !'()* as the specification says; what is made of such a name is not tried here.
    const as = { type: 'text/plain', disposition: 'attachment; filename="a b.txt"' };
    expect(await bucketWith().addressOf('t', id, as)).toBeNull();
    const address = await store.addressOf('t', id, as);
    const answer = await fetch(address!);
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789']);
    expect(['content-type', 'content-disposition', 'cache-control'].map((name) => answer.headers.get(name))).toEqual([
      ...['text/plain', as.disposition, 'no-store'],
    ]);
    const range = await fetch(address!, { headers: { range: 'bytes=2-3' } });
    expect([range.status, await range.text()]).toEqual([206, '23']);
    const url = new URL(address!);
    expect(url.searchParams.get('X-Amz-Expires')).toBe('60');
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    // Nothing of it can be changed: not the object, nor as what it is sent.
    const swapped = [address!.replaceAll(id, other), address!.replace('text%2Fplain', 'text%2Fhtml')];
    for (const changed of swapped) {
      expect(changed).not.toBe(address);
      expect((await fetch(changed)).status).toBe(403);
    }
    expect((await fetch(address!, { method: 'DELETE' })).status).toBe(403);
    expect(await store.has('t', id)).toBe(true);
  });

  it('has the names of those that keep files there, each once', async () => {
    const store = bucketWith({ prefix: 'kept/' });
    expect(await store.keepers('one')).toEqual(['one']);
    expect(await store.keepers('two')).toEqual(['one', 'two']);
    expect(await store.keepers('one')).toEqual(['one', 'two']);
    expect(await store.list(null)).toEqual({ objects: [], next: null });
  });

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
