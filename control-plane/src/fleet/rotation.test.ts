/**
 * Rotations under live tunnels, with real TLS: each gate seen unmet and met, who is missing named, stragglers back without
 * a person, roll-back from under live sessions, emergency, and enrolment with tokens of before and after.
 */
import { tunnelClientOptions } from '@casare/certs';
import { api, type CaKind, type Rotation } from '@casare/shared/api';
import { CLOSE } from '@casare/shared/protocol';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { AgentPrograms } from './testing-agent.ts';
import {
  by,
  connect,
  dial,
  openReplica,
  openScene,
  renewed,
  renewOver,
  TENANT,
  type Scene,
  type TestIdentity,
  type TestTunnel,
} from './testing.ts';

const renamed = sql<never, [id: string, name: string]>('rotationRename', 'UPDATE agent SET name = $2 WHERE id = $1');

/** An agent of the test. */
interface Agent {
  readonly name: string;
  /** Its process. */
  readonly instance: string;
  identity: TestIdentity;
  /** The roots it trusts gateways by. */
  roots: readonly string[];
  tunnel: TestTunnel | null;
}

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

function must(outcome: Rotation | Refusal): Rotation {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.detail ?? outcome.title}`);
  return outcome;
}
const start = async (kind: CaKind, more: object = {}) =>
  must(await scene.trust.rotations.start(by, api.rotations.start.body.parse({ kind, ...more })));
const advance = (id: string, more: object = {}) =>
  scene.trust.rotations.advance(by, id, api.rotations.advance.body.parse(more));
const rollback = async (id: string) =>
  must(await scene.trust.rotations.rollback(by, id, { reason: 'test', dryRun: false }));
const look = async (id: string) => must(await scene.trust.rotations.get(TENANT, id));
const blockersOf = ({ gate }: Rotation) => gate!.blockers.map(({ name }) => name).toSorted();

/** Waits until the gate counts all but `missing` as ready. */
async function until(id: string, ...missing: string[]): Promise<Rotation> {
  return vi.waitFor(async () => {
    const now = await look(id);
    expect(blockersOf(now)).toEqual(missing.toSorted());
    return now;
  }, 20_000);
}

async function join(name: string): Promise<Agent> {
  const identity = await scene.agent();
  await scene.harness.database.db.execute(renamed(identity.agentId, name));
  const agent: Agent = { name, instance: randomUUID(), identity, roots: [identity.rootPem], tunnel: null };
  await come(agent);
  return agent;
}

/** Connects, and says what it trusts. */
async function come(agent: Agent, where: Scene = scene): Promise<void> {
  const { identity, roots, instance } = agent;
  const tunnel = await connect(where, { ...identity, rootPem: roots.join('') }, { instance });
  const before = agent.tunnel;
  agent.tunnel = tunnel;
  await before?.ended;
}

async function go(agent: Agent): Promise<void> {
  await agent.tunnel!.close();
  agent.tunnel = null;
}

/** The agent gets the next certificate; its session goes on with the one before until it comes again. */
async function renew(agent: Agent): Promise<void> {
  const { key, chain } = await renewOver(agent.tunnel!);
  agent.identity = renewed(agent.identity, key, chain);
}

/** The agent takes the bundle of now, and says so. */
async function takeBundle(agent: Agent): Promise<void> {
  const { roots, digest } = scene.trust.views.current.bundle;
  agent.roots = roots;
  agent.tunnel!.send({ type: 'bundle.ack', digest });
  await vi.waitFor(async () =>
    expect(
      (
        await scene.harness.database.db.query(
          sql<{ digest: string }, [id: string]>(
            'rotationBundle',
            'SELECT bundle_digest AS digest FROM agent WHERE id = $1',
          )(agent.identity.agentId),
        )
      )[0]?.digest,
    ).toBe(digest),
  );
}

/** Who trusts only `root` and reaches the tunnel listener, by TLS alone: the subjects of what it was sent, or the error. */
function handshake(root: string, identity: TestIdentity): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ ...tunnelClientOptions(identity, '127.0.0.1', [root]), port: scene.ports.tunnel });
    socket.once('secureConnect', () => {
      resolve('OK');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe.each(['agent_ca', 'agent_root'] as const)('a rotation of %s', (kind) => {
  it('waits at each gate for whoever is missing, and tells who comes back late to renew', async () => {
    const [one, two, late] = [await join('one'), await join('two'), await join('late')];
    const { id } = await start(kind);
    await until(id);
    must(await advance(id));
    // issue: certificates.
    await until(id, 'late', 'one', 'two');
    await renew(one);
    await come(one);
    await renew(two);
    // A certificate that was never used does not count: the one before it is still good.
    await until(id, 'late', 'two');
    const used = dial(scene, two.identity);
    expect(await used.opened).toBe(true);
    const waiting = await until(id, 'late');
    expect(waiting.gate).toMatchObject({ met: false, ready: 3, total: 4, leftBehind: 0 });
    expect(waiting.next).toBe(`casare-certs rotate status ${id} --stragglers`);
    // Who is connected is always waited for.
    expect(await advance(id, { leaveStragglers: true })).toMatchObject({ code: 'ROTATION_GATE_UNMET' });
    await go(late);
    await vi.waitFor(async () => expect((await look(id)).gate!.blockers[0]!.why).toMatch(/^It is not connected\./));
    const unmet = await advance(id);
    expect(unmet).toMatchObject({ code: 'ROTATION_GATE_UNMET', detail: expect.stringContaining('late: ') as string });
    const named = await scene.trust.rotations.stragglers(TENANT, id, { limit: 10, leftBehind: 'false' });
    expect(named).toMatchObject({
      items: [{ kind: 'agent', id: late.identity.agentId, name: 'late' }],
      nextCursor: null,
    });
    must(await advance(id, { leaveStragglers: true }));
    // serve: sessions.
    await until(id, 'two');
    await come(two);
    await used.close();
    await until(id);
    must(await advance(id));
    await until(id);
    // retire: the old CA is refused, with the reason that sends the agent to the enrol listener.
    expect(await dial(scene, late.identity).ended).toBe(CLOSE.certificateRetired);
    expect(must(await advance(id))).toMatchObject({ outcome: 'completed' });
    for (const agent of [one, two]) expect(agent.tunnel!.socket.readyState).toBe(1);
  });

  it('is rolled back from under sessions that stand on the new CA', async () => {
    const agent = await join('one');
    const { id } = await start(kind);
    await until(id);
    must(await advance(id));
    await renew(agent);
    await come(agent);
    await until(id);
    must(await advance(id));
    await rollback(id);
    await until(id, 'one');
    expect(await advance(id)).toMatchObject({ code: 'ROTATION_GATE_UNMET' });
    await renew(agent);
    await until(id, 'one');
    await come(agent);
    await until(id);
    expect(must(await advance(id))).toMatchObject({ outcome: 'rolled_back' });
    expect(agent.tunnel!.socket.readyState).toBe(1);
  });

  it('in an emergency waits for nobody who is away, asks for renewal at once, and revokes', async () => {
    const [here, away] = [await join('here'), await join('away')];
    await go(away);
    const { id } = await start(kind, { emergency: true });
    await until(id);
    must(await advance(id));
    const gate = await until(id, 'here');
    await vi.waitFor(async () => expect((await look(id)).gate!.leftBehind).toBe(1));
    expect(gate.emergency).toBe(true);
    const left = await scene.trust.rotations.stragglers(TENANT, id, { limit: 10, leftBehind: 'true' });
    expect(left).toMatchObject({ items: [{ name: 'away' }] });
    await vi.waitFor(() => expect(scene.trust.views.current.urgentCas).toHaveLength(1));
    await renew(here);
    await come(here);
    await until(id);
    must(await advance(id));
    await until(id);
    must(await advance(id));
    expect(await dial(scene, away.identity).ended).toBe(CLOSE.notAdmitted);
    await until(id);
    expect(must(await advance(id))).toMatchObject({ outcome: 'completed' });
    expect(here.tunnel!.socket.readyState).toBe(1);
    await vi.waitFor(() => expect(scene.trust.views.current.urgentCas).toEqual([]));
  });
});

describe.each(['server_ca', 'server_root'] as const)('a rotation of %s', (kind) => {
  it('waits at each gate for whoever is missing, on two gateways, and lets back who was away all the time', async () => {
    const replica = await openReplica(scene);
    const [one, two, late] = [await join('one'), await join('two'), await join('late')];
    const [oldRoot] = late.roots;
    const { id } = await start(kind);
    if (kind === 'server_root') {
      await until(id, 'late', 'one', 'two');
      await vi.waitFor(() => expect(scene.trust.views.current.bundle.roots).toHaveLength(2));
      await takeBundle(one);
      await takeBundle(two);
      await until(id, 'late');
      await go(late);
      await vi.waitFor(async () => expect((await look(id)).gate!.blockers[0]!.why).toMatch(/^It is not connected\./));
      expect(await advance(id)).toMatchObject({ code: 'ROTATION_GATE_UNMET' });
    } else await go(late);
    await vi.waitFor(async () => must(await advance(id, { leaveStragglers: true })));
    await until(id);
    const before = scene.trust.gateway.presented.caId;
    expect(await handshake(oldRoot!, one.identity)).toBe('OK');
    must(await advance(id));
    // serve: gateways present the new chain, sessions come again under it.
    await until(id, 'one', 'two');
    expect(scene.trust.gateway.presented.caId).not.toBe(before);
    await come(one);
    await until(id, 'two');
    await come(two, { ...replica.scene, trust: scene.trust });
    await until(id);
    must(await advance(id));
    await until(id);
    expect(must(await advance(id))).toMatchObject({ outcome: 'completed' });
    for (const agent of [one, two]) expect(agent.tunnel!.socket.readyState).toBe(1);
    if (kind === 'server_root') expect(scene.trust.views.current.bundle.roots).toHaveLength(1);
    // It holds the old root alone: the cross certificate leads there.
    expect(late.roots).toEqual([oldRoot]);
    await come(late);
    await replica.stop();
  });

  it('is rolled back from under sessions on the new chain', async () => {
    const agent = await join('one');
    const { id } = await start(kind);
    if (kind === 'server_root') {
      await vi.waitFor(() => expect(scene.trust.views.current.bundle.roots).toHaveLength(2));
      await takeBundle(agent);
    }
    await until(id);
    must(await advance(id));
    await until(id);
    must(await advance(id));
    await until(id, 'one');
    await come(agent);
    await until(id);
    await rollback(id);
    await until(id, 'one');
    await come(agent);
    await until(id);
    expect(must(await advance(id))).toMatchObject({ outcome: 'rolled_back' });
    expect(agent.tunnel!.socket.readyState).toBe(1);
  });
});

it('a stolen server root is replaced without a cross certificate: who holds it alone does not come back', async () => {
  const [here, away] = [await join('here'), await join('away')];
  await go(away);
  const { id } = await start('server_root', { emergency: true });
  await until(id, 'here');
  await vi.waitFor(() => expect(scene.trust.views.current.bundle.roots).toHaveLength(2));
  await takeBundle(here);
  await until(id);
  must(await advance(id));
  await until(id);
  must(await advance(id));
  await until(id, 'here');
  await come(here);
  await until(id);
  must(await advance(id));
  await until(id);
  must(await advance(id));
  expect(await handshake(away.roots[0]!, away.identity)).toMatch(/UNABLE_TO_|SELF_SIGNED/);
  expect(await handshake(scene.trust.views.current.bundle.roots[0]!, here.identity)).toBe('OK');
});

it('join tokens of before, during and after the rotation of the server root enrol the agent program', async () => {
  const programs = new AgentPrograms();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'casare-rotation-'));
  const enrols = async (name: string, token: string): Promise<void> => {
    const url = `https://127.0.0.1:${scene.ports.enrol}`;
    const home = path.join(folder, name);
    const program = programs.start(['enrol', '--url', url, '--token', token, '--home', home, '--name', name]);
    expect([name, await program.ended, program.output]).toEqual([name, 0, program.output]);
  };
  try {
    const [before, old] = [await scene.token(), await scene.token()];
    const { id } = await start('server_root');
    const during = await scene.token();
    for (const phase of ['issue', 'serve', 'retire', 'standby']) {
      await until(id);
      expect(must(await advance(id)).phase).toBe(phase);
      if (phase !== 'standby') await until(id);
      if (phase === 'serve') await enrols('serve', old);
    }
    await enrols('before', before);
    await enrols('during', during);
    await enrols('after', await scene.token());
  } finally {
    await programs.end();
    await rm(folder, { recursive: true, force: true });
  }
});
