/** Attacks 31 and 39 on files of runs: links that were bent, worn out or carried elsewhere, and files that want to be pages. */
import { api } from '@casare/shared/api';
import { createClient, type Client } from '@casare/shared/client';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { ArtifactLinks } from '../../control-plane/src/jobs/artifact-links.service.ts';
import type { ArtifactsService } from '../../control-plane/src/jobs/artifacts.service.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { isRefusal } from '../../control-plane/src/platform/refusal.ts';
import { objectPath } from '../../control-plane/src/platform/objects/objects.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { attack } from './attack.ts';

const DECISION = 'control-plane/src/jobs/artifact-link.ts';
const STORE = 'control-plane/src/jobs/artifact.store.ts';
const ANSWER = 'control-plane/src/platform/http/answer.ts';
const CONTENT = 'the bytes of a file';

const addArtifact = sql<
  never,
  [tenant: string, id: string, name: string, mediaType: string, bytes: number, sha256: string]
>(
  'testAddArtifact',
  `INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256)
   VALUES ($1, $2::uuid, gen_random_uuid(), 1, $3, 'output', $4, $5, $6)`,
);
const dropArtifact = sql<never, [id: string]>('testDropArtifact', 'DELETE FROM artifact WHERE id = $1::uuid');

let plane: TestControlPlane;
let other: Client;
beforeAll(async () => {
  plane = await startTestControlPlane();
  other = createClient({ url: plane.url, apiKey: await plane.keyOf('owner', 'other') });
});
afterAll(() => plane.close());

/** A file of a tenant, on record and on the disk; its id. */
async function stored(
  name = 'a.txt',
  mediaType = 'text/plain',
  tenant = 'default',
  content = CONTENT,
): Promise<string> {
  const id = randomUUID();
  const sha256 = createHash('sha256').update(content).digest('hex');
  await plane.database.db.execute(addArtifact(tenant, id, name, mediaType, Buffer.byteLength(content), sha256));
  const file = path.join(plane.home, 'artifacts', objectPath(tenant, id));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return id;
}
async function linkTo(id: string, client = plane.client): Promise<URL> {
  return new URL((await client.call(api.artifacts.link, { params: { id }, body: {} })).url);
}
async function fetched(url: string | URL, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, init);
  const text = await response.text();
  return response.ok ? text : (JSON.parse(text) as { code: string }).code;
}
const INVALID = 'ARTIFACT_LINK_INVALID';

