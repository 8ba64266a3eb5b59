/** An agent is drained: it finishes what it has, gets nothing new, and that it is empty is told once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { by, connect, openScene, TENANT, type Scene } from './testing.ts';

const told = sql<{ body: object }, [agent: string]>(
  'testDrained',
  `SELECT body FROM live_event WHERE body->>'type' = 'agent.drained' AND body->>'agentId' = $1`,
);
const numbered = (...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: index + 1, at: '2026-01-01T00:00:00.000Z', body }));

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

async function view(id: string) {
  const agent = await scene.fleet.agents.get(TENANT, id);
  if (isRefusal(agent)) throw new Error(agent.code);
  return agent;
}
const act = (id: string, action: 'drain' | 'resume') => scene.fleet.agents.act(by, id, action);
const toldOf = (id: string) => scene.harness.database.db.query(told(id));
const submitted = (workflow: string) => scene.harness.submit(workflow);

it('finishes what it has, gets nothing new, and is told to be empty once', async () => {
  const { agentId } = await scene.agent({ tags: ['test=drained'] });
  const identity = await scene.agent({ tags: ['test=drained'] });
  const tunnel = await connect(scene, identity, { instance: randomUUID() });
  const workflow = await scene.harness.workflow('drained');
  const jobId = await submitted(workflow);
  await tunnel.next('job.assign', (message) => message.jobId === jobId);

  expect(await act(identity.agentId, 'drain')).toMatchObject({
    state: 'draining',
    busy: { plain: 1 },
    drainedAt: null,
  });
  // As soon as every replica may have heard of it.
  await scene.fleet.draining.sweep(0);
  expect(await view(identity.agentId)).toMatchObject({ drainedAt: null });
  await vi.waitFor(() => {
    const found = scene.harness.jobs.dispatcher.connected().find((target) => target.agentId === identity.agentId);
    expect(found?.active).toBe(false);
  });
  const waits = await submitted(workflow);
  tunnel.send({ type: 'job.accepted', jobId, attempt: 1 });
  const events = numbered({ type: 'run.started', resumed: false }, { type: 'run.completed', output: {} });
  tunnel.send({ type: 'run.events', jobId, attempt: 1, events });
  await tunnel.next('run.ack');

  await scene.fleet.draining.sweep(3_600_000);
  expect(await toldOf(identity.agentId)).toEqual([]);
  await scene.fleet.draining.sweep(0);
  await scene.fleet.draining.sweep(0);
  const { name, drainedAt } = await view(identity.agentId);
  expect(drainedAt).not.toBeNull();
  expect(await toldOf(identity.agentId)).toMatchObject([{ body: { agentId: identity.agentId, name } }]);
  // One that is not drained is as empty, and not told of.
  expect(await toldOf(agentId)).toEqual([]);
  expect(await scene.harness.jobs.query.job(TENANT, waits)).toMatchObject({ state: 'pending' });

  expect(await act(identity.agentId, 'resume')).toMatchObject({ state: 'active', drainedAt: null });
  await tunnel.next('job.assign', (message) => message.jobId === waits);
  await tunnel.close();
});
