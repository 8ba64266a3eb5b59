/** Live events on a real database: nothing is skipped, and a reader does not read the same rows again and again. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LiveEvent } from '@casare/shared/api';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { append, appendJobs, cursorOfNow, prune, readAfter } from './live.store.ts';
import { LiveService } from './live.service.ts';

const TENANT = 'default';
const at = '2026-01-01T00:00:00.000Z';
const changed = (jobId: string, attempt = 1): { tenant: string; event: LiveEvent } => ({
  tenant: TENANT,
  event: { type: 'job.changed', at, jobId, state: 'running', attempt },
});
const count = sql<{ n: number }, []>('testCountLive', 'SELECT count(*)::int AS n FROM live_event');
const age = sql<never, []>('testAgeLive', `UPDATE live_event SET at = at - interval '2 days'`);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

describe('reading live events', () => {
  it('meets what commits late, and nothing twice', async () => {
    const { db } = database;
    const [early, late] = [randomUUID(), randomUUID()];
    const start = await cursorOfNow(db);
    let between = '';
    await db.transaction(async (tx) => {
      await append(tx, [changed(late)]);
      await append(db, [changed(early)]);
      const read = await readAfter(db, TENANT, start, null, 10);
      // The open transaction is older: the committed event waits behind it.
      expect(read.events).toEqual([]);
      between = read.cursor;
    });
    const read = await readAfter(db, TENANT, between, null, 10);
    expect(read.events.map(({ event }) => 'jobId' in event && event.jobId)).toEqual([late, early]);
    expect((await readAfter(db, TENANT, read.cursor, null, 10)).events).toEqual([]);
  });

  it('passes what does not concern it, so that a quiet job costs its reader nothing', async () => {
    const { db } = database;
    const start = await cursorOfNow(db);
    const mine = randomUUID();
    for (let index = 0; index < 5; index++) await append(db, [changed(randomUUID())]);
    const { events, cursor } = await readAfter(db, TENANT, start, mine, 10);
    expect(events).toEqual([]);
    expect((await readAfter(db, TENANT, cursor, null, 10)).events).toEqual([]);
    await append(db, [changed(mine)]);
    expect((await readAfter(db, TENANT, cursor, mine, 10)).events).toHaveLength(1);
  });

  it('goes on after a full batch where it stopped', async () => {
    const { db } = database;
    const start = await cursorOfNow(db);
    await append(
      db,
      [1, 2, 3, 4, 5].map((attempt) => changed(randomUUID(), attempt)),
    );
    const first = await readAfter(db, TENANT, start, null, 3);
    const second = await readAfter(db, TENANT, first.cursor, null, 3);
    const attempts = [...first.events, ...second.events].map(({ event }) => 'attempt' in event && event.attempt);
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
  });

  it('goes on in the middle of a row of many jobs, with and without the job that is followed', async () => {
    const { db } = database;
    const jobs = Array.from({ length: 230 }, () => randomUUID());
    const start = await cursorOfNow(db);
    await appendJobs(
      db,
      jobs.map((jobId, index) => ({ tenant: TENANT, jobId, attempt: 1, state: index < 220 ? 'leased' : 'failed' })),
      new Date(at),
    );
    const idsOf = ({ events }: { events: readonly { event: LiveEvent }[] }): unknown[] =>
      events.map(({ event }) => 'jobId' in event && event.jobId);
    const all = await readAfter(db, TENANT, start, null, 1_000);
    expect(idsOf(all)).toEqual(jobs);
    expect(all.events[225]!.event).toEqual({ type: 'job.changed', at, jobId: jobs[225], state: 'failed', attempt: 1 });
    // After each event a reader may have gone away; a small limit makes it come back often.
    for (const index of [0, 98, 99, 100, 150, 219, 228]) {
      const got: unknown[] = [];
      let { cursor } = all.events[index]!;
      for (let more = true; more;) {
        const read = await readAfter(db, TENANT, cursor, null, 20);
        got.push(...idsOf(read));
        ({ cursor, more } = read);
      }
      expect(got).toEqual(jobs.slice(index + 1));
    }
    expect(idsOf(await readAfter(db, TENANT, start, jobs[150]!, 5))).toEqual([jobs[150]]);
    expect(idsOf(await readAfter(db, TENANT, all.events[149]!.cursor, jobs[150]!, 5))).toEqual([jobs[150]]);
    expect(idsOf(await readAfter(db, TENANT, all.events[150]!.cursor, jobs[150]!, 5))).toEqual([]);
  });

  it('takes a cursor of the future for now: the database was restored', async () => {
    const { db } = database;
    const { cursor } = await readAfter(db, TENANT, '9000000000000000000-1', null, 10);
    await append(db, [changed(randomUUID())]);
    // What is open in another database of the server holds it back for a while.
    await expect.poll(async () => (await readAfter(db, TENANT, cursor, null, 10)).events).toHaveLength(1);
  });

  it('wakes a follower for the last of many wake-ups too', async () => {
    const { db } = database;
    const live = new LiveService(db);
    const stop = new AbortController();
    const mine = randomUUID();
    const follower = live.follow({ tenant: TENANT, job: mine, cursor: await live.now() }, stop.signal);
    await follower.next();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await append(db, [changed(mine, attempt)]);
      live.wake();
    }
    const seen: unknown[] = [];
    while (seen.length < 3) {
      const next = await follower.next();
      if (next.done) break;
      for (const { event } of next.value) seen.push('attempt' in event && event.attempt);
    }
    expect(seen).toEqual([1, 2, 3]);
    stop.abort();
    await follower.return(undefined);
  });
});

describe('pruning', () => {
  it('forgets what is old, more than one transaction takes', async () => {
    const { db } = database;
    await append(
      db,
      Array.from({ length: 6_000 }, () => changed(randomUUID())),
    );
    await db.execute(age());
    await append(db, [changed(randomUUID())]);
    await prune(db, new Date(Date.now() - 86_400_000));
    expect(await db.query(count())).toEqual([{ n: 1 }]);
  });
});

describe('places for streams', () => {
  it('are never all of one tenant, however many accounts it has', () => {
    const live = new LiveService(database.db);
    const stop = new AbortController();
    const taken = (tenant: string) =>
      Array.from({ length: 600 }, (_, n) => live.seat({ tenant, accountId: `${tenant}-${n}` }, stop.signal)).filter(
        (refused) => refused === null,
      );
    expect([taken('greedy').length, taken('other').length]).toEqual([500, 500]);
    expect(live.seat({ tenant: 'third', accountId: 'a' }, stop.signal)).toMatchObject({ code: 'LIVE_TOO_MANY' });
    stop.abort();
    expect(live.seat({ tenant: 'greedy', accountId: 'a' }, new AbortController().signal)).toBeNull();
  });
});
