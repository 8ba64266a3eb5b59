/** What live agents are told when trust changes, over real tunnels: a bundle, a renewal, a new connection. */
import { api, type CaKind, type Rotation } from '@casare/shared/api';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { by, connect, openScene, TENANT, type Scene, type TestIdentity, type TestTunnel } from './testing.ts';

let scene: Scene;
let identity: TestIdentity;
let tunnel: TestTunnel;
const instance = randomUUID();
beforeEach(async () => {
  scene = await openScene();
  identity = await scene.agent();
  tunnel = await connect(scene, identity, { instance, bundle: scene.trust.views.current.bundle.digest });
});
afterEach(() => scene.close());

function must(outcome: Rotation | Refusal): Rotation {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.detail ?? outcome.title}`);
  return outcome;
}

/** Starts a rotation and advances it, gate by gate, to `phase`. */
async function rotate(kind: CaKind, phase: Rotation['phase'], emergency = false): Promise<void> {
  const { rotations } = scene.trust;
  const body = api.rotations.start.body.parse({ kind, emergency, reason: 'test' });
  let rotation = must(await rotations.start(by, body));
  while (rotation.phase !== phase) {
    await vi.waitFor(async () => {
      rotation = must(await rotations.get(TENANT, rotation.id));
      expect(rotation.gate?.met).toBe(true);
    }, 20_000);
    rotation = must(await rotations.advance(by, rotation.id, api.rotations.advance.body.parse({})));
  }
}

const told = (type: string): number => tunnel.received.filter((message) => message.type === type).length;

describe('an agent', () => {
  it('that holds another bundle is given the one of now, until it has acknowledged it', async () => {
    const other = await connect(scene, await scene.agent(), { bundle: '0'.repeat(64) });
    const { digest, roots } = await other.next('bundle.update');
    expect({ digest, roots }).toEqual(scene.trust.views.current.bundle);
    other.send({ type: 'bundle.ack', digest });
    await vi.waitFor(() => {
      scene.fleet.sessions.duties.turn();
      other.send({ type: 'ping', n: 1 });
      expect(other.received.filter(({ type }) => type === 'pong').length).toBeGreaterThan(2);
    });
    expect(other.received.filter(({ type }) => type === 'bundle.update')).toHaveLength(1);
    expect(told('bundle.update')).toBe(0);
  });

  it('whose CA goes out is told to renew, in its time, and at once in an emergency', async () => {
    await rotate('agent_ca', 'issue');
    expect(await tunnel.next('certificate.due')).toMatchObject({ withinMs: 1_000 });
    await tunnel.close();
    const ids = await scene.trust.rotations.list(TENANT, { limit: 1 });
    if (isRefusal(ids)) throw new Error(ids.code);
    must(await scene.trust.rotations.rollback(by, ids.items[0]!.id, { reason: 'test', dryRun: false }));
    await vi.waitFor(async () => {
      const done = await scene.trust.rotations.advance(by, ids.items[0]!.id, api.rotations.advance.body.parse({}));
      expect(must(done).outcome).toBe('rolled_back');
    }, 20_000);
    tunnel = await connect(scene, identity, { instance });
    await rotate('agent_ca', 'issue', true);
    expect(await tunnel.next('certificate.due')).toMatchObject({
      reason: expect.stringContaining('wrong hands') as string,
    });
  });

  it('that saw the chain before is asked to connect anew once the new one is presented, and not sooner', async () => {
    await rotate('server_ca', 'issue');
    scene.fleet.sessions.duties.turn();
    expect(told('goaway')).toBe(0);
    const { id } = (await scene.trust.rotations.listOpen(TENANT))[0]!;
    await vi.waitFor(async () => {
      must(await scene.trust.rotations.advance(by, id, api.rotations.advance.body.parse({})));
    }, 20_000);
    await tunnel.next('goaway');
    // It is served until it comes back, and then nothing is left to tell.
    expect(tunnel.socket.readyState).toBe(1);
    const again = await connect(scene, identity, { instance, bundle: scene.trust.views.current.bundle.digest });
    scene.fleet.sessions.duties.turn();
    again.send({ type: 'ping', n: 1 });
    await again.next('pong');
    expect(again.received.filter(({ type }) => type === 'goaway')).toEqual([]);
  });
});
