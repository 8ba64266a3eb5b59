/** Agents that come back to a record that was restored from a backup: neither locked out nor taken for clones. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLOSE } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { by, connect, dial, hello, openScene, renewed, renewOver, TENANT, type Scene } from './testing.ts';
import { enrolEarlier } from './testing-past.ts';

const HOUR = 3_600_000;
const restoredAt = sql<never, [at: Date | null]>('testRestoredAt', 'UPDATE store SET restored_at = $1');
const epoch = sql<{ epoch: number }, []>('testStoreEpoch', 'SELECT epoch FROM store');
/** As it was before the agent renewed. */
const forget = sql<never, [agent: string]>(
  'testForgetRenewal',
  `DELETE FROM agent_certificate WHERE agent_id = $1 AND generation > 1`,
);
const goBack = sql<never, [agent: string]>(
  'testGoBack',
  `WITH agents AS (UPDATE agent SET generation = 1 WHERE id = $1)
   UPDATE agent_certificate SET state = 'current' WHERE agent_id = $1`,
);
const certificates = sql<{ state: string; generation: number }, [agent: string]>(
  'testStates',
  'SELECT state, generation FROM agent_certificate WHERE agent_id = $1 ORDER BY generation',
);
const adopted = sql<{ n: number }, [agent: string]>(
  'testAdopted',
  `SELECT count(*)::int AS n FROM audit_event WHERE action = 'certificate.adopted' AND detail->>'agentId' = $1`,
);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

/** An agent that renewed after the backup; what it enrolled with, and what it has now. */
async function renewedSince() {
  const before = await enrolEarlier(scene, HOUR, { autoApprove: true });
  const { agentId } = before;
  const instance = randomUUID();
  const tunnel = await connect(scene, before, { instance });
  const { key, chain } = await renewOver(tunnel);
  const now = renewed(before, key, chain);
  await (await connect(scene, now, { instance })).close();
  await tunnel.ended;
  await scene.harness.database.db.execute(forget(agentId));
  await scene.harness.database.db.execute(goBack(agentId));
  return { agentId, before, now };
}
const restore = (at: Date | null) => scene.harness.database.db.execute(restoredAt(at));
async function stateOf(agentId: string) {
  const agent = await scene.fleet.agents.get(TENANT, agentId);
  return isRefusal(agent) ? agent.code : agent.state;
}

it('a certificate that the record has forgotten is put on record again, once, and audited', async () => {
  const { db } = scene.harness.database;
  const { agentId, before, now } = await renewedSince();
  await restore(null);
  expect(await dial(scene, now).opened).toBe(false);
  await restore(new Date());
  const tunnel = await connect(scene, now);
  expect(await db.query(certificates(agentId))).toEqual([
    { state: 'superseded', generation: 1 },
    { state: 'current', generation: 2 },
  ]);
  await tunnel.close();
  await (await connect(scene, now)).close();
  expect(await db.query(adopted(agentId))).toEqual([{ n: 1 }]);
  expect(await stateOf(agentId)).toBe('active');
  // Whoever presents the one before it is a second holder, as ever.
  expect(await dial(scene, before).ended).toBe(CLOSE.locked);
  expect(await stateOf(agentId)).toBe('locked');
});

it('that of a locked agent is not', async () => {
  const { agentId, now } = await renewedSince();
  await restore(new Date());
  await scene.fleet.agents.act(by, agentId, 'lock');
  expect(await dial(scene, now).opened).toBe(false);
  expect(await scene.harness.database.db.query(adopted(agentId))).toEqual([{ n: 0 }]);
});

it('an agent that has seen a later record gets no session, and is not locked', async () => {
  const identity = await scene.agent();
  const [{ epoch: now } = { epoch: 0 }] = await scene.harness.database.db.query(epoch());
  const ahead = dial(scene, identity);
  await ahead.opened;
  ahead.send(hello({ storeEpoch: now + 1 }));
  expect(await ahead.ended).toBe(CLOSE.goingAway);
  expect(await stateOf(identity.agentId)).toBe('active');
  const tunnel = await connect(scene, identity, { storeEpoch: now });
  expect(tunnel.received.find(({ type }) => type === 'welcome')).toMatchObject({ storeEpoch: now });
  await tunnel.close();
});
