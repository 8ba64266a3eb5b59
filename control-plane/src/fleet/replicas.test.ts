/** Two replicas on one database: what one does, the other's tunnels follow; and a replica that stops. */
import { randomUUID } from 'node:crypto';
import { CLOSE } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { by, connect, openReplica, openScene, TENANT, type Scene } from './testing.ts';

const gateways = sql<{ n: number }, []>('testCountGateways', 'SELECT count(*)::int AS n FROM gateway');
const revoke = sql<never, [agent: string]>(
  'testRevoke',
  `WITH moved AS (UPDATE trust_state SET rev = rev + 1)
   UPDATE agent_certificate SET state = 'revoked' WHERE agent_id = $1`,
);

let here: Scene;
let replica: Awaited<ReturnType<typeof openReplica>>;
beforeAll(async () => {
  here = await openScene();
  replica = await openReplica(here);
});
afterAll(() => here.close());

describe('two replicas', () => {
  it('a lock on one closes the tunnel on the other', async () => {
    const identity = await here.agent();
    const tunnel = await connect(replica.scene, identity);
    await here.fleet.agents.act(by, identity.agentId, 'lock');
    expect(await tunnel.ended).toBe(CLOSE.locked);
  });

  it('a revoked certificate ends its tunnel though nobody was notified', async () => {
    const identity = await here.agent();
    const tunnel = await connect(replica.scene, identity);
    await here.harness.database.db.execute(revoke(identity.agentId));
    expect(await tunnel.ended).toBe(CLOSE.notAdmitted);
  });

  it('a newer session on one replaces the older on the other', async () => {
    const identity = await here.agent();
    const instance = randomUUID();
    const older = await connect(replica.scene, identity, { epoch: 1, instance });
    const newer = await connect(here, identity, { epoch: 2, instance });
    expect(await older.ended).toBe(CLOSE.replaced);
    await vi.waitFor(() => expect(replica.scene.fleet.sessions.size).toBe(0));
    expect(await here.fleet.agents.get(TENANT, identity.agentId)).toMatchObject({ connected: true });
    await newer.close();
  });

  it('an agent that waits for approval is connected, gets nothing, and works as soon as it is approved', async () => {
    const identity = await here.agent({ autoApprove: false, tags: ['test=approved'] });
    const tunnel = await connect(replica.scene, identity);
    const workflow = await here.harness.workflow('approved');
    const request = { workflow, priority: 50, requires: [], maxAttempts: 1 };
    await here.harness.jobs.submit.submit(by, [request], null);
    const target = () => here.harness.jobs.dispatcher.connected().find(({ agentId }) => agentId === identity.agentId);
    await vi.waitFor(() => expect(target()?.active).toBe(false));
    expect(tunnel.received.some(({ type }) => type === 'job.assign')).toBe(false);
    await here.fleet.agents.act(by, identity.agentId, 'approve');
    // The grant routes the job; nothing the agent said does.
    await tunnel.next('job.assign');
    await tunnel.close();
  });

  it('one that stops sends its agents away, puts their ends on record and unregisters', async () => {
    const identity = await here.agent();
    const tunnel = await connect(replica.scene, identity);
    expect(await here.harness.database.db.query(gateways())).toEqual([{ n: 2 }]);
    const stopped = replica.stop();
    await tunnel.next('goaway');
    tunnel.send({ type: 'ping', n: 1 });
    await tunnel.next('pong');
    expect(await tunnel.ended).toBe(CLOSE.goingAway);
    await stopped;
    expect(await here.fleet.agents.get(TENANT, identity.agentId)).toMatchObject({ connected: false });
    expect(await here.harness.database.db.query(gateways())).toEqual([{ n: 1 }]);
    await (await connect(here, identity)).close();
  });
});
