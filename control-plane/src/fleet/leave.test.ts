/** An agent that says, over its own tunnel, that it goes for good. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLOSE } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { by, connect, dial, openScene, type Scene, TENANT, type TestIdentity } from './testing.ts';

const audited = sql<{ action: string; actor: string }, [subject: string]>(
  'testLeaveAudited',
  "SELECT action, actor FROM audit_event WHERE subject = $1 AND action = 'agent.decommissioned'",
);
const certificates = sql<{ state: string }, [agent: string]>(
  'testLeaveCertificates',
  'SELECT state FROM agent_certificate WHERE agent_id = $1',
);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ limits: { leaveMs: 1_500 } });
});
afterAll(() => scene.close());

it('is decommissioned, on record as its own doing, its certificate is revoked, and it is not let in again', async () => {
  const identity = await scene.agent();
  const tunnel = dial(scene, identity);
  expect(await tunnel.opened).toBe(true);
  tunnel.send({ type: 'agent.leave' });
  expect(await tunnel.ended).toBe(CLOSE.left);
  const { agentId } = identity;
  expect(await scene.fleet.agents.get(TENANT, agentId)).toMatchObject({ state: 'decommissioned' });
  const { db } = scene.harness.database;
  expect(await db.query(audited(`agent:${agentId}`))).toEqual([
    { action: 'agent.decommissioned', actor: `agent:${agentId}` },
  ]);
  expect((await db.query(certificates(agentId))).map(({ state }) => state)).toEqual(['revoked']);
  expect(await dial(scene, identity).ended).toBe(CLOSE.notAdmitted);
});

it('is out of order once the agent has said hello', async () => {
  const identity = await scene.agent();
  const tunnel = await connect(scene, identity);
  tunnel.send({ type: 'agent.leave' });
  expect(await tunnel.ended).toBe(CLOSE.badMessage);
  expect(await scene.fleet.agents.get(TENANT, identity.agentId)).toMatchObject({ state: 'active' });
});

/** Dials, and says it. */
async function leave(identity: TestIdentity) {
  const tunnel = dial(scene, identity);
  expect(await tunnel.opened).toBe(true);
  tunnel.send({ type: 'agent.leave' });
  return tunnel;
}

async function stateOf({ agentId }: TestIdentity): Promise<unknown> {
  const agent = await scene.fleet.agents.get(TENANT, agentId);
  return 'state' in agent ? agent.state : agent.code;
}

it('security 43: said by a second holder beside the agent at work it makes the agent suspect, and takes nobody away', async () => {
  const identity = await scene.agent();
  const honest = await connect(scene, identity);
  const thief = await leave(identity);
  expect(await Promise.all([honest.ended, thief.ended])).toEqual([CLOSE.locked, CLOSE.locked]);
  expect(await stateOf(identity)).toBe('suspect');
});

it('nobody leaves beside a session that does not answer; once its end is on record, the agent does', async () => {
  const identity = await scene.agent();
  const silent = await connect(scene, identity, {}, { autoPong: false });
  expect(await (await leave(identity)).ended).toBe(CLOSE.goingAway);
  expect(await stateOf(identity)).toBe('active');
  const leaving = await leave(identity);
  silent.socket.terminate();
  expect(await leaving.ended).toBe(CLOSE.left);
  expect(await stateOf(identity)).toBe('decommissioned');
});

it('one that was refused before it could say so was not taken away by it', async () => {
  const identity = await scene.agent();
  await scene.fleet.agents.act(by, identity.agentId, 'decommission');
  expect(await (await leave(identity)).ended).toBe(CLOSE.notAdmitted);
});
