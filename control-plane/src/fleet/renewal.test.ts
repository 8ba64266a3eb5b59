/** Renewal over real tunnels: the next certificate, its first use, lost answers, and who holds a certificate twice. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRequest } from '@casare/certs';
import { CLOSE } from '@casare/shared/protocol';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import {
  by,
  connect,
  dial,
  hello,
  openReplica,
  openScene,
  renewed,
  renewOver,
  TENANT,
  type Scene,
  type TestIdentity,
  type TestTunnel,
} from './testing.ts';

const certificates = sql<{ serial: string; state: string; generation: number }, [agent: string]>(
  'testCertificates',
  'SELECT serial, state, generation FROM agent_certificate WHERE agent_id = $1 ORDER BY generation',
);
const audited = sql<{ action: string }, [subject: string]>(
  'testAudited',
  'SELECT action FROM audit_event WHERE subject = $1 ORDER BY seq',
);
const sessionOf = sql<{ serial: string; presented: boolean }, [agent: string]>(
  'testSessionOf',
  `SELECT s.serial, EXISTS (SELECT FROM certificate_authority c WHERE c.id = s.server_ca_id AND c.state = 'active') AS presented
   FROM agent_session s WHERE agent_id = $1`,
);

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const statesOf = async (agentId: string) =>
  (await scene.harness.database.db.query(certificates(agentId))).map(({ state }) => state);
const auditOf = async (agentId: string) =>
  (await scene.harness.database.db.query(audited(`agent:${agentId}`))).map(({ action }) => action);
const agentOf = async (agentId: string) => {
  const agent = await scene.fleet.agents.get(TENANT, agentId);
  if (isRefusal(agent)) throw new Error(agent.code);
  return agent;
};

/** An agent with a live tunnel of one process. */
async function agent(): Promise<{ identity: TestIdentity; instance: string; tunnel: TestTunnel }> {
  const identity = await scene.agent();
  const instance = randomUUID();
  return { identity, instance, tunnel: await connect(scene, identity, { instance }) };
}

/** Greets as another process of the agent; it need not be welcomed. */
async function greet(where: Scene, identity: TestIdentity, options: object = {}): Promise<TestTunnel> {
  const tunnel = dial(where, identity, options);
  await tunnel.opened;
  tunnel.send(hello({ instance: randomUUID(), epoch: 2 }));
  return tunnel;
}

