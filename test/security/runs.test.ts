/** Attacks 29 and 30: an agent against runs that are not its own, and against the order of what it reports. */
import { CLOSE, type RunEvent, type RunEventBody } from '@casare/shared/protocol';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { by, connect, openScene, TENANT, type Scene, type TestTunnel } from '../../control-plane/src/fleet/testing.ts';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { isRefusal } from '../../control-plane/src/platform/refusal.ts';
import { attack } from './attack.ts';

const at = '2026-01-01T00:00:00.000Z';
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const numbered = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));

const events = sql<{ job: string; attempt: number; seq: number }, []>(
  'attackEvents',
  'SELECT job_id AS job, attempt, seq FROM job_event ORDER BY job_id, attempt, seq',
);
const fences = sql<{ subject: string; tenant: string }, [actor: string]>(
  'attackFences',
  `SELECT subject, tenant_id AS tenant FROM audit_event WHERE actor = $1 AND action = 'run.fenced' ORDER BY subject`,
);
/** A job of another tenant whose lease names this agent: only the tenant of its certificate stands between. */
const addForeign = sql<never, [job: string, agent: string]>(
  'attackAddForeign',
  `WITH tenant AS (INSERT INTO tenant (id, name) VALUES ('other', 'Other')), lease AS (
     INSERT INTO job_lease (tenant_id, job_id, attempt, agent_id, slot, accepted) VALUES ('other', $1, 1, $2, 'plain', true))
   INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, attempt, max_attempts, agent_id, input, created_by)
   VALUES ('other', $1, gen_random_uuid(), 1, 'leased', 50, 1, 3, $2, '{}', 'test')`,
);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

async function worker(name: string): Promise<{ tunnel: TestTunnel; agentId: string }> {
  const identity = await scene.agent({ tags: [`test=${name}`] });
  return { tunnel: await connect(scene, identity), agentId: identity.agentId };
}
async function submit(name: string): Promise<string> {
  const workflow = await scene.harness.workflow(name);
  const request = { workflow, priority: 50, requires: [], maxAttempts: 3 };
  const ids = await scene.harness.jobs.submit.submit(by, [request], null);
  if (isRefusal(ids)) throw new Error(ids.code);
  return ids[0]!;
}
async function stateOf(id: string): Promise<string> {
  const job = await scene.harness.jobs.query.job(TENANT, id);
  return isRefusal(job) ? job.code : job.state;
}
const recorded = () => scene.harness.database.db.query(events());

attack(
  29,
  'results for a job that the agent does not hold, for another attempt, for a job of another tenant are fenced, and audited',
  [
    {
      file: 'control-plane/src/jobs/record.ts',
      find: 'const lease = held.get(keyOf(message));',
      replace:
        "const lease = held.get(keyOf(message)) ?? { ...message, ackedSeq: 0, cancelling: false, state: 'running' as const };",
    },
    {
      file: 'control-plane/src/fleet/run-messages.ts',
      find: 'await auditFence(context, session, { jobId, attempt, reason: recorded.reason });',
    },
    {
      file: 'control-plane/src/fleet/run-messages.ts',
      find: 'if (!fenceLimit.take(agentId)) return;',
    },
  ],
  async () => {
    const [holder, thief] = [await worker('held'), await worker('thief')];
    const jobId = await submit('held');
    await holder.tunnel.next('job.assign', (message) => message.jobId === jobId);
    const foreign = randomUUID();
    await scene.harness.database.owner.execute(addForeign(foreign, thief.agentId));
    const claims = [
      { tunnel: thief.tunnel, jobId, attempt: 1 },
      { tunnel: holder.tunnel, jobId, attempt: 2 },
      { tunnel: thief.tunnel, jobId: foreign, attempt: 1 },
      { tunnel: thief.tunnel, jobId: randomUUID(), attempt: 1 },
    ];
    for (const { tunnel, ...key } of claims) {
      tunnel.send({ type: 'run.events', ...key, events: numbered(1, started, completed) });
      await tunnel.next('run.fenced', (message) => message.jobId === key.jobId && message.attempt === key.attempt);
    }
    expect(await recorded()).toEqual([]);
    expect(await stateOf(jobId)).toBe('leased');
    const ofThief = () => scene.harness.database.db.query(fences(`agent:${thief.agentId}`));
    const subjects = [jobId, foreign, claims[3]!.jobId].map((id) => ({ subject: `job:${id}`, tenant: TENANT }));
    expect(await ofThief()).toEqual(subjects.sort((one, other) => (one.subject < other.subject ? -1 : 1)));
    expect(await scene.harness.database.db.query(fences(`agent:${holder.agentId}`))).toHaveLength(1);
    // However often it tries, the log of what happened stays readable.
    for (let attempt = 2; attempt < 42; attempt++) {
      thief.tunnel.send({ type: 'run.events', jobId, attempt, events: numbered(1, started) });
      await thief.tunnel.next('run.fenced', (message) => message.attempt === attempt);
    }
    expect((await ofThief()).length).toBeLessThan(20);
    // The control: the holder's own words are taken.
    holder.tunnel.send({ type: 'run.events', jobId, attempt: 1, events: numbered(1, started, completed) });
    await holder.tunnel.next('run.ack', ({ seq }) => seq === 2);
    expect(await stateOf(jobId)).toBe('succeeded');
  },
);

