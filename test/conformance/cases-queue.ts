/** Cases of routes, submits, the ready queue and the waiting room; `cases.ts` goes on where they end. */
import { appendJobs, appendLive } from '../../control-plane/src/live/index.ts';
import * as leases from '../../control-plane/src/jobs/lease.store.ts';
import { postgresQueue } from '../../control-plane/src/jobs/queue-postgres.store.ts';
import { internRoute, listRoutes } from '../../control-plane/src/jobs/route.store.ts';
import * as submit from '../../control-plane/src/jobs/submit.store.ts';
import * as keys from '../../control-plane/src/platform/http/idempotency.store.ts';
import { findWait, listPassedDeadlines, takeDue } from '../../control-plane/src/jobs/waiting.store.ts';
import {
  A,
  B,
  C,
  type Case,
  FUTURE,
  MINUTE,
  OTHER,
  PAST,
  TENANT,
  alone,
  inTransaction,
  newJob,
  request,
  tenantOf,
  uuid,
} from './case-kit.ts';

export const QUEUE_CASES: readonly Case[] = [
  alone('routes are interned once for each tenant', async (db) => {
    const needs = { slot: 'plain' as const, site: null, capabilities: ['b', 'a', 'b'] };
    const made = [await internRoute(db, TENANT, needs), await internRoute(db, TENANT, needs)];
    const others = [
      await internRoute(db, OTHER, needs),
      await internRoute(db, TENANT, { ...needs, slot: 'desktop', site: 'plant' }),
    ];
    const beyond = [
      await internRoute(db, TENANT, { ...needs, site: 'one more' }, 2),
      await internRoute(db, TENANT, needs, 2),
    ];
    return { made, others, beyond, listed: await listRoutes(db, 1, 2), none: await listRoutes(db, 99, 2) };
  }),
  inTransaction('jobs go into the queue, the waiting room, or both lists', async (tx) => {
    await submit.insertNewJobs(tx, TENANT, [
      newJob(1),
      newJob(2, { priority: 90 }),
      newJob(3, { notBefore: PAST, deadline: FUTURE }),
      newJob(4, { notBefore: FUTURE }),
      newJob(5, { concurrencyKey: 'erp', deadline: PAST }),
      newJob(6, { concurrencyKey: 'erp', priority: 60 }),
      newJob(7, { deadline: PAST, priority: 10 }),
      newJob(8, { site: 'plant', requires: ['x'], input: 'null' }),
      newJob(9, { routeId: 2 }),
    ]);
    await submit.insertNewJobs(tx, OTHER, [newJob(20, { routeId: 2, concurrencyKey: 'erp' })]);
    const line = { attempt: 1, seq: 1, at: PAST, level: 'info' as const, message: 'a line' };
    await appendLive(tx, [{ ...tenantOf, event: { type: 'log.line', at: PAST, jobId: uuid(1), line } }]);
    await appendJobs(tx, [{ ...tenantOf, jobId: uuid(1), state: 'pending', attempt: 0 }], new Date(PAST));
  }),
  inTransaction('an idempotency key is taken once for each tenant', async (tx) => [
    ...(await keys.takeIdempotencyKeys(tx, TENANT, [
      { key: 'k', digest: 'digest', jobIds: [uuid(1), uuid(2)] },
      { key: 'a', digest: 'digest', jobIds: [uuid(4)] },
    ])),
    ...(await keys.takeIdempotencyKeys(tx, TENANT, [{ key: 'k', digest: 'another', jobIds: [uuid(3)] }])),
    ...(await keys.takeIdempotencyKeys(tx, OTHER, [{ key: 'k', digest: 'another', jobIds: [uuid(3)] }])),
    await keys.readIdempotencyKey(tx, TENANT, 'k'),
    await keys.readIdempotencyKey(tx, TENANT, 'none'),
  ]),
  alone('keys are forgotten when they are old', async (db) => {
    await keys.forgetIdempotencyKeys(db, MINUTE, 10);
    const kept = await keys.readIdempotencyKey(db, TENANT, 'k');
    await keys.forgetIdempotencyKeys(db, -MINUTE, 1);
    return [kept, await keys.readIdempotencyKey(db, TENANT, 'k')];
  }),
  alone('why a job waits', async (db) => {
    const waits = [];
    for (const number of [1, 3, 4, 5]) waits.push(await findWait(db, TENANT, uuid(number)));
    return waits.map((wait) => wait && { ...wait, notBefore: wait.notBefore !== null });
  }),
  inTransaction('what may run is promoted, one for each concurrency key', async (tx) => {
    const due = (await takeDue(tx, 10)).sort((one, other) => (one.jobId < other.jobId ? -1 : 1));
    const queue = postgresQueue({ monotonicMs: () => 0 });
    await queue.offer(
      tx,
      TENANT,
      due.filter((job) => job.tenant === TENANT),
    );
    await queue.offer(
      tx,
      OTHER,
      due.filter((job) => job.tenant === OTHER),
    );
    return [due, await takeDue(tx, 10), await findWait(tx, TENANT, uuid(5))];
  }),
  inTransaction('offering a job twice keeps its place', async (tx) => {
    const queue = postgresQueue({ monotonicMs: () => 0 });
    await queue.offer(tx, TENANT, [
      { jobId: uuid(1), routeId: 1, rank: 0 },
      { jobId: uuid(10), routeId: 2, rank: 50 },
    ]);
    return queue.remove(tx, TENANT, uuid(10));
  }),
  alone('deadlines that passed', (db) => listPassedDeadlines(db, 10)),
  inTransaction('the best of the queue are held in order, those over are told from those ready', async (tx) => {
    const queue = postgresQueue({ monotonicMs: () => 0 });
    const busy = [...(await queue.busy(tx, [1, 2, 9]))].sort();
    const none = await queue.hold(tx, new Map([[9, 5]]), 5);
    const places = await queue.hold(tx, new Map([[1, 3], [2, 2]]), 5); // prettier-ignore
    const some = await queue.hold(tx, new Map([[1, 9], [2, 9]]), 4); // prettier-ignore
    const wanted = [request(2, A), request(1, A), request(7, B), request(3, B), request(99, C)];
    const { leased, stale } = await leases.lease(tx, wanted);
    await queue.take(
      tx,
      some.places.filter((ready) => leased.some(({ jobId }) => jobId === ready.jobId)),
    );
    const behind = await queue.hold(tx, new Map([[1, 9]]), 4);
    const sortedLeases = leased.sort((one, other) => (one.jobId < other.jobId ? -1 : 1));
    return {
      none,
      busy,
      places: places.places.map(({ jobId }) => jobId),
      fair: some.places.length,
      behind: behind.places.map(({ jobId }) => jobId),
      leased: sortedLeases,
      stale,
    };
  }),
];