describe('renewal over the tunnel', () => {
  it('gives a pending certificate; its first use makes it the current one and replaces the session', async () => {
    const { identity, instance, tunnel } = await agent();
    const { key, chain, generation } = await renewOver(tunnel);
    expect(generation).toBe(2);
    expect(await statesOf(identity.agentId)).toEqual(['current', 'pending']);
    const next = renewed(identity, key, chain);
    const second = await connect(scene, next, { instance });
    expect(await tunnel.ended).toBe(CLOSE.replaced);
    expect(await statesOf(identity.agentId)).toEqual(['superseded', 'current']);
    const { db } = scene.harness.database;
    const [, current] = await db.query(certificates(identity.agentId));
    expect(await db.query(sessionOf(identity.agentId))).toEqual([{ serial: current!.serial, presented: true }]);
    expect((await agentOf(identity.agentId)).state).toBe('active');
    await second.close();
  });

  it('security 26: until the new certificate was used both work, also after a crash in between', async () => {
    const { identity, instance, tunnel } = await agent();
    const { key, chain } = await renewOver(tunnel);
    // The agent dies between the answer and the first use, and starts again with what it had before.
    tunnel.socket.terminate();
    await tunnel.ended;
    const again = await connect(scene, identity, { instance: randomUUID(), epoch: 2 });
    await again.close();
    const used = await connect(scene, renewed(identity, key, chain), { instance });
    expect(await statesOf(identity.agentId)).toEqual(['superseded', 'current']);
    await used.close();
  });

  it('answers the same key with the same certificate, before and after its first use', async () => {
    const { identity, instance, tunnel } = await agent();
    const first = await renewOver(tunnel);
    const repeated = await renewOver(tunnel, first.key);
    expect(repeated).toMatchObject({ chain: first.chain, generation: 2 });
    const next = await connect(scene, renewed(identity, first.key, first.chain), { instance });
    expect(await tunnel.ended).toBe(CLOSE.replaced);
    await expect(renewOver(next, first.key)).rejects.toThrow('KEY_REUSED');
    expect(await statesOf(identity.agentId)).toEqual(['superseded', 'current']);
    await next.close();
  });

  it('replaces a pending certificate that was never used; what was replaced is void', async () => {
    const { identity, instance, tunnel } = await agent();
    const lost = await renewOver(tunnel);
    const { key, chain, generation } = await renewOver(tunnel);
    expect(generation).toBe(3);
    expect(await statesOf(identity.agentId)).toEqual(['current', 'superseded', 'pending']);
    const next = await connect(scene, renewed(identity, key, chain), { instance });
    expect(await dial(scene, renewed(identity, lost.key, lost.chain)).ended).toBe(CLOSE.locked);
    expect(await next.ended).toBe(CLOSE.locked);
  });

  it('refuses a key that is in use and a request that is none, and goes on', async () => {
    const { identity, tunnel } = await agent();
    const key = await createRequest();
    const broken = Buffer.from(key.csr);
    broken[broken.length - 1]! ^= 1;
    await expect(renewOver(tunnel, { ...key, csr: broken })).rejects.toThrow('CSR_SIGNATURE');
    expect((await renewOver(tunnel, key)).generation).toBe(2);
    expect(await statesOf(identity.agentId)).toEqual(['current', 'pending']);
    await tunnel.close();
  });

  it('two requests at once lead to one pending certificate', async () => {
    const { identity, tunnel } = await agent();
    const holder = {
      tenant: TENANT,
      agentId: identity.agentId,
      serial: (await agentOf(identity.agentId)).certificate!.serial,
    };
    const keys = await Promise.all(Array.from({ length: 8 }, () => createRequest()));
    const answers = await Promise.all(keys.map(({ csr }) => scene.trust.renewals.renew(holder, csr)));
    const generations = answers.map((answer) => (answer.outcome === 'issued' ? answer.generation : 0));
    expect(generations.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const states = await statesOf(identity.agentId);
    expect(states.filter((state) => state === 'pending')).toHaveLength(1);
    expect(states.filter((state) => state === 'current')).toHaveLength(1);
    await tunnel.close();
  });
});

describe('a second holder', () => {
  it('security 25: who presents a superseded certificate locks the agent, and its session ends', async () => {
    const { identity, instance, tunnel } = await agent();
    const { key, chain } = await renewOver(tunnel);
    const next = await connect(scene, renewed(identity, key, chain), { instance });
    expect(await dial(scene, identity).ended).toBe(CLOSE.locked);
    expect(await next.ended).toBe(CLOSE.locked);
    expect((await agentOf(identity.agentId)).state).toBe('locked');
    expect(await auditOf(identity.agentId)).toContain('agent.cloned');
    await scene.fleet.agents.act(by, identity.agentId, 'unlock');
    // Its rightful holder comes back.
    await (await connect(scene, renewed(identity, key, chain), { instance })).close();
  });

  it('is not whoever left: late bytes of a connection that its agent gave up lock nobody', async () => {
    const { identity, instance, tunnel } = await agent();
    const { key, chain } = await renewOver(tunnel);
    const next = await connect(scene, renewed(identity, key, chain), { instance });
    const silent = dial(scene, identity, { autoPong: false });
    expect(await silent.ended).toBe(CLOSE.notAdmitted);
    expect((await agentOf(identity.agentId)).state).toBe('active');
    await next.close();
  });

  it('security 25: a renewal over a session whose certificate was superseded locks the agent', async () => {
    const { identity, tunnel } = await agent();
    const { key, chain } = await renewOver(tunnel);
    // Another process uses the new certificate and does not greet: the old session lives on.
    const other = dial(scene, renewed(identity, key, chain));
    expect(await other.opened).toBe(true);
    // Whoever has the new key asks again for what it was given.
    expect((await renewOver(tunnel, key)).generation).toBe(2);
    tunnel.send({ type: 'certificate.renew', csr: Buffer.from((await createRequest()).csr).toString('base64') });
    expect(await tunnel.ended).toBe(CLOSE.locked);
    expect((await agentOf(identity.agentId)).state).toBe('locked');
    await other.close();
  });
});

describe('two live processes with one certificate', () => {
  it('security 43: both are held, and the agent is suspect', async () => {
    const { identity, tunnel } = await agent();
    const second = await greet(scene, identity);
    expect(await Promise.all([tunnel.ended, second.ended])).toEqual([CLOSE.locked, CLOSE.locked]);
    expect((await agentOf(identity.agentId)).state).toBe('suspect');
    expect(await auditOf(identity.agentId)).toContain('agent.suspected');
    expect(await dial(scene, identity).ended).toBe(CLOSE.locked);
    await scene.fleet.agents.act(by, identity.agentId, 'lock');
    await scene.fleet.agents.act(by, identity.agentId, 'unlock');
    const back = await connect(scene, identity, { instance: randomUUID(), epoch: 1 });
    expect((await agentOf(identity.agentId)).state).toBe('active');
    await back.close();
  });

  it('security 43: also when they are on two replicas', async () => {
    const { identity, tunnel } = await agent();
    const replica = await openReplica(scene);
    const second = await greet(replica.scene, identity);
    expect(await Promise.all([tunnel.ended, second.ended])).toEqual([CLOSE.locked, CLOSE.locked]);
    expect((await agentOf(identity.agentId)).state).toBe('suspect');
    await replica.stop();
  });

  it.each([
    ['a higher epoch', 9],
    ['a lower epoch: its outbox was lost', 1],
  ])('an old session whose process is gone is just replaced, by %s', async (_, epoch) => {
    const identity = await scene.agent();
    // Power loss: the socket stays open, nobody answers.
    const dead = await connect(scene, identity, { instance: randomUUID(), epoch: 5 }, { autoPong: false });
    const after = await connect(scene, identity, { instance: randomUUID(), epoch });
    expect(await dead.ended).toBe(CLOSE.replaced);
    after.send({ type: 'ping', n: 1 });
    await after.next('pong');
    expect((await agentOf(identity.agentId)).state).toBe('active');
    await after.close();
  });

  it('a greeting of a process that is gone takes the session from nobody', async () => {
    const { identity, tunnel } = await agent();
    const dead = await greet(scene, identity, { autoPong: false });
    expect(await dead.ended).toBe(CLOSE.goingAway);
    tunnel.send({ type: 'ping', n: 1 });
    await tunnel.next('pong');
    expect((await agentOf(identity.agentId)).state).toBe('active');
    await tunnel.close();
  });

  it('twenty restarts in a row, each killed, flag nobody', async () => {
    const identity = await scene.agent();
    let last: TestTunnel | null = null;
    for (let epoch = 1; epoch <= 20; epoch++) {
      last?.socket.terminate();
      last = await connect(scene, identity, { instance: randomUUID(), epoch });
    }
    await vi.waitFor(async () =>
      expect(await agentOf(identity.agentId)).toMatchObject({ state: 'active', connected: true }),
    );
    last!.send({ type: 'ping', n: 1 });
    await last!.next('pong');
    await last!.close();
  });
});
