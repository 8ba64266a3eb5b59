/**
 * A whole control plane whose files are in a bucket, started by its settings as an operator would: a job with a file from end to end,
 * and the file read back.
 */
import { api } from '@casare/shared/api';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connect, type Scene } from './fleet/testing.ts';
import { startS3ForTests, type S3ForTests } from './platform/objects/s3-server-for-tests.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';
import { begin, complete, JOB, newAgent, newTenant, sceneOf, sendFile, stateIs } from './testing-tenants.ts';

let s3: S3ForTests;
let folder: string;
let plane: TestControlPlane;
let scene: Scene;
let settings: Record<string, string>;
beforeAll(async () => {
  s3 = await startS3ForTests();
  folder = await mkdtemp(path.join(tmpdir(), 'casare-bucket-plane-'));
  const keys = path.join(folder, 'keys.json');
  await writeFile(keys, JSON.stringify(s3.keys), { mode: 0o600 });
  settings = {
    CASARE_S3_BUCKET: s3.bucket,
    CASARE_S3_ENDPOINT: s3.endpoint,
    CASARE_S3_PREFIX: 'runs',
    CASARE_S3_KEYS_FILE: keys,
    CASARE_OUTBOUND_ALLOW: s3.endpoint,
  };
  plane = await startTestControlPlane(settings);
  scene = await sceneOf(plane);
});
afterAll(async () => {
  await plane.close();
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

test('a job ends with a file in the bucket, which is read back whole, in a range, and by its checksum', async () => {
  const client = await newTenant(plane, 'acme');
  const tunnel = await connect(scene, await newAgent(scene, client));
  const { id: job } = await client.call(api.jobs.submit, { body: JOB });
  await begin(tunnel, job);
  const content = randomBytes(700_000);
  const sent = await sendFile(tunnel, job, { stream: 1, name: 'out/data.bin', content });
  if (!('stored' in sent)) throw new Error(sent.reason);
  complete(tunnel, job, 2);
  await stateIs(client, job, 'succeeded');
  const { items } = await client.call(api.jobs.artifacts, { params: { id: job } });
  const sha256 = createHash('sha256').update(content).digest('hex');
  expect(items).toMatchObject([{ id: sent.stored, name: 'out/data.bin', bytes: content.length, sha256 }]);
  // Where the settings say, and nowhere else.
  expect(s3.asked.some((line) => line.startsWith(`PUT /${s3.bucket}/runs/acme/`) && line.includes(sent.stored))).toBe(
    true,
  );
  const kept = path.join(plane.home, 'artifacts');
  const onDisk = await readdir(kept, { recursive: true, withFileTypes: true }).catch(() => []);
  expect(onDisk.filter((entry) => entry.isFile())).toEqual([]);

  const key = { authorization: `Bearer ${await plane.keyOf('viewer', 'acme')}` };
  const url = `${plane.url}/api/v1/artifacts/${sent.stored}`;
  const whole = await fetch(url, { headers: key });
  expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
  expect(whole.headers.get('etag')).toBe(`"${sha256}"`);
  expect(whole.headers.get('repr-digest')).toBe(`sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
  const range = await fetch(url, { headers: { ...key, range: 'bytes=600000-600099', 'if-range': `"${sha256}"` } });
  expect([range.status, range.headers.get('content-range')]).toEqual([206, `bytes 600000-600099/${content.length}`]);
  expect(Buffer.from(await range.arrayBuffer()).equals(content.subarray(600_000, 600_100))).toBe(true);
  // Its name stands in the bucket, for the sweep over files that nobody names.
  await vi.waitFor(() => expect(s3.asked.some((line) => line.includes('/runs/.installations/'))).toBe(true), 20_000);
  await tunnel.close();
});

test('with the bucket away downloads say so, and with the bytes gone too', async () => {
  const client = await newTenant(plane, 'gone');
  const tunnel = await connect(scene, await newAgent(scene, client));
  const { id: job } = await client.call(api.jobs.submit, { body: JOB });
  await begin(tunnel, job);
  const sent = await sendFile(tunnel, job, { stream: 1, name: 'a.txt', content: Buffer.from('bytes') });
  if (!('stored' in sent)) throw new Error(sent.reason);
  const get = () =>
    fetch(`${plane.url}/api/v1/artifacts/${sent.stored}`, { headers: { authorization: `Bearer ${apiKey}` } });
  const apiKey = await plane.keyOf('viewer', 'gone');
  s3.away = true;
  const away = await get();
  s3.away = false;
  expect([away.status, await away.json()]).toMatchObject([503, { code: 'ARTIFACT_STORE_UNREACHABLE' }]);
  expect(await (await get()).text()).toBe('bytes');
  await s3.remove(`runs/gone/${sent.stored.slice(-2)}/${sent.stored}`);
  const missing = await get();
  expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'ARTIFACT_FILE_MISSING' }]);
  await tunnel.close();
});

test('downloads stay here unless the operator lets them go to the bucket; then they are attachments of an allowed type', async () => {
  const other = await startTestControlPlane({ ...settings, CASARE_S3_PREFIX: 'direct', CASARE_S3_REDIRECT: '1' });
  try {
    const there = await sceneOf(other);
    const client = await newTenant(other, 'direct');
    const tunnel = await connect(there, await newAgent(there, client));
    const { id: job } = await client.call(api.jobs.submit, { body: JOB });
    await begin(tunnel, job);
    const content = Buffer.from('<script>alert(1)</script>');
    const sent = await sendFile(tunnel, job, { stream: 1, name: 'out/page.html', content, mediaType: 'text/html' });
    if (!('stored' in sent)) throw new Error(sent.reason);
    const headers = { authorization: `Bearer ${await other.keyOf('viewer', 'direct')}` };
    const get = (path: string, more: Record<string, string> = {}, method = 'GET') =>
      fetch(path, { headers: { ...headers, ...more }, redirect: 'manual', method });
    const url = `${other.url}/api/v1/artifacts/${sent.stored}`;
    const { url: link } = await client.call(api.artifacts.link, { params: { id: sent.stored }, body: {} });

    // A program that reads bytes is given bytes.
    expect(await (await get(url)).text()).toBe(String(content));
    for (const each of [`${url}?redirect=1`, link]) {
      const answer = await get(each);
      expect([answer.status, await answer.text(), answer.headers.get('cache-control')]).toEqual([302, '', 'no-store']);
      expect(answer.headers.get('content-disposition')).toBeNull();
      const location = answer.headers.get('location')!;
      expect(location.startsWith(`${s3.endpoint}/${s3.bucket}/direct/direct/`)).toBe(true);
      expect(location).not.toContain(new URL(link).searchParams.get('token')!);
      const file = await fetch(location);
      expect(await file.text()).toBe(String(content));
      expect(['content-type', 'content-disposition'].map((name) => file.headers.get(name))).toEqual([
        ...['application/octet-stream', 'attachment; filename=page.html'],
      ]);
      const etag = `"${createHash('sha256').update(content).digest('hex')}"`;
      expect((await get(each, { 'if-none-match': etag })).status).toBe(304);
      expect((await get(each, { range: 'bytes=900-' })).status).toBe(416);
      expect((await get(each, {}, 'HEAD')).status).toBe(200);
    }
    // What is not in the bucket is answered by us, in words.
    await s3.remove(`direct/direct/${sent.stored.slice(-2)}/${sent.stored}`);
    expect(await (await get(link)).json()).toMatchObject({ code: 'ARTIFACT_FILE_MISSING' });
    await tunnel.close();
  } finally {
    await other.close();
  }
});
