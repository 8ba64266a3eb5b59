/** Attacks 25, 26 and 43: on who holds a certificate. A copy of an identity is noticed, and a rightful holder never taken for one. */
import { randomUUID } from 'node:crypto';
import { createRequest } from '@casare/certs';
import { CLOSE } from '@casare/shared/protocol';
import { afterAll, beforeAll, expect } from 'vitest';
import {
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
} from '../../control-plane/src/fleet/testing.ts';
import { isRefusal } from '../../control-plane/src/platform/refusal.ts';
import { attack } from './attack.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

interface Holder {
  readonly identity: TestIdentity;
  readonly instance: string;
  readonly tunnel: TestTunnel;
}

async function holder(): Promise<Holder> {
  const identity = await scene.agent();
  const instance = randomUUID();
  return { identity, instance, tunnel: await connect(scene, identity, { instance }) };
}

async function stateOf({ agentId }: TestIdentity): Promise<string> {
  const agent = await scene.fleet.agents.get(TENANT, agentId);
  return isRefusal(agent) ? agent.code : agent.state;
}

attack(
  25,
  'whoever presents a certificate that its agent has replaced locks the agent and ends its session',
  [
    {
      file: 'control-plane/src/trust/admission.decision.ts',
      find: "return certificate.state === 'superseded' ? 'CERTIFICATE_SUPERSEDED' : null;",
      replace: 'return null;',
    },
  ],
  async () => {
    const { identity, instance, tunnel } = await holder();
    const { key, chain } = await renewOver(tunnel);
    const next = await connect(scene, renewed(identity, key, chain), { instance });
    expect(await dial(scene, identity).ended).toBe(CLOSE.locked);
    expect(await next.ended).toBe(CLOSE.locked);
    expect(await stateOf(identity)).toBe('locked');
  },
);

attack(
  25,
  'so does a renewal by whoever still has a session of the replaced certificate',
  [{ file: 'control-plane/src/trust/renewal.decision.ts', find: "if (!stands) return { do: 'lock' };" }],
  async () => {
    const { identity, tunnel } = await holder();
    const { key, chain } = await renewOver(tunnel);
    // Another process uses the new certificate and does not greet: the old session lives on.
    const other = dial(scene, renewed(identity, key, chain));
    expect(await other.opened).toBe(true);
    tunnel.send({ type: 'certificate.renew', csr: Buffer.from((await createRequest()).csr).toString('base64') });
    expect(await tunnel.ended).toBe(CLOSE.locked);
    expect(await stateOf(identity)).toBe('locked');
    await other.close();
  },
);

attack(
  26,
  'after a crash between renewal and first use the old certificate and the new one both work',
  [
    {
      file: 'control-plane/src/trust/renewals.ts',
      find: "{ state: 'pending', generation },",
      replace: "{ state: 'current', generation },",
    },
  ],
  async () => {
    const { identity, instance, tunnel } = await holder();
    const { key, chain } = await renewOver(tunnel);
    tunnel.socket.terminate();
    await tunnel.ended;
    const again = await connect(scene, identity, { instance: randomUUID(), epoch: 2 });
    await again.close();
    const used = await connect(scene, renewed(identity, key, chain), { instance });
    expect(await stateOf(identity)).toBe('active');
    await used.close();
  },
);

/** A second process greets with the same certificate: both are held, and neither comes back. */
async function copyAt(where: Scene): Promise<void> {
  const { identity, tunnel } = await holder();
  const copy = dial(where, identity);
  await copy.opened;
  copy.send(hello({ instance: randomUUID(), epoch: 2 }));
  expect(await Promise.all([tunnel.ended, copy.ended])).toEqual([CLOSE.locked, CLOSE.locked]);
  expect(await stateOf(identity)).toBe('suspect');
  expect(await dial(scene, identity).ended).toBe(CLOSE.locked);
}

const SUSPICION = [
  {
    file: 'control-plane/src/fleet/tunnel-sessions.ts',
    find: 'if (await older.answersNow()) {',
    replace: 'if (false as boolean) {',
  },
] as const;

attack(43, 'two live processes with one identity are both held, and the agent is suspect', SUSPICION, () =>
  copyAt(scene),
);

attack(43, 'also when they are on two replicas', SUSPICION, async () => {
  const replica = await openReplica(scene);
  await copyAt(replica.scene);
  await replica.stop();
});
