/**
 * What the stores of the jobs room are asked, on PostgreSQL and in memory alike. Each case goes on where the one before
 * it ended: the tables fill up, and what is unlike shows in answers or in tables.
 */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { findArtifacts } from '../../control-plane/src/jobs/artifact.store.ts';
import { findAssignment, findAssignments, findStepsAt } from '../../control-plane/src/jobs/job.store.ts';
import { appendAudit } from '../../control-plane/src/audit/index.ts';
import { announceJobs } from '../../control-plane/src/jobs/announce.ts';
import * as leases from '../../control-plane/src/jobs/lease.store.ts';
import { postgresQueue as queue } from '../../control-plane/src/jobs/queue-postgres.store.ts';
import {
  bury,
  keepAttemptErrors,
  readFailureFacts,
  readStepRecords,
} from '../../control-plane/src/jobs/retry.store.ts';
import { internRoute, listRoutes } from '../../control-plane/src/jobs/route.store.ts';
import * as fences from '../../control-plane/src/jobs/fence.store.ts';
import { foldEvents } from '../../control-plane/src/jobs/run-fold.decision.ts';
import { ackedSeqsOfEnded, lockHeldLeases, readJournal, writeRuns } from '../../control-plane/src/jobs/run.store.ts';
import * as sessions from '../../control-plane/src/jobs/session.store.ts';
import { listSilent, putOff, silentFor, takeUp } from '../../control-plane/src/jobs/silence.store.ts';
import * as submit from '../../control-plane/src/jobs/submit.store.ts';
import { listCancelling, listUnaccepted } from '../../control-plane/src/jobs/sweep.store.ts';
import { forgetDue, listOverdue } from '../../control-plane/src/jobs/time-limit.store.ts';
import * as moves from '../../control-plane/src/jobs/transition.store.ts';
import { findWait, listPassedDeadlines, takeDue } from '../../control-plane/src/jobs/waiting.store.ts';
import { pruneLive } from '../../control-plane/src/live/index.ts';
import { holdSingletons, releaseSingletons } from '../../control-plane/src/platform/database/singleton.store.ts';
import type { Database, Transaction } from '../../control-plane/src/platform/database/index.ts';

export const TENANT = 'default';
export const OTHER = 'other';
const [PAST, FUTURE] = ['2020-01-01T00:00:00.000Z', '2090-01-01T00:00:00.000Z'];
/** Longer than the suite runs. */
const MINUTE = 60_000;

