/**
 * What the stores of the jobs room are asked, on PostgreSQL and in memory alike. Each case goes on where the one before
 * it ended: the tables fill up, and what is unlike shows in answers or in tables.
 */
import type { RunEventBody } from '@casare/shared/protocol';
import { findArtifacts } from '../../control-plane/src/jobs/artifact.store.ts';
import { findAssignment, findAssignments } from '../../control-plane/src/jobs/job.store.ts';
import { findStepsAt } from '../../control-plane/src/jobs/step.store.ts';
import { appendAudit } from '../../control-plane/src/audit/index.ts';
import { listAllClosures } from '../../control-plane/src/jobs/closure.store.ts';
import * as leases from '../../control-plane/src/jobs/lease.store.ts';
import {
  bury,
  keepAttemptErrors,
  readFailureFacts,
  readStepRecords,
} from '../../control-plane/src/jobs/retry.store.ts';
import * as fences from '../../control-plane/src/jobs/fence.store.ts';
import * as pauses from '../../control-plane/src/jobs/pause.store.ts';
import { ackedSeqsOfEnded, lockHeldLeases, readJournal } from '../../control-plane/src/jobs/run.store.ts';
import * as sessions from '../../control-plane/src/jobs/session.store.ts';
import { listSilent, putOff, silentFor, takeUp } from '../../control-plane/src/jobs/silence.store.ts';
import * as submit from '../../control-plane/src/jobs/submit.store.ts';
import { listCancelling, listUnaccepted } from '../../control-plane/src/jobs/sweep.store.ts';
import { forgetDue, listOverdue } from '../../control-plane/src/jobs/time-limit.store.ts';
import * as moves from '../../control-plane/src/jobs/transition.store.ts';
import { findWait, takeDue } from '../../control-plane/src/jobs/waiting.store.ts';
import { pruneLive } from '../../control-plane/src/live/index.ts';
import { holdSingletons, releaseSingletons } from '../../control-plane/src/platform/database/singleton.store.ts';
import type { Transaction } from '../../control-plane/src/platform/database/index.ts';
import {
  A,
  AGENTS,
  B,
  C,
  type Case,
  FUTURE,
  GATEWAY,
  MINUTE,
  OTHER,
  SECOND,
  TENANT,
  alone,
  completed,
  events,
  failed,
  inTransaction,
  key,
  newJob,
  place,
  record,
  request,
  started,
  tenantOf,
  uuid,
} from './case-kit.ts';
import { QUEUE_CASES } from './cases-queue.ts';

export const CASES: readonly Case[] = [
  ...QUEUE_CASES,
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
  inTransaction(
    'an end is of the start nearest before it, also when all come at once; the others were interrupted',
    async (tx) => {
      const again = started('/do/again');
      await record(tx, 1, A, events(8, again));
      await record(tx, 1, A, events(9, again, again, failed('/do/again'), again, again, completed('/do/again')));
      const steps = await findStepsAt(tx, [{ ...key(1), position: '/do/again' }]);
      return steps.map(({ step }) => [step.seq, step.state, step.durationMs, step.output ?? null, step.error ?? null]);
    },
  ),
  inTransaction('a run ends: its lease goes, its open steps are interrupted', async (tx) => {
    await record(tx, 1, A, events(15, { type: 'run.completed', output: { total: 3 } }));
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
  inTransaction('agents say whether they know pauses', async (tx) => {
    const session = {
      ...tenantOf,
      agentId: A,
      sessionId: uuid(601),
      gatewayId: GATEWAY,
      instance: uuid(500),
      epoch: 1,
    };
    await sessions.openAll(tx, [{ ...session, pauses: true }]);
    return Promise.all([A, B, uuid(899)].map((agent) => pauses.canPause(tx, TENANT, agent)));
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
  inTransaction('words about pauses are counted, and what is held is not promoted', async (tx) => {
    await submit.insertNewJobs(tx, TENANT, [newJob(80), newJob(81, { concurrencyKey: 'held' }), newJob(82)]);
    await leases.lease(tx, [request(80, A)]);
    await pauses.notePause(tx, key(80), 1);
    // A word too early, and one for an attempt that is not out.
    await pauses.notePause(tx, key(80), 3);
    await pauses.notePause(tx, key(80, 9), 2);
    const words = await pauses.listPauseWords(tx, [A, B], 10);
    const [held, none] = [await pauses.hold(tx, TENANT, uuid(81), true), await pauses.hold(tx, TENANT, uuid(82), true)];
    const promoted = async () => (await takeDue(tx, 10)).map(({ jobId }) => jobId);
    const [kept, state] = [await promoted(), await moves.move(tx, { ...key(81), state: 'pending' }, 'hold')];
    await moves.move(tx, { ...key(81), state: 'paused' }, 'release');
    await pauses.hold(tx, TENANT, uuid(81), false);
    const [freed, lease] = [await promoted(), await leases.holdLease(tx, TENANT, uuid(80))];
    await moves.move(tx, { ...key(80), state: 'leased' }, 'requeue');
    await leases.end(tx, [{ ...key(80), outcome: 'lost' }]);
    const back = await pauses.holdBack(tx, key(80), MINUTE);
    await moves.releaseKeys(tx, [key(81)]);
    return [words, held, none, kept, state, freed, lease?.pauseWord, back];
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
    return [await pruneLive(db, new Date(0)), await listAllClosures(db, 10)];
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