attack(
  30,
  'event numbers that are replayed, skipped, negative, broken or beyond all bounds leave no duplicate and no hole',
  [
    {
      file: 'control-plane/src/jobs/run-fold.decision.ts',
      find: 'const fresh = events.filter((event) => event.seq > acked);',
      replace: 'const fresh = events;',
    },
    {
      file: 'control-plane/src/jobs/run-fold.decision.ts',
      find: 'return fresh.every((event, index) => event.seq === acked + 1 + index) ? fresh : null;',
      replace: 'return fresh;',
    },
    {
      file: 'shared/src/protocol/run-events.ts',
      find: 'seq: z.int().min(1).max(10_000_000),',
      replace: 'seq: z.number(),',
    },
  ],
  async () => {
    const identity = await scene.agent({ tags: ['test=numbers'] });
    let tunnel = await connect(scene, identity);
    const jobId = await submit('numbers');
    const { attempt } = await tunnel.next('job.assign', (message) => message.jobId === jobId);
    const send = (all: readonly RunEvent[]) => tunnel.send({ type: 'run.events', jobId, attempt, events: [...all] });
    const line = (message: string): RunEventBody => ({ type: 'run.log', level: 'info', message });
    const mine = async () => (await recorded()).filter(({ job }) => job === jobId).map(({ seq }) => seq);
    send(numbered(1, started, line('one')));
    await tunnel.next('run.ack', ({ seq }) => seq === 2);
    // Replayed: acknowledged again, also with something new behind it, and written once.
    tunnel.received.length = 0;
    send(numbered(1, started, line('one')));
    await tunnel.next('run.ack', ({ seq }) => seq === 2);
    send(numbered(1, started, line('another word'), line('two')));
    await tunnel.next('run.ack', ({ seq }) => seq === 3);
    expect(await mine()).toEqual([1, 2, 3]);
    const broken = [5, 2 ** 31, 2 ** 53, -1, 0, 3.5, 10_000_001, Number.MAX_SAFE_INTEGER];
    for (const seq of broken) {
      send([{ seq, at, body: line('broken') }]);
      expect(await tunnel.ended, `number ${seq}`).toBe(CLOSE.badMessage);
      tunnel = await connect(scene, identity, { runs: [{ jobId, attempt, lastSeq: 3, phase: 'running' }] });
    }
    expect(await mine()).toEqual([1, 2, 3]);
    send(numbered(4, completed));
    await tunnel.next('run.ack', ({ seq }) => seq === 4);
    await vi.waitFor(async () => expect(await stateOf(jobId)).toBe('succeeded'));
    expect(await mine()).toEqual([1, 2, 3, 4]);
  },
);
