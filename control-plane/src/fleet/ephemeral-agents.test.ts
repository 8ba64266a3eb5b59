/** Ephemeral agents leave nothing behind, on a real database with real tunnels. */
import { sql } from '../platform/database/index.ts';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { EphemeralAgents } from './ephemeral-agents.ts';
import { connect, enrol, openScene, TENANT, type Scene } from './testing.ts';

const age = sql<never, [agent: string, seconds: number]>(
  'testAge',
  `WITH agents AS (UPDATE agent SET created_at = created_at - make_interval(secs => $2) WHERE id = $1)
   UPDATE agent_session SET since = since - make_interval(secs => $2),
     lease_until = lease_until - make_interval(secs => $2) WHERE agent_id = $1`,
);
const ageLeft = sql<never, [agent: string]>(
  'testAgeLeft',
  `UPDATE agent SET left_at = left_at - interval '25 hours' WHERE id = $1`,
);
const lend = sql<never, [tenant: string, agent: string]>(
  'testLend',
  `INSERT INTO job_lease (tenant_id, job_id, attempt, agent_id, slot) VALUES ($1, gen_random_uuid(), 1, $2, 'plain')`,
);
const settle = sql<never, [agent: string]>('testSettle', 'DELETE FROM job_lease WHERE agent_id = $1');
const rows = sql<{ agents: number; certificates: number; sessions: number }, [agent: string]>(
  'testRows',
  `SELECT (SELECT count(*)::int FROM agent WHERE id = $1) AS agents,
     (SELECT count(*)::int FROM agent_certificate WHERE agent_id = $1) AS certificates,
     (SELECT count(*)::int FROM agent_session WHERE agent_id = $1) AS sessions`,
);
const closed = sql<{ closed: boolean }, [agent: string]>(
  'testClosed',
  'SELECT gateway_id IS NULL AS closed FROM agent_session WHERE agent_id = $1',
);

let scene: Scene;
let ephemeral: EphemeralAgents;
beforeAll(async () => {
  scene = await openScene();
  ephemeral = scene.fleet.ephemeral;
});
afterAll(() => scene.close());

const stateOf = async (id: string) => {
  const found = await scene.fleet.agents.get(TENANT, id);
  return 'state' in found ? found.state : found.code;
};
const db = () => scene.harness.database.db;

/** Enrols, connects, and leaves; the end of its session is on record. */
async function visit(wanted: { ephemeral: boolean }) {
  const identity = await enrol(scene, await scene.token(wanted));
  const tunnel = await connect(scene, identity);
  await ephemeral.sweep();
  expect(await stateOf(identity.agentId)).toBe('active');
  await tunnel.close();
  await vi.waitFor(async () => expect(await db().query(closed(identity.agentId))).toEqual([{ closed: true }]), 10_000);
  return identity;
}

it('one that has left is decommissioned when its lease is over, and its certificate revoked', async () => {
  const [guest, kept] = [await visit({ ephemeral: true }), await visit({ ephemeral: false })];
  await ephemeral.sweep();
  expect(await stateOf(guest.agentId)).toBe('active');
  for (const { agentId } of [guest, kept]) await db().execute(age(agentId, 61));
  await ephemeral.sweep();
  expect([await stateOf(guest.agentId), await stateOf(kept.agentId)]).toEqual(['decommissioned', 'active']);
  await expect(connect(scene, guest)).rejects.toThrow(/4403/);
  await (await connect(scene, kept)).close();
});

it('one with a job that is not settled has time to come back over a cut network, but not for ever', async () => {
  const { agentId } = await visit({ ephemeral: true });
  await db().execute(lend(TENANT, agentId));
  await db().execute(age(agentId, 800));
  await ephemeral.sweep();
  expect(await stateOf(agentId)).toBe('active');
  await db().execute(age(agentId, 200));
  await ephemeral.sweep();
  expect(await stateOf(agentId)).toBe('decommissioned');
  await db().execute(settle(agentId));
});

it('one that never connected is given up after a while', async () => {
  const { agentId } = await enrol(scene, await scene.token({ ephemeral: true }));
  await db().execute(age(agentId, 800));
  await ephemeral.sweep();
  expect(await stateOf(agentId)).toBe('active');
  await db().execute(age(agentId, 200));
  await ephemeral.sweep();
  expect(await stateOf(agentId)).toBe('decommissioned');
});

it('leaves the lists after a day and the database after a week; a locked one stays for people to look at', async () => {
  const [gone, locked] = [await visit({ ephemeral: true }), await visit({ ephemeral: true })];
  await scene.fleet.agents.act({ tenant: TENANT, actor: 'test' }, locked.agentId, 'lock');
  for (const { agentId } of [gone, locked]) await db().execute(age(agentId, 61));
  await ephemeral.sweep();
  const listed = async (id: string) => {
    const page = await scene.fleet.agents.list(TENANT, { limit: 200 });
    return 'items' in page && page.items.some((agent) => agent.id === id);
  };
  expect(await listed(gone.agentId)).toBe(true);
  await db().execute(ageLeft(gone.agentId));
  expect([await listed(gone.agentId), await listed(locked.agentId)]).toEqual([false, true]);
  expect(await stateOf(locked.agentId)).toBe('locked');
  await ephemeral.forget();
  expect(await db().query(rows(gone.agentId))).toEqual([{ agents: 1, certificates: 1, sessions: 1 }]);
  await ephemeral.forget(3_600_000);
  expect(await db().query(rows(gone.agentId))).toEqual([{ agents: 0, certificates: 0, sessions: 0 }]);
  expect(await stateOf(locked.agentId)).toBe('locked');
});
