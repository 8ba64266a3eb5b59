/** Two control planes on one database: they share one home, and a second home is turned away before it changes anything. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { api, type LiveEvent } from '@casare/shared/api';
import { createClient, followEvents, MessageParser } from '@casare/shared/client';
import { appendJobs, appendLive, pruneLive } from './live/index.ts';
import { startControlPlane } from './main.ts';
import { readConfig } from './platform/config.ts';
import { sql } from './platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

let plane: TestControlPlane;
beforeAll(async () => {
  plane = await startTestControlPlane();
});
afterAll(() => plane.close());

function second(home: string, env: Record<string, string> = {}) {
  const ports = { CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' };
  const own = { CASARE_HOME: home, CASARE_DATABASE_URL: plane.database.url, CASARE_LOG_LEVEL: 'silent' };
  return startControlPlane(readConfig({ ...ports, ...own, ...env }));
}

test('a replica on the same home serves with the same key', async () => {
  const replica = await second(plane.home);
  const { web } = replica.urls;
  const client = createClient({ url: web, apiKey: plane.admin.apiKey });
  const me = await client.call(api.auth.me, {});
  await replica.stop();
  expect(me).toMatchObject({ role: 'owner' });
  expect(replica.admin.apiKey).toBe(plane.admin.apiKey);
  expect(await plane.client.call(api.auth.me, {})).toMatchObject({ role: 'owner' });
});

test('a port that the other one has is refused', async () => {
  const taken = new URL(plane.url).port;
  await expect(second(plane.home, { CASARE_WEB_PORT: taken })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
});

test('another home is turned away, and the key of the first one goes on', async () => {
  const other = await mkdtemp(path.join(tmpdir(), 'casare-other-home-'));
  await expect(second(other)).rejects.toMatchObject({ code: 'CA_KEY_UNUSABLE' });
  expect(await readdir(other)).not.toContain('admin.json');
  expect(await plane.client.call(api.auth.me, {})).toMatchObject({ role: 'owner' });
  await rm(other, { recursive: true, force: true });
});

describe('live events', () => {
  const at = new Date();
  const age = sql<never, []>('testAgeEvents', `UPDATE live_event SET at = at - interval '2 days'`);
  const nap = sql<never, [seconds: number]>('testNap', 'SELECT pg_sleep($1::float8)');
  const changed = (jobId: string) => ({
    tenant: plane.admin.tenant,
    event: { type: 'job.changed', at: at.toISOString(), jobId, state: 'running', attempt: 1 } satisfies LiveEvent,
  });
  let replica: Awaited<ReturnType<typeof second>>;
  beforeAll(async () => {
    replica = await second(plane.home);
  });
  afterAll(() => replica.stop());

  /** Reads at least `wanted` messages after a cursor, then leaves. `opened` is called when nothing can be missed any more. */
  async function read(url: string, cursor: string | null, wanted: number, opened: () => unknown = () => undefined) {
    const stop = new AbortController();
    const headers = {
      authorization: `Bearer ${plane.admin.apiKey}`,
      ...(cursor === null ? {} : { 'last-event-id': cursor }),
    };
    const response = await fetch(`${url}/api/v1/events`, { headers, signal: stop.signal });
    if (!response.ok) throw new Error(await response.text());
    void opened();
    const parser = new MessageParser();
    const read: { id: string; event: LiveEvent }[] = [];
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      for (const { id, data } of parser.push(text)) read.push({ id: id!, event: JSON.parse(data) as LiveEvent });
      if (read.length >= wanted) break;
    }
    stop.abort();
    // What came besides in the last piece was not taken: the cursor is that of the last one that was.
    return read.slice(0, wanted);
  }

  /** The id of a new job, kept. */
  const note = (kept: string[]): string => kept[kept.push(crypto.randomUUID()) - 1]!;
  const jobOf = ({ event }: { event: LiveEvent }) => ('jobId' in event ? event.jobId : event.type);

  test('go on at another replica where the last one was left: nothing is lost, nothing comes twice', async () => {
    const { db } = plane.database;
    const urls = [plane.url, replica.urls.web];
    const written: string[] = [];
    const seen: string[] = [];
    let cursor = (await read(plane.url, null, 1, () => appendLive(db, [changed(note(written))]))).at(0)!.id;
    seen.push(written[0]!);
    for (let round = 0; round < 8; round++) {
      // One that began first commits last: it stays open while a client reads at a replica and leaves again.
      const begun = Promise.withResolvers<void>();
      const slow = db.transaction(async (tx) => {
        await appendLive(tx, [changed(note(written))]);
        begun.resolve();
        await tx.query(nap(0.15));
      });
      await begun.promise;
      await appendLive(db, [changed(note(written)), changed(note(written))]);
      const alike = { tenant: plane.admin.tenant, state: 'leased' as const, attempt: 1 };
      await appendJobs(
        db,
        Array.from({ length: 20 }, () => ({ ...alike, jobId: note(written) })),
        at,
      );
      void slow.then(() => db.notify('casare_live'));
      // Left in the middle of a row of many jobs, too.
      const part = await read(urls[round % 2]!, cursor, 2 + ((round * 7) % 19), () => db.notify('casare_live'));
      seen.push(...part.map(jobOf));
      cursor = part.at(-1)!.id;
      await slow;
    }
    for (let turn = 0; seen.length < written.length; turn++) {
      const part = await read(urls[turn % 2]!, cursor, Math.min(40, written.length - seen.length));
      seen.push(...part.map(jobOf));
      cursor = part.at(-1)!.id;
    }
    // A last one, so that whatever came twice or late would stand before it.
    const last = crypto.randomUUID();
    await appendLive(db, [changed(last)]);
    expect((await read(urls[0]!, cursor, 1)).map(jobOf)).toEqual([last]);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.toSorted()).toEqual(written.toSorted());
  });

  test('say that a cursor is too old, and go on from now', async () => {
    const { db } = plane.database;
    const first = crypto.randomUUID();
    const { id: old } = (await read(plane.url, null, 1, () => appendLive(db, [changed(first)]))).at(0)!;
    const next = crypto.randomUUID();
    await appendLive(db, [changed(next)]);
    // It is good as long as nothing was forgotten.
    expect((await read(replica.urls.web, old, 1)).map(jobOf)).toEqual([next]);
    await db.execute(age());
    await pruneLive(db, new Date(Date.now() - 86_400_000));
    const reset = (await read(replica.urls.web, old, 1)).at(0)!;
    expect(reset.event.type).toBe('stream.reset');
    const later = crypto.randomUUID();
    await appendLive(db, [changed(later)]);
    expect((await read(plane.url, reset.id, 1)).map(jobOf)).toEqual([later]);
    // The follower of consoles and programs says that the state is to be read anew.
    const items = followEvents({ url: plane.url, apiKey: plane.admin.apiKey, lastEventId: old });
    expect([(await items.next()).value, (await items.next()).value]).toEqual([
      { type: 'open', resumed: true },
      { type: 'open', resumed: false },
    ]);
    await items.return();
    // A record that was restored has not come so far.
    expect((await read(plane.url, '9000000000000000000-1', 1)).map(jobOf)).toEqual(['stream.reset']);
  });

  test('are followed by so many streams of one account, and a place that was left is free', async () => {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${plane.admin.apiKey}` };
    const open = () => fetch(`${plane.url}/api/v1/events`, { headers, signal: stop.signal });
    // Those that the tests before have left are being closed.
    await expect
      .poll(async () => {
        const one = await fetch(`${plane.url}/api/v1/events`, { headers });
        await one.body!.cancel();
        return one.status;
      })
      .toBe(200);
    const streams = await Promise.all(Array.from({ length: 60 }, open));
    const refused = streams.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(await refused[0]!.json()).toMatchObject({ code: 'LIVE_TOO_MANY' });
    const other = await fetch(`${plane.url}/api/v1/events`, {
      headers: { authorization: `Bearer ${await plane.keyOf('viewer')}` },
      signal: stop.signal,
    });
    expect(other.status).toBe(200);
    stop.abort();
    await expect
      .poll(async () => {
        const again = await fetch(`${plane.url}/api/v1/events`, { headers });
        await again.body!.cancel();
        return again.status;
      })
      .toBe(200);
  });
});
