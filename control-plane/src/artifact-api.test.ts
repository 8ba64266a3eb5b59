/** Files of runs over HTTP, from a whole control plane: ranges, tags, HEAD, links and the command line. */
import { api } from '@casare/shared/api';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ran } from './cli/testing.ts';
import { sql } from './platform/database/index.ts';
import { objectPath } from './platform/objects/objects.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

const CONTENT = '0123456789';
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const ETAG = `"${SHA256}"`;
const addArtifact = sql<never, [id: string, sha256: string]>(
  'testAddArtifact',
  `INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256)
   VALUES ('default', $1::uuid, gen_random_uuid(), 1, 'out/ten "€".txt', 'output', 'Text/Plain; charset=x', 10, $2)`,
);

let plane: TestControlPlane;
let folder: string;
let id: string;
let file: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  folder = await mkdtemp(path.join(tmpdir(), 'casare-artifact-api-'));
  id = randomUUID();
  file = path.join(plane.home, 'artifacts', objectPath('default', id));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, CONTENT);
  await plane.database.db.execute(addArtifact(id, SHA256));
});
afterAll(async () => {
  await plane.close();
  await rm(folder, { recursive: true, force: true });
});

function get(headers: Record<string, string> = {}, method = 'GET', of = id): Promise<Response> {
  const key = { authorization: `Bearer ${plane.admin.apiKey}` };
  return fetch(`${plane.url}/api/v1/artifacts/${of}`, { method, headers: { ...key, ...headers } });
}
const header = (response: Response, ...names: string[]) => names.map((name) => response.headers.get(name));

test('the whole: its type as announced, its name, its hash', async () => {
  const whole = await get();
  expect([whole.status, await whole.text()]).toEqual([200, CONTENT]);
  expect(header(whole, 'content-type', 'content-length', 'etag', 'accept-ranges', 'cache-control')).toEqual([
    ...['text/plain', '10', ETAG, 'bytes', 'no-store'],
  ]);
  expect(header(whole, 'content-disposition', 'repr-digest')).toEqual([
    `attachment; filename="ten \\"?\\".txt"; filename*=UTF-8''ten%20%22%E2%82%AC%22.txt`,
    `sha-256=:${Buffer.from(SHA256, 'hex').toString('base64')}:`,
  ]);
});

test('ranges: one is sent, several are the whole, none behind the end', async () => {
  const some = await get({ range: 'bytes=2-4' });
  expect([some.status, await some.text(), ...header(some, 'content-range', 'content-length')]).toEqual([
    ...[206, '234', 'bytes 2-4/10', '3'],
  ]);
  const last = await get({ range: 'bytes=-1', 'if-range': ETAG });
  expect([last.status, await last.text(), ...header(last, 'content-range')]).toEqual([206, '9', 'bytes 9-9/10']);
  const changed = await get({ range: 'bytes=-1', 'if-range': '"other"' });
  expect([changed.status, await changed.text()]).toEqual([200, CONTENT]);
  const several = await get({ range: 'bytes=0-0,-1' });
  expect([several.status, await several.text()]).toEqual([200, CONTENT]);
  const behind = await get({ range: 'bytes=10-' });
  expect([behind.status, ...header(behind, 'content-range', 'content-disposition')]).toEqual([416, 'bytes */10', null]);
  expect(await behind.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
});

test('who has it is told so; HEAD tells all but the bytes', async () => {
  const known = await get({ 'if-none-match': `W/${ETAG}` });
  expect([known.status, await known.text(), ...header(known, 'etag')]).toEqual([304, '', ETAG]);
  expect((await get({ 'if-match': '"other"' })).status).toBe(412);
  const head = await get({ range: 'bytes=2-4' }, 'HEAD');
  expect([head.status, await head.text(), ...header(head, 'content-length', 'etag', 'content-type')]).toEqual([
    ...[200, '', '10', ETAG, 'text/plain'],
  ]);
  const nothing = randomUUID();
  expect((await get({}, 'HEAD', nothing)).status).toBe(404);
});

test('a link is good without a key, for ranges and HEAD too, is audited, and is not written anywhere', async () => {
  const { url, expiresAt } = await plane.client.call(api.artifacts.link, { params: { id }, body: { ttlSeconds: 60 } });
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  expect(await (await fetch(url)).text()).toBe(CONTENT);
  expect(await (await fetch(url, { headers: { range: 'bytes=-2' } })).text()).toBe('89');
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  for (const method of ['POST', 'DELETE']) expect((await fetch(url, { method })).status).toBe(404);
  const entries = async () => (await plane.client.call(api.audit.list, { query: { limit: 20 } })).items;
  // Entries are shown when they are linked.
  await expect
    .poll(entries)
    .toContainEqual(expect.objectContaining({ action: 'artifact.linkMade', subject: `artifact:${id}` }));
  expect(JSON.stringify(await entries())).not.toContain(new URL(url).searchParams.get('token'));
});

test('the command line saves what was stored and nothing else, and makes links', async () => {
  const env = { CASARE_HOME: plane.home, XDG_CONFIG_HOME: folder };
  const casare = (...args: string[]) => ran(args, { env });
  const to = path.join(folder, 'saved.txt');
  expect((await casare('artifacts', 'get', id, '--to', to)).code).toBe(0);
  expect(await readFile(to, 'utf8')).toBe(CONTENT);
  const link = await casare('artifacts', 'link', id, '--ttl', '60');
  expect(await (await fetch(link.out.trim())).text()).toBe(CONTENT);
  expect((await casare('artifacts', 'link', id, '--ttl', 'soon')).code).toBe(2);

  // Other bytes of the same length on the disk: they are noticed, and do not stay.
  await writeFile(file, '9876543210');
  const other = path.join(folder, 'other.txt');
  const bent = await casare('artifacts', 'get', id, '--to', other);
  expect([bent.code, bent.err]).toEqual([1, expect.stringContaining('ARTIFACT_HASH')]);
  await expect(readFile(other)).rejects.toThrow('ENOENT');
  // And of another length: they are not sent at all.
  await writeFile(file, 'short');
  expect(await (await get()).json()).toMatchObject({ code: 'ARTIFACT_FILE_DAMAGED' });
  await writeFile(file, CONTENT);
});
