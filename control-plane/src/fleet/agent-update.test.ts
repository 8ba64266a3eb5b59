/** An agent that is enrolled gets another name, site or grants: jobs are routed by them at once, on whichever replica it is. */
import { randomUUID } from 'node:crypto';
import type { AgentUpdate } from '@casare/shared/api';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { by, connect, openReplica, openScene, TENANT, type Scene, type TestTunnel } from './testing.ts';

const audited = sql<{ detail: unknown }, [subject: string]>(
  'testAuditedUpdates',
  `SELECT detail FROM audit_event WHERE action = 'agent.updated' AND subject = $1 ORDER BY seq`,
);
const announced = sql<{ event: { name: string } }, [agent: string]>(
  'testAnnounced',
  `SELECT body AS event FROM live_event WHERE body->>'agentId' = $1 ORDER BY id`,
);

let here: Scene;
let other: Awaited<ReturnType<typeof openReplica>>;
let workflow: string;
beforeAll(async () => {
  here = await openScene();
  other = await openReplica(here);
  workflow = await here.harness.workflow('updates');
});
afterAll(async () => {
  await other.stop();
  await here.close();
});

const update = (id: string, terms: AgentUpdate) => here.fleet.agents.update(by, id, terms);
const submit = (more: object) => here.harness.submit(workflow, more);
const runs = (tunnel: TestTunnel, jobId: string) => tunnel.next('job.assign', (message) => message.jobId === jobId);
const shown = (id: string) => here.harness.jobs.query.job(TENANT, id);

describe.each([
  ['on this replica', () => here],
  ['on another replica', () => other.scene],
])('connected %s', (where, scene) => {
  it('a grant lets the job that waits for it run, and its loss keeps the next one waiting', async () => {
    const label = `line=${where.replaceAll(' ', '-')}`;
    const identity = await here.agent({ tags: ['test=updates'] });
    const tunnel = await connect(scene(), identity, { instance: randomUUID() });
    const waits = await submit({ requires: [label] });
    expect(await update(identity.agentId, { addGrants: [label] })).toMatchObject({ grants: ['test=updates', label] });
    await runs(tunnel, waits);
    await update(identity.agentId, { removeGrants: [label] });
    await vi.waitFor(() => expect(labelsOf(identity.agentId)).not.toContain(label));
    const kept = await submit({ requires: [label] });
    // Submitted after it, and the agent may run it: the one before it was passed over.
    await runs(tunnel, await submit({ agent: identity.agentId }));
    expect(await shown(kept)).toMatchObject({ state: 'pending' });
    await tunnel.close();
  });

  it('a site lets jobs of that site run', async () => {
    const site = `plant ${where}`;
    const identity = await here.agent({ tags: ['test=updates'] });
    const tunnel = await connect(scene(), identity, { instance: randomUUID() });
    const waits = await submit({ site });
    expect(await update(identity.agentId, { site })).toMatchObject({ site });
    await runs(tunnel, waits);
    await tunnel.close();
  });
});

const labelsOf = (agentId: string) =>
  here.harness.jobs.dispatcher.connected().find((target) => target.agentId === agentId)?.labels ?? new Set();

it('labels are those of its row, also when grants and what it can do change at once', async () => {
  const { agentId, ...identity } = await here.agent();
  const tunnel = await connect(here, { agentId, ...identity }, { instance: randomUUID() });
  for (let n = 1; n <= 20; n += 1) {
    const [granted, probed] = [`turn=${n}`, `os=${n}`];
    const changed = update(agentId, { grants: [granted] });
    tunnel.send({ type: 'capabilities', capabilities: [probed], slots: { plain: n, browser: 0, desktop: 0 } });
    await changed;
    await vi.waitFor(() => expect([...labelsOf(agentId)].toSorted()).toEqual([probed, granted]));
    // What was seen before is not told after it.
    await here.fleet.sessions.watch.look();
    expect([...labelsOf(agentId)].toSorted()).toEqual([probed, granted]);
  }
  await tunnel.close();
});

it('is audited and announced once, with what is different; the same again is nothing new', async () => {
  const { agentId } = await here.agent({ tags: ['erp'] });
  for (let twice = 0; twice < 2; twice += 1) await update(agentId, { name: 'press-7', grants: ['erp', 'line=7'] });
  const { db } = here.harness.database;
  expect(await db.query(audited(`agent:${agentId}`))).toEqual([
    {
      detail: { name: { from: 'test agent', to: 'press-7' }, grants: { added: ['line=7'], removed: [] } },
    },
  ]);
  // Its enrolment was announced before.
  expect((await db.query(announced(agentId))).map(({ event }) => event.name)).toEqual(['test agent', 'press-7']);
});

it('of changes at once none is lost: each adds its own grant', async () => {
  const { agentId } = await here.agent();
  const labels = Array.from({ length: 8 }, (_, n) => `n=${n}`);
  await Promise.all(labels.map((label) => update(agentId, { addGrants: [label] })));
  const agent = await here.fleet.agents.get(TENANT, agentId);
  expect(isRefusal(agent) ? [] : agent.grants.toSorted()).toEqual(labels);
});

it('one that is gone, that is another tenant’s, or would have too many grants stays as it is', async () => {
  const { agentId } = await here.agent();
  const foreign = await here.fleet.agents.update({ ...by, tenant: 'other' }, agentId, { name: 'taken' });
  expect(foreign).toMatchObject({ code: 'AGENT_NOT_FOUND' });
  const many = Array.from({ length: 50 }, (_, n) => `n=${n}`);
  expect(await update(agentId, { grants: many })).toMatchObject({ grants: many });
  expect(await update(agentId, { addGrants: ['one-more'] })).toMatchObject({ code: 'GRANTS_FULL' });
  await here.fleet.agents.act(by, agentId, 'decommission');
  expect(await update(agentId, { name: 'again' })).toMatchObject({ code: 'AGENT_WRONG_STATE' });
  expect(await here.fleet.agents.get(TENANT, agentId)).toMatchObject({ name: 'test agent', grants: many });
});
