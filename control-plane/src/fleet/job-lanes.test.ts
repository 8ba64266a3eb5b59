/** Jobs of one agent over one tunnel: none waits for another, and what is said about each stays in order. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Job } from '@casare/shared/api';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { connect, openScene, TENANT, type Scene, type TestTunnel } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const event = (seq: number, body: RunEventBody): RunEvent[] => [{ seq, at, body }];
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: {} };
const line = (n: number): RunEventBody => ({ type: 'run.log', level: 'info', message: `line ${n}` });

const eventsOf = sql<{ seq: number; type: string }, [job: string]>(
  'testEventsOf',
  `SELECT seq, body->>'type' AS type FROM job_event WHERE job_id = $1 ORDER BY seq`,
);
const holdJob = sql<never, [job: string]>('testHoldJob', `SELECT FROM job WHERE id = $1 FOR UPDATE`);
const blocked = sql<{ n: number }, []>(
  'testBlocked',
  `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

/** A tunnel with `count` jobs assigned. */
async function assigned(name: string, count: number): Promise<{ tunnel: TestTunnel; jobs: string[] }> {
  const identity = await scene.agent({ tags: [`test=${name}`] });
  const tunnel = await connect(scene, identity, { slots: { plain: count, browser: 0, desktop: 0 } });
  const workflow = await scene.harness.workflow(name);
  const jobs: string[] = [];
  for (let n = 0; n < count; n++) jobs.push(await scene.harness.submit(workflow));
  for (const jobId of jobs) await tunnel.next('job.assign', (message) => message.jobId === jobId);
  return { tunnel, jobs };
}
const seqsOf = (tunnel: TestTunnel, jobId: string): number[] =>
  tunnel.received.flatMap((message) => (message.type === 'run.ack' && message.jobId === jobId ? [message.seq] : []));

it('a job whose row is held by somebody else holds up no other job of its agent', async () => {
  const { tunnel, jobs } = await assigned('held-row', 2);
  const [held, free] = jobs as [string, string];
  await scene.harness.database.db.transaction(async (tx) => {
    await tx.query(holdJob(held));
    tunnel.send({ type: 'run.events', jobId: held, attempt: 1, events: event(1, started) });
    await vi.waitFor(async () => expect((await scene.harness.database.db.query(blocked()))[0]!.n).toBeGreaterThan(0));
    tunnel.send({ type: 'run.events', jobId: free, attempt: 1, events: event(1, started) });
    await tunnel.next('run.ack', (message) => message.jobId === free);
    expect(seqsOf(tunnel, held)).toEqual([]);
  });
  await tunnel.next('run.ack', (message) => message.jobId === held);
  await tunnel.close();
});

it('many jobs at once, message by message, are recorded and acknowledged each in its order', async () => {
  const { tunnel, jobs } = await assigned('many', 12);
  const lines = 6;
  for (const jobId of jobs) tunnel.send({ type: 'job.accepted', jobId, attempt: 1 });
  const bodies = [started, ...Array.from({ length: lines }, (_, n) => line(n)), completed];
  for (const [index, body] of bodies.entries()) {
    for (const jobId of jobs) tunnel.send({ type: 'run.events', jobId, attempt: 1, events: event(index + 1, body) });
  }
  for (const jobId of jobs) {
    await tunnel.next('run.ack', (message) => message.jobId === jobId && message.seq === bodies.length);
    expect(seqsOf(tunnel, jobId)).toEqual(bodies.map((_, index) => index + 1));
    const recorded = await scene.harness.database.db.query(eventsOf(jobId));
    expect(recorded.map(({ type }) => type)).toEqual(bodies.map(({ type }) => type));
    expect(((await scene.harness.jobs.query.job(TENANT, jobId)) as Job).state).toBe('succeeded');
  }
  await tunnel.close();
});
