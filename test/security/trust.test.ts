/** Attacks 24, 28 and 42: on what trust promises of time. Sessions end with their lock and with their certificate. */
import { CLOSE } from '@casare/shared/protocol';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { rogue } from '../../certs/src/world.fixture.ts';
import { ExtendedKeyUsage } from '../../certs/src/x509.ts';
import {
  by,
  connect,
  dial,
  openReplica,
  openScene,
  TENANT,
  type Scene,
  type TestIdentity,
} from '../../control-plane/src/fleet/testing.ts';
import { refusalOf } from '../../control-plane/src/trust/admission.decision.ts';
import { isRefusal } from '../../control-plane/src/platform/refusal.ts';
import { attack } from './attack.ts';
import { stealCa } from './stolen-ca.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

/** A certificate and its record, of which nothing but lock and time is to be judged. */
const PRESENTED = { tenant: 'a', agentId: 'b', notBefore: new Date(0), notAfter: new Date(1) };
const RECORDED = {
  ...{ caState: 'active', tenant: 'a' },
  certificate: { agentId: 'b', state: 'current', same: true, agentState: 'active' },
};

/** Both agents, one on each replica, are out within two seconds of `lock`, and stay out. */
async function lockedOut(lock: (identity: TestIdentity) => Promise<unknown>): Promise<void> {
  const replica = await openReplica(scene);
  const [here, there] = [await scene.agent(), await scene.agent()];
  const tunnels = [await connect(scene, here), await connect(replica.scene, there)];
  const since = performance.now();
  for (const identity of [here, there]) expect(isRefusal(await lock(identity))).toBe(false);
  for (const tunnel of tunnels) expect(await tunnel.ended).toBe(CLOSE.locked);
  expect(performance.now() - since).toBeLessThan(2_000);
  for (const at of [scene, replica.scene]) expect(await dial(at, here).ended).toBe(CLOSE.locked);
  await replica.stop();
}

attack(
  24,
  'a locked agent loses its sockets on all replicas in less than 2 s, and gets no other',
  [
    {
      file: 'control-plane/src/fleet/session-standing.decision.ts',
      find: "if (state === 'locked' || state === 'suspect') return",
      replace: "if (state === 'suspect') return",
    },
    {
      file: 'control-plane/src/trust/admission.decision.ts',
      find: "if (state === 'locked' || state === 'suspect') return 'AGENT_LOCKED';",
    },
  ],
  () => lockedOut(({ agentId }) => scene.fleet.agents.act(by, agentId, 'lock')),
);

attack(
  24,
  'so does the holder of a locked serial number',
  [
    {
      file: 'control-plane/src/fleet/session-standing.decision.ts',
      find: "if (locked.serial.has(`${tenant}/${serial}`)) return lockedBy('certificate');",
    },
    {
      file: 'control-plane/src/trust/admission.decision.ts',
      find: 'if (recorded.lock !== null) return LOCKED[recorded.lock];',
    },
  ],
  async () => {
    await lockedOut(({ chainPem }) => {
      const target = new X509Certificate(chainPem).serialNumber.toLowerCase();
      return scene.trust.locks.create(by, { kind: 'serial', target, reason: 'stolen', dryRun: false });
    });
    // The session's standing would end it right after; admission does not even let it begin.
    expect(refusalOf(PRESENTED, { ...RECORDED, lock: 'serial' } as never, new Date(0))).toBe('CERTIFICATE_LOCKED');
    expect(refusalOf(PRESENTED, { ...RECORDED, lock: null } as never, new Date(0))).toBeNull();
  },
);

attack(
  28,
  'a certificate that ends on an open tunnel ends the tunnel on time, and opens no other',
  [
    {
      file: 'control-plane/src/fleet/tunnel-session.ts',
      find: "this.close(CLOSE.certificateExpired, 'the certificate has expired');",
    },
    {
      file: 'control-plane/src/trust/admission.decision.ts',
      find: "if (now >= presented.notAfter || now < presented.notBefore) return 'CERTIFICATE_EXPIRED';",
    },
  ],
  async () => {
    const { identity, notAfter } = await shortLived(4_000);
    const tunnel = await connect(scene, identity);
    expect(await tunnel.ended).toBe(CLOSE.certificateExpired);
    expect(Date.now()).toBeGreaterThanOrEqual(notAfter - 10);
    // TLS refuses it now; whatever came past it would meet admission.
    expect(await dial(scene, identity).opened).toBe(false);
    const recorded = { ...RECORDED, lock: null } as never;
    expect(refusalOf(PRESENTED, recorded, new Date(2))).toBe('CERTIFICATE_EXPIRED');
    expect(refusalOf(PRESENTED, recorded, new Date(0))).toBeNull();
  },
);

attack(
  42,
  'an agent that claims a tag it was not granted attracts no job and no secret',
  [
    {
      file: 'control-plane/src/fleet/wire.ts',
      find: 'message.capabilities.filter(isProbed)',
      replace: 'message.capabilities',
    },
  ],
  async () => {
    const tags = ['test=vault'];
    const claims = { capabilities: ['os=linux', ...tags], declared: tags };
    const liar = await connect(scene, await scene.agent(), claims);
    liar.send({ type: 'capabilities', capabilities: claims.capabilities, slots: { plain: 4, browser: 0, desktop: 0 } });
    const workflow = await scene.harness.workflow('vault', { secrets: ['known'] });
    const job = { workflow, priority: 50, requires: [], maxAttempts: 3 };
    const ids = await scene.harness.jobs.submit.submit(by, [job], null);
    // The job is there to be had: whoever was granted the tag gets it, with its secret.
    liar.send({ type: 'ping', n: 1 });
    await liar.next('pong');
    const granted = await connect(scene, await scene.agent({ tags }));
    const { jobId, secrets } = await granted.next('job.assign');
    expect([jobId]).toEqual(ids);
    expect(Object.keys(secrets)).toEqual(['known']);
    expect(liar.received.filter(({ type }) => type === 'job.assign')).toEqual([]);
    await liar.close();
    await granted.close();
  },
);

/** An agent whose certificate, on record, ends in a moment. */
async function shortLived(lifetimeMs: number): Promise<{ identity: TestIdentity; notAfter: number }> {
  const identity = await scene.agent();
  const { db } = scene.harness.database;
  const ca = await stealCa(scene, 'agent_ca');
  const names = [`url:spiffe://t-${TENANT}.casare.internal/agent/${identity.agentId}`];
  const made = await rogue(ca, { names, purpose: ExtendedKeyUsage.clientAuth, lifetimeMs });
  const { serialNumber, validToDate } = new X509Certificate(made.pem);
  const text = `UPDATE agent_certificate SET serial = $2, certificate_pem = $3, not_after = $4 WHERE agent_id = $1`;
  const values = [identity.agentId, serialNumber.toLowerCase(), made.pem, validToDate];
  await db.execute({ name: 'attackShortLived', text, values });
  const { privateKeyPem, chainPem } = made;
  return { identity: { ...identity, privateKeyPem, chainPem }, notAfter: validToDate.getTime() };
}