export function uuid(number: number): string {
  return `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
}
export const AGENTS = [uuid(901), uuid(902), uuid(903)];
const [A, B, C] = AGENTS as [string, string, string];
const [GATEWAY, SECOND] = [uuid(801), uuid(802)];

function newJob(number: number, change: Partial<submit.NewJob> = {}): submit.NewJob {
  return {
    ...{ id: uuid(number), workflowId: uuid(700), routeId: 1, priority: 50, maxAttempts: 3, input: '{"n":1}' },
    ...{ requires: [], site: null, notBefore: null, deadline: null, concurrencyKey: null, createdBy: 'key:test' },
    ...{ concurrencyLimit: 1, retry: null, timeoutMs: null, attemptTimeoutMs: null },
    ...change,
  };
}

const place = (position: string) => ({ path: position, position });
const started = (position: string): RunEventBody => ({
  ...{ type: 'step.started', ...place(position), name: 'act', task: 'call', call: 'browser.click:1.0.0' },
  ...{ effect: 'unsafe', onRestart: 'suspend' },
});
const completed = (position: string): RunEventBody => ({
  ...{ type: 'step.completed', ...place(position), output: { done: [1, null] }, durationMs: 12 },
});
const failed = (position: string): RunEventBody => ({
  ...{ type: 'step.failed', ...place(position), certain: true, durationMs: 7 },
  error: { type: 'about:blank', status: 500 },
});
const events = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at: PAST, body }));

const tenantOf = { tenant: TENANT };
const key = (number: number, attempt = 1) => ({ ...tenantOf, jobId: uuid(number), attempt });
const request = (number: number, agentId: string) => ({
  ...{ ...tenantOf, jobId: uuid(number), agentId },
  slot: 'plain' as const,
});

/** Records events the way `recordBatch` does. */
async function record(tx: Transaction, number: number, agentId: string, all: readonly RunEvent[]): Promise<void> {
  const held = await lockHeldLeases(tx, [{ ...key(number), agentId }]);
  await writeRuns(
    tx,
    held.map((lease) => ({ ...lease, events: all, fold: foldEvents(lease.state, all)! })),
  );
}

/** One case; what it returns is compared too. */
export interface Case {
  readonly name: string;
  readonly run: (db: Database) => Promise<unknown>;
}

const inTransaction = (name: string, run: (tx: Transaction) => Promise<unknown>): Case => ({
  name,
  run: (db) => db.transaction(run),
});
const alone = (name: string, run: (db: Database) => Promise<unknown>): Case => ({ name, run });

export const CASES: readonly Case[] = [
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
    await announceJobs(tx, [{ ...tenantOf, jobId: uuid(1), state: 'pending', attempt: 0 }], new Date(PAST));
  }),
  inTransaction('an idempotency key is taken once for each tenant', async (tx) => [
    ...(await submit.takeIdempotencyKeys(tx, TENANT, [
      { key: 'k', digest: 'digest', jobIds: [uuid(1), uuid(2)] },
      { key: 'a', digest: 'digest', jobIds: [uuid(4)] },
    ])),
    ...(await submit.takeIdempotencyKeys(tx, TENANT, [{ key: 'k', digest: 'another', jobIds: [uuid(3)] }])),
    ...(await submit.takeIdempotencyKeys(tx, OTHER, [{ key: 'k', digest: 'another', jobIds: [uuid(3)] }])),
    await submit.readIdempotencyKey(tx, TENANT, 'k'),
    await submit.readIdempotencyKey(tx, TENANT, 'none'),
  ]),
  alone('keys are forgotten when they are old', async (db) => {
    await submit.forgetIdempotencyKeys(db, MINUTE, 10);
    const kept = await submit.readIdempotencyKey(db, TENANT, 'k');
    await submit.forgetIdempotencyKeys(db, -MINUTE, 1);
    return [kept, await submit.readIdempotencyKey(db, TENANT, 'k')];
  }),
  alone('why a job waits', async (db) => {
    const waits = [];
    for (const number of [1, 3, 4, 5]) waits.push(await findWait(db, TENANT, uuid(number)));
    return waits.map((wait) => wait && { ...wait, notBefore: wait.notBefore !== null });
  }),
  inTransaction('what may run is promoted, one for each concurrency key', async (tx) => {
    const due = (await takeDue(tx, 10)).sort((one, other) => (one.jobId < other.jobId ? -1 : 1));
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
    await queue.offer(tx, TENANT, [
      { jobId: uuid(1), routeId: 1, rank: 0 },
      { jobId: uuid(10), routeId: 2, rank: 50 },
    ]);
    return queue.remove(tx, TENANT, uuid(10));
  }),
  alone('deadlines that passed', (db) => listPassedDeadlines(db, 10)),
  inTransaction('the best of the queue are held in order, those over are told from those ready', async (tx) => {
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
    const sortedLeases = leased.sort((one, other) => (one.jobId < other.jobId ? -1 : 1));
    return {
      none,
      busy,
      places: places.places.map(({ jobId }) => jobId),
      fair: some.places.length,
      leased: sortedLeases,
      stale,
    };
  }),
  inTransaction('a job is leased once', (tx) => leases.lease(tx, [request(1, B)])),
  alone('leases by agent', async (db) => {
    const tenants = AGENTS.map((agentId) => ({ ...tenantOf, agentId }));
    const all = await leases.listLeases(db, [...tenants, { tenant: OTHER, agentId: A }]);
    return all.map((held) => held.map(({ jobId }) => jobId).sort());
  }),
  alone('leases of agents, whoever asks', async (db) => (await leases.listLeasesOf(db, [A, C])).length),
  alone('an assignment is accepted once, by its agent', async (db) => [
    await leases.accept(db, [{ ...key(1), agentId: B }]),
    await leases.accept(db, [
      { ...key(1, 2), agentId: A },
      { ...key(1), agentId: A },
    ]),
    await leases.accept(db, [{ ...key(1), agentId: A }]),
  ]),
  alone('what nobody has accepted', async (db) => [
    await listUnaccepted(db, AGENTS, MINUTE, 10),
    (await listUnaccepted(db, AGENTS, -MINUTE, 10)).map(({ jobId }) => jobId).sort(),
    await listUnaccepted(db, [C], -MINUTE, 10),
  ]),
  inTransaction('a cancel is noted with the lease', async (tx) => {
    await leases.noteCancel(tx, TENANT, uuid(3));
    await leases.noteCancel(tx, TENANT, uuid(8));
    return [await leases.holdLease(tx, TENANT, uuid(3)), await leases.holdLease(tx, TENANT, uuid(8))];
  }),
  alone('cancels to be told again', async (db) => [
    await listCancelling(db, AGENTS, 10),
    await listCancelling(db, [A], 10),
  ]),
  alone('what an assignment carries', async (db) => [
    await findAssignment(db, TENANT, uuid(1)),
    await findAssignment(db, OTHER, uuid(1)),
    await findArtifacts(db, TENANT, uuid(1), ['', ''], 10),
  ]),
  inTransaction('events are recorded with their steps, once', async (tx) => {
    const first = events(1, { type: 'run.started', resumed: false }, started('/do/0'), completed('/do/0'), {
      ...{ type: 'step.skipped', ...place('/do/1'), name: 'no' },
    });
    await record(tx, 1, A, first);
    await record(tx, 1, A, first);
    await record(tx, 1, B, events(5, started('/do/2')));
    await record(tx, 1, A, events(5, started('/do/2'), failed('/do/2'), started('/do/3')));
    const steps = await findStepsAt(tx, [
      { ...key(1), position: '/do/2' },
      { ...key(1), position: '/do/0' },
      { ...key(1, 2), position: '/do/0' },
    ]);
    return [steps.map(({ step }) => step.state), await readJournal(tx, TENANT, uuid(1), 1)];
  }),
  inTransaction('a run ends: its lease goes, its open steps are interrupted', async (tx) => {
    await record(tx, 1, A, events(8, { type: 'run.completed', output: { total: 3 } }));
    await leases.end(tx, [{ ...key(1), outcome: 'succeeded' }]);
    await moves.releaseKeys(tx, [key(1), key(6)]);
    return lockHeldLeases(tx, [{ ...key(1), agentId: A }]);
  }),
  alone('a resent ending is known, everything else is not', (db) =>
    ackedSeqsOfEnded(db, [
      { ...key(1), agentId: A },
      { ...key(1), agentId: B },
      { ...key(2), agentId: A },
      { ...key(99), agentId: A },
    ]),
  ),
  inTransaction('a run that is in doubt waits for a person, whose word is recorded', async (tx) => {
    const suspended: RunEventBody = { type: 'run.suspended', position: '/do/0', reason: 'in doubt' };
    await record(tx, 2, A, events(1, { type: 'run.started', resumed: false }, started('/do/0'), suspended));
    await moves.settleStepInDoubt(tx, TENANT, uuid(2), { said: true }, 'account:person');
    await moves.settleStepInDoubt(tx, TENANT, uuid(8), { said: true }, 'account:person');
    return (await readJournal(tx, TENANT, uuid(2), 1)).map(({ seq, body }) => ({ seq, body }));
  }),
  inTransaction('jobs are moved by the table alone', async (tx) => {
    const moved = [];
    const go = async (number: number, event: Parameters<typeof moves.move>[2], change = {}): Promise<void> => {
      const job = await moves.lockForMove(tx, TENANT, uuid(number));
      moved.push(job && (await moves.move(tx, { ...key(number), state: job.state }, event, change)));
    };
    await go(99, 'cancel');
    await go(1, 'cancel');
    await go(2, 'reviewRetry', { review: null, newGeneration: true });
    await go(8, 'cancel');
    await go(8, 'retry', { newGeneration: true });
    await go(3, 'cancel');
    await go(3, 'suspend', { review: { reason: 'why', position: null } });
    await go(3, 'suspend');
    await go(7, 'deadline', { error: { type: 'about:blank', status: 408 } });
    await go(7, 'retry', { newGeneration: true });
    moved.push(await moves.move(tx, { ...key(4), state: 'running' }, 'complete'));
    const wrong = await moves.lockForMove(tx, OTHER, uuid(1));
    return [moved, wrong, await moves.lockForMove(tx, TENANT, uuid(6))];
  }),
  inTransaction('jobs leave the waiting room and come back', async (tx) => {
    await moves.stopWaiting(tx, TENANT, uuid(5));
    await moves.stopWaiting(tx, TENANT, uuid(4));
    await moves.startWaiting(tx, TENANT, uuid(5));
    await moves.startWaiting(tx, TENANT, uuid(7), MINUTE);
    return findWait(tx, TENANT, uuid(5));
  }),
  alone('a loop has one holder at a time', async (db) => {
    const held: unknown[] = [];
    const hold = async (names: string[], holder: string, leaseMs = MINUTE) =>
      held.push(await holdSingletons(db, names, holder, leaseMs));
    await hold(['one', 'two'], uuid(1));
    await hold(['two', 'three'], uuid(2));
    await hold(['one', 'two'], uuid(1));
    await releaseSingletons(db, ['one', 'three'], uuid(1));
    await hold(['one', 'two', 'three'], uuid(2));
    await hold(['four'], uuid(1), -MINUTE);
    await hold(['four'], uuid(2));
    return held;
  }),
  inTransaction('gateways beat', async (tx) => {
    await sessions.registerGateway(tx, GATEWAY);
    await sessions.registerGateway(tx, SECOND);
    return [await sessions.heartbeat(tx, GATEWAY), await sessions.heartbeat(tx, uuid(899))];
  }),
  inTransaction('a session replaces the one before it', async (tx) => {
    const open = (agentId: string, number: number, gatewayId: string) => ({
      ...{ ...tenantOf, agentId, sessionId: uuid(number), gatewayId, instance: uuid(500), epoch: 1 },
    });
    const first = await sessions.openAll(tx, [open(A, 601, GATEWAY), open(B, 602, GATEWAY)]);
    const again = await sessions.openAll(tx, [open(B, 603, SECOND)]);
    const agents = AGENTS.map((agentId) => ({ ...tenantOf, agentId }));
    return [first, again, [...(await sessions.findHeld(tx, agents))].sort()];
  }),
  inTransaction('only the session that counts is closed', async (tx) => {
    const ended = (agentId: string, number: number) => ({
      ...{ ...tenantOf, agentId, sessionId: uuid(number), leaseMs: MINUTE },
    });
    return sessions.close(tx, [ended(B, 602), ended(A, 601), ended(C, 604)]);
  }),
  alone('gateways without sessions are forgotten', async (db) => {
    await sessions.unregisterGateway(db, SECOND);
    await sessions.forgetDeadGateways(db, MINUTE);
    const still = [await sessions.heartbeat(db, GATEWAY), await sessions.heartbeat(db, SECOND)];
    await sessions.forgetDeadGateways(db, -MINUTE);
    return [still, await sessions.heartbeat(db, GATEWAY), await sessions.heartbeat(db, SECOND)];
  }),
  inTransaction('more leases, for agents of every kind', async (tx) => {
    await submit.insertNewJobs(tx, TENANT, [newJob(30), newJob(31), newJob(32)]);
    const wanted = [request(30, A), request(31, B), request(32, C)];
    return (await leases.lease(tx, wanted)).leased.map(({ agentId }) => agentId).sort();
  }),
  // A: its session was closed a moment ago with a minute of lease. B: its gateway beat a moment ago. C: no session.
  ...[
    { leaseMs: MINUTE, marginMs: 0, heartbeatMs: MINUTE },
    { leaseMs: 0, marginMs: -2 * MINUTE, heartbeatMs: 0 },
    { leaseMs: 0, marginMs: -1_000, heartbeatMs: 0 },
    { leaseMs: MINUTE, marginMs: -1.5 * MINUTE, heartbeatMs: MINUTE },
  ].map((bounds, index) =>
    inTransaction(`who is silent, ${index + 1}`, async (tx) => {
      const silent = (await listSilent(tx, bounds, 20)).map(({ jobId }) => jobId).sort();
      const checked = [];
      for (const number of [30, 31, 32, 99]) checked.push((await silentFor(tx, key(number), bounds)) > 0);
      return [silent, checked];
    }),
  ),
  inTransaction('a lease that was put off is left alone until it writes', async (tx) => {
    const bounds = { leaseMs: 0, marginMs: -2 * MINUTE, heartbeatMs: 0 };
    const list = async () => (await listSilent(tx, bounds, 20)).map(({ jobId }) => jobId).sort();
    await putOff(tx, key(30), null);
    await putOff(tx, key(31), MINUTE);
    await putOff(tx, key(32), -MINUTE);
    await putOff(tx, key(32, 9), null);
    await takeUp(tx, key(31));
    await takeUp(tx, key(30, 9));
    const left = await list();
    await record(tx, 30, A, events(1, { type: 'run.started', resumed: false }));
    return [left, await list()];
  }),
  inTransaction('a fence stands until its agent says that it has stopped, or a lease is over', async (tx) => {
    for (const fenced of [key(30), key(31), key(31), key(32, 9)]) await fences.raise(tx, fenced);
    const tunnels = [A, B, C].map((agentId, index) => ({ agentId, sessionId: uuid(910 + index) }));
    const untold = async () =>
      (await fences.listUntold(tx, tunnels, 10)).map(({ jobId, sessionId }) => `${jobId} ${sessionId}`).sort();
    const before = await untold();
    for (const { sessionId } of tunnels) await fences.told(tx, key(30), sessionId);
    const after = await untold();
    const long = { leaseMs: 60 * MINUTE, marginMs: 0, heartbeatMs: 0 };
    const stopped = [];
    for (const agentId of [A, B, C]) stopped.push(await fences.stopped(tx, { ...key(31), agentId }));
    const stand = [await fences.isFenced(tx, TENANT, uuid(30)), await fences.isFenced(tx, TENANT, uuid(31))];
    const dropped = [await fences.dropPassed(tx, long, 10)];
    dropped.push(await fences.dropPassed(tx, { leaseMs: 0, marginMs: -2 * MINUTE, heartbeatMs: 0 }, 10));
    return [before, after, stopped, stand, dropped];
  }),
  inTransaction('a key with a limit is held by as many, and the smallest limit counts', async (tx) => {
    const keyed = (number: number, concurrencyLimit: number, more = {}) =>
      newJob(number, { concurrencyKey: 'press', concurrencyLimit, ...more });
    await submit.insertNewJobs(tx, TENANT, [keyed(50, 3), keyed(51, 2), keyed(52, 3), keyed(53, 3)]);
    const promoted = async () => (await takeDue(tx, 10)).map(({ jobId }) => jobId).sort();
    const [two, none] = [await promoted(), await promoted()];
    const wait = await findWait(tx, TENANT, uuid(52));
    await moves.releaseKeys(tx, [key(51)]);
    const more = await promoted();
    await submit.insertNewJobs(tx, TENANT, [keyed(54, 1, { priority: 90 }), keyed(55, 3)]);
    await moves.startWaiting(tx, TENANT, uuid(50));
    const own = await promoted();
    await moves.releaseKeys(tx, [key(50), key(52), key(53)]);
    return [two, none, wait, more, own, await promoted()];
  }),
  inTransaction('failed attempts are judged by their record, and kept', async (tx) => {
    const policy = { retry: { attempts: 5 }, timeoutMs: MINUTE, deadline: FUTURE };
    await submit.insertNewJobs(tx, TENANT, [newJob(60, policy), newJob(61), newJob(62, { deadline: FUTURE })]);
    await leases.lease(tx, [request(60, A), request(61, A), request(62, A)]);
    const error = { type: 'about:blank', status: 503 };
    const ending: RunEventBody = { type: 'run.failed', error };
    await record(tx, 60, A, events(1, { type: 'run.started', resumed: false }, started('/do/0'), ending));
    await record(tx, 61, A, events(1, started('/do/0'), failed('/do/0'), started('/do/1'), completed('/do/1')));
    await leases.end(tx, [{ ...key(60), outcome: 'retried' }]);
    await keepAttemptErrors(tx, [
      { ...key(60), error },
      { ...key(99), error },
    ]);
    const jobs = [60, 61, 62, 99].map((number) => ({ ...key(number), firstAttempt: 1 }));
    const facts = await readFailureFacts(tx, jobs);
    const records = await readStepRecords(tx, jobs);
    await bury(
      tx,
      [60, 61].map((number) => ({ ...key(number), reason: 'exhausted' as const })),
    );
    await moves.relistDeadline(tx, TENANT, uuid(60));
    await moves.relistDeadline(tx, TENANT, uuid(61));
    return [[...facts.keys()].sort(), [...records], await moves.lockForMove(tx, TENANT, uuid(60))];
  }),
  inTransaction('an attempt has its time', async (tx) => {
    const limits = [{ timeoutMs: MINUTE }, { attemptTimeoutMs: MINUTE }, { timeoutMs: 9 * MINUTE }, {}];
    const numbers = limits.map((_, index) => 70 + index);
    await submit.insertNewJobs(
      tx,
      TENANT,
      limits.map((limit, index) => newJob(70 + index, limit)),
    );
    await leases.lease(
      tx,
      numbers.map((number) => request(number, A)),
    );
    await record(tx, 70, A, events(1, { type: 'run.started', resumed: false }));
    const assigned = await findAssignments(
      tx,
      numbers.map((number) => ({ ...tenantOf, jobId: uuid(number) })),
    );
    const overdue = async () =>
      (await listOverdue(tx, -2 * MINUTE, 20)).map(({ jobId, jobOver }) => [jobId, jobOver]).sort();
    const before = await overdue();
    await forgetDue(tx, key(71));
    await forgetDue(tx, key(70, 9));
    return [assigned.map((each) => each?.attemptTimeoutMs), before, await overdue()];
  }),
  alone('what nobody in the simulation reads is taken all the same', async (db) => {
    await db.transaction((tx) =>
      appendAudit(tx, { ...tenantOf, actor: 'key:test', action: 'job.cancel', subject: uuid(1), detail: {} }),
    );
    return pruneLive(db, new Date(0));
  }),
  alone('a transaction that throws leaves nothing', async (db) => {
    const change = (tx: Transaction) => submit.insertNewJobs(tx, TENANT, [newJob(40), newJob(41)]);
    const broken = db.transaction(async (tx) => {
      await change(tx);
      await leases.lease(tx, [request(40, A), request(31, A)]);
      await leases.end(tx, [{ ...key(31), outcome: 'lost' }]);
      throw new Error('on purpose');
    });
    return broken.catch((error: unknown) => String(error));
  }),
];
