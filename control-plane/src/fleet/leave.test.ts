/** An agent that says, over its own tunnel, that it goes for good. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CLOSE } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { connect, dial, openScene, type Scene, TENANT } from './testing.ts';

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
  scene = await openScene();
});
afterAll(() => scene.close());

it('is decommissioned, on record as its own doing, its certificate is revoked, and it is not let in again', async () => {
  const identity = await scene.agent();
  const tunnel = dial(scene, identity);
  expect(await tunnel.opened).toBe(true);
  tunnel.send({ type: 'agent.leave' });
  expect(await tunnel.ended).toBe(CLOSE.notAdmitted);
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
