/**
 * Attack 51: a cut network just before a click that must not be done twice. The agents are tunnels of the test that act as
 * the product's do: a click only within the lease, nothing after a fence (`edge-agent/src/runner/supervisor.test.ts` holds
 * the product to that). The sweeps, the database and the tunnels are real; leases are a second.
 */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import {
  by,
  connect,
  openScene,
  TENANT,
  type Scene,
  type TestIdentity,
  type TestTunnel,
} from '../../control-plane/src/fleet/testing.ts';
import { takeDue } from '../../control-plane/src/jobs/waiting.store.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { isRefusal } from '../../control-plane/src/platform/refusal.ts';
import { attack } from './attack.ts';

const LEASE = 1_000;
const at = '2026-01-01T00:00:00.000Z';
const where = { path: '/do/0/act', position: '/do/0/act' };
const started: RunEventBody = { type: 'run.started', resumed: false };
const click: RunEventBody = {
  ...{ type: 'step.started', ...where, name: 'act', task: 'call' },
  ...{ effect: 'unsafe', onRestart: 'suspend' },
};
const clicked: RunEventBody = { type: 'step.completed', ...where, output: {}, durationMs: 1 };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const intoReview = sql<never, [job: string]>(
  'attackIntoReview',
  `UPDATE job SET state = 'needs_review', review = '{"reason": "silent", "position": null}' WHERE id = $1`,
);
const waiting = sql<{ n: number }, [job: string]>(
  'attackWaiting',
  'SELECT count(*)::int AS n FROM job_waiting WHERE job_id = $1',
);
const numbered = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({
    limits: { leaseMs: LEASE },
    jobTimes: { heartbeatMs: 5_000, times: { leaseMs: LEASE, marginMs: 200, recountMs: 500 } },
  });
});
afterAll(() => scene.close());

async function stateOf(id: string): Promise<string> {
  const job = await scene.harness.jobs.query.job(TENANT, id);
  return isRefusal(job) ? job.code : job.state;
}

interface Partition {
  readonly jobId: string;
  readonly identity: TestIdentity;
  readonly idle: TestTunnel;
}

/** The first agent has begun the run and is cut off before its click; a second one is idle. */
async function partitioned(name: string): Promise<Partition> {
  const identity = await scene.agent({ tags: [`test=${name}`] });
  const workflow = await scene.harness.workflow(name, { unsafe: true, graceMs: 3 * LEASE });
  const tunnel = await connect(scene, identity);
  const request = { workflow, priority: 50, requires: [], maxAttempts: 3 };
  const ids = await scene.harness.jobs.submit.submit(by, [request], null);
  if (isRefusal(ids)) throw new Error(ids.code);
  const jobId = ids[0]!;
  await tunnel.next('job.assign', (message) => message.jobId === jobId);
  tunnel.send({ type: 'job.accepted', jobId, attempt: 1 });
  tunnel.send({ type: 'run.events', jobId, attempt: 1, events: numbered(1, started) });
  await tunnel.next('run.ack');
  tunnel.socket.terminate();
  const idle = await connect(scene, await scene.agent({ tags: [`test=${name}`] }));
  // After its lease and three more: whoever would give the job away has done so.
  await vi.waitFor(async () => expect(await stateOf(jobId)).not.toMatch(/^(leased|running)$/), 20_000);
  return { jobId, identity, idle };
}
const given = ({ idle, jobId }: Partition): number =>
  idle.received.filter((message) => message.type === 'job.assign' && message.jobId === jobId).length;
/** The agent comes back; its outbox may hold what it did within its lease. */
const back = ({ identity, jobId }: Partition, lastSeq: number): Promise<TestTunnel> =>
  connect(scene, identity, { runs: [{ jobId, attempt: 1, lastSeq, phase: 'running' }] });

attack(
  51,
  'an agent cut off before an unsafe click for three leases, another idle: nobody else clicks, and a person is asked',
  [
    {
      file: 'control-plane/src/jobs/lost-lease.decision.ts',
      find: 'if (!mayHaveActed) {',
      replace: 'if (!mayHaveActed || lost.attempts > 0) {',
    },
  ],
  async () => {
    const partition = await partitioned('cut');
    expect(await stateOf(partition.jobId)).toBe('needs_review');
    expect(given(partition)).toBe(0);
    // It had clicked within its lease: one click, recorded once, and the job ends as it did.
    const tunnel = await back(partition, 4);
    const { runs } = await tunnel.next('welcome');
    expect(runs).toMatchObject([{ verdict: 'continue', ackedSeq: 1 }]);
    const { jobId } = partition;
    tunnel.send({ type: 'run.events', jobId, attempt: 1, events: numbered(2, click, clicked, completed) });
    await tunnel.next('run.ack', ({ seq }) => seq === 4);
    expect(await stateOf(jobId)).toBe('succeeded');
    expect(given(partition)).toBe(0);
  },
);

attack(
  51,
  'the same, and a person has it done again just as the agent is back: the other one waits until it has stopped',
  [
    {
      file: 'control-plane/src/jobs/steer.service.ts',
      find: 'await raise(tx, lease);',
    },
    {
      file: 'control-plane/src/jobs/steer.service.ts',
      find: 'const mayAct = lease !== null || (await isFenced(tx, by.tenant, jobId));',
      replace: 'const mayAct = false;',
    },
  ],
  async () => {
    const partition = await partitioned('decided');
    const { jobId } = partition;
    const tunnel = await back(partition, 1);
    expect(await stateOf(jobId)).toBe('running');
    // As the sweep leaves it when the gateway, not the agent, had stood still: the agent is there and may act.
    await scene.harness.database.db.execute(intoReview(jobId));
    const { steer } = scene.harness.jobs;
    await steer.review(by, jobId, { decision: 'retry', reason: 'looked' });
    const fenced = await tunnel.next('run.fenced', (message) => message.jobId === jobId);
    expect(fenced).toMatchObject({ attempt: 1, confirm: true });
    // It waits, and whoever promotes what may run passes it over.
    await scene.harness.database.db.transaction(async (tx) => {
      expect(await tx.query(waiting(jobId))).toEqual([{ n: 1 }]);
      expect(await takeDue(tx, 1_000)).toEqual([]);
    });
    expect(given(partition)).toBe(0);
    tunnel.send({ type: 'run.stopped', jobId, attempt: 1 });
    await vi.waitFor(async () => expect(await stateOf(jobId)).toBe('leased'), 5_000);
    tunnel.send({ type: 'run.events', jobId, attempt: 1, events: numbered(2, click, clicked) });
    await tunnel.next('run.fenced', (message) => message.jobId === jobId && message.confirm === undefined);
  },
);