attack(
  31,
  'a link to a file that was forged, changed, or carried to another file or tenant opens nothing',
  [{ file: DECISION, find: 'if (!timingSafeEqual(Buffer.from(mac), Buffer.from(wanted))) return null;' }],
  async () => {
    const [id, sibling, foreign] = [await stored(), await stored(), await stored('b.txt', 'text/plain', 'other')];
    const link = await linkTo(id);
    expect(await fetched(link)).toBe(CONTENT);
    expect(await fetched(link, { headers: { range: 'bytes=4-8' } })).toBe('bytes');
    const [end, tenant, mac] = link.searchParams.get('token')!.split('.') as [string, string, string];
    const at = (of: string, token: string) =>
      fetched(`${plane.url}/api/v1/artifacts/${of}/linked?token=${encodeURIComponent(token)}`);
    for (const token of [
      `${Number(end) + 60}.${tenant}.${mac}`,
      `${end}.other.${mac}`,
      `${end}.${tenant}.${mac.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      `${end}.${tenant}.${createHash('sha256').update('x').digest('base64url')}`,
      `${end}.${tenant}.`,
      '',
    ]) {
      expect(await at(id, token), token).toBe(INVALID);
    }
    expect(await at(sibling, `${end}.${tenant}.${mac}`)).toBe(INVALID);
    expect(await at(foreign, `${end}.other.${mac}`)).toBe(INVALID);
    // Nobody makes one to another tenant's file, and its own opens no other.
    await expect(linkTo(id, other)).rejects.toMatchObject({ problem: { code: 'ARTIFACT_NOT_FOUND' } });
    const theirs = (await linkTo(foreign, other)).searchParams.get('token')!;
    expect(await at(foreign, theirs)).toBe(CONTENT);
    expect(await at(id, theirs)).toBe(INVALID);
    // It reads one file, and is no key to anything else.
    const token = `${end}.${tenant}.${mac}`;
    expect(await fetched(`${plane.url}/api/v1/artifacts/${id}?token=${token}`)).toBe('AUTH_REQUIRED');
    const bearer = { authorization: `Bearer ${token}` };
    expect(await fetched(`${plane.url}/api/v1/artifacts/${id}`, { headers: bearer })).toBe('AUTH_REQUIRED');
  },
);

attack(
  31,
  'a link to a file ends by its time, with the file, and while its tenant is suspended',
  [
    { file: DECISION, find: 'Number(end) * 1_000 > now ? tenant : null', replace: 'tenant' },
    { file: STORE, find: "AND tenant.state = 'active'" },
  ],
  async () => {
    const gone = await stored();
    const links = [await linkTo(gone)];
    await plane.database.db.execute(dropArtifact(gone));
    expect(await fetched(links[0]!)).toBe(INVALID);

    const theirs = await stored('c.txt', 'text/plain', 'other');
    const link = await linkTo(theirs, other);
    expect(await fetched(link)).toBe(CONTENT);
    await plane.client.call(api.tenants.suspend, { params: { tenant: 'other' }, body: { reason: 'not paid' } });
    expect(await fetched(link)).toBe(INVALID);
    await expect(linkTo(theirs, other)).rejects.toMatchObject({ problem: { code: 'TENANT_SUSPENDED' } });
    await plane.client.call(api.tenants.resume, { params: { tenant: 'other' } });
    expect(await fetched(link)).toBe(CONTENT);

    // By a clock that the test sets: the service that the route calls, on the same database.
    let now = 0;
    const artifact = { id: theirs, jobId: theirs };
    const found = { artifact } as unknown as Awaited<ReturnType<ArtifactsService['find']>>;
    const timed = new ArtifactLinks({
      ...{ db: plane.database.db, webUrl: '', key: () => Promise.resolve(new Uint8Array(32)) },
      clock: { now: () => new Date(now), monotonicMs: () => now },
      artifacts: { find: () => Promise.resolve(found), findLinked: () => Promise.resolve(found) },
      audit: () => Promise.resolve(),
    });
    const made = await timed.make({ tenant: 'other', actor: 'test' }, theirs, 60);
    if (isRefusal(made)) throw new Error(made.code);
    const token = made.url.split('token=')[1]!;
    now = 59_999;
    expect(isRefusal(await timed.open(theirs, token))).toBe(false);
    now = 60_000;
    expect(await timed.open(theirs, token)).toMatchObject({ code: INVALID });
  },
);

attack(
  39,
  'a file that wants to be a page is saved as bytes, in a sandbox, under a name that stays one header',
  [
    { file: ANSWER, find: 'servedType(reply.mediaType)', replace: 'reply.mediaType' },
    { file: ANSWER, find: 'response.attachment(', replace: 'void (' },
    { file: 'control-plane/src/platform/http/headers.ts', find: "'X-Content-Type-Options': 'nosniff'," },
  ],
  async () => {
    const page = '<!doctype html><script>alert(document.domain)</script>';
    const names = ['a.html', 'x"; filename="evil.html', 'Прайс 2026 «б».svg', "';alert(1)//.js", 'a%22%0d%0ab.html'];
    for (const mediaType of ['text/html', 'image/svg+xml', 'text/xml', 'application/xhtml+xml', 'text/javascript']) {
      for (const name of names) {
        const id = await stored(name, mediaType, 'default', page);
        const key = { authorization: `Bearer ${plane.admin.apiKey}` };
        for (const [url, headers] of [
          [`${plane.url}/api/v1/artifacts/${id}`, key],
          [await linkTo(id), {}],
        ] as const) {
          const response = await fetch(url, { headers });
          expect(await response.text()).toBe(page);
          expect(response.headers.get('content-type')).toBe('application/octet-stream');
          expect(response.headers.get('x-content-type-options')).toBe('nosniff');
          expect(response.headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'$/);
          expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename=/);
        }
      }
    }
  },
);
