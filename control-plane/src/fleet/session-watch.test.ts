/** The watch on two replicas: what is refused ends live tunnels, with notifications and without; and who is blind admits nobody. */
import type { LockKind } from '@casare/shared/api';
import { CLOSE } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { randomUUID } from 'node:crypto';
import { systemClock } from '../platform/clock.ts';
import { sql, type Database } from '../platform/database/index.ts';
import { testDatabase } from '../platform/database/testing.ts';
import { Metrics } from '../platform/metrics.ts';
import { isRefusal } from '../platform/refusal.ts';
import type { Session } from './session-context.ts';
import { SessionWatch } from './session-watch.ts';
import { lookAfter, NOTHING_SEEN, wentBack } from './session-watch.store.ts';
import { by, connect, dial, openReplica, openScene, TENANT, type Scene, type TestTunnel } from './testing.ts';

const caOf = sql<{ id: string }, [kind: string]>(
  'testWatchCaOf',
  `SELECT id FROM certificate_authority WHERE kind = $1`,
);
const blockTrust = sql('testBlockTrust', 'LOCK TABLE trust_state IN ACCESS EXCLUSIVE MODE');
const moveAgent = sql<never, [id: string, state: string]>('testWatchMove', 'UPDATE agent SET state = $2 WHERE id = $1');
const openRow = sql<never, [agent: string, session: string]>(
  'testWatchOpenRow',
  `INSERT INTO agent_session (tenant_id, agent_id, session_id, instance, epoch)
   VALUES ('default', $1, $2, gen_random_uuid(), 1) ON CONFLICT (tenant_id, agent_id) DO UPDATE SET session_id = $2`,
);

const alive = async (tunnel: TestTunnel, n: number): Promise<void> => {
  tunnel.send({ type: 'ping', n });
  await tunnel.next('pong', (message) => message.n === n);
};

describe.each([
  ['with notifications', true],
  ['without a single notification', false],
])('two replicas %s', (_, notify) => {
  let here: Scene;
  let there: Awaited<ReturnType<typeof openReplica>>;
  beforeAll(async () => {
    here = await openScene({ notify });
    there = await openReplica(here, { notify });
  });
  afterAll(async () => {
    await there.stop();
    await here.close();
  });

  const lock = async (kind: LockKind, target: string): Promise<string> => {
    const made = await here.trust.locks.create(by, { kind, target, reason: 'a test', dryRun: false });
    if (isRefusal(made)) throw new Error(made.code);
    return made.id;
  };
  const lift = (id: string) => here.trust.locks.lift(by, id, { dryRun: false });

  it.each<[LockKind]>([['agent'], ['serial']])('a lock on one %s ends its tunnel and no other', async (kind) => {
    const [one, other] = [await here.agent(), await here.agent()];
    const [tunnel, bystander] = [await connect(there.scene, one), await connect(there.scene, other)];
    const found = await here.fleet.agents.get(TENANT, one.agentId);
    if (isRefusal(found)) throw new Error(found.code);
    const id = await lock(kind, kind === 'agent' ? one.agentId : found.certificate!.serial);
    expect(await tunnel.ended).toBe(CLOSE.locked);
    await alive(bystander, 1);
    await lift(id);
    await (await connect(there.scene, one)).close();
    await bystander.close();
  });

  it.each([
    ['tenant', null],
    ['ca', 'agent_ca'],
    ['ca', 'agent_root'],
    ['ca', 'server_ca'],
    ['ca', 'server_root'],
  ] as const)('a lock on a %s %s ends all tunnels that stand on it, on both', async (kind, of) => {
    const tunnels = [await connect(here, await here.agent()), await connect(there.scene, await here.agent())];
    const [ca] = of === null ? [] : await here.harness.database.db.query(caOf(of));
    const id = await lock(kind, ca?.id ?? TENANT);
    for (const tunnel of tunnels) expect(await tunnel.ended).toBe(CLOSE.locked);
    await lift(id);
  });

  it('what anybody writes into an agent’s row is seen, also in a transaction that ends late', async () => {
    const tunnel = await connect(there.scene, await here.agent());
    const late = await here.agent();
    const lateTunnel = await connect(there.scene, late);
    const { db } = here.harness.database;
    const other = (await here.agent()).agentId;
    const before = await lookAfter(db, null, []);
    await db.transaction(async (tx) => {
      await tx.execute(moveAgent(late.agentId, 'locked'));
      // Others look, and change things, while this one is open.
      await db.execute(moveAgent(other, 'paused'));
      const meanwhile = await lookAfter(db, before.snapshot, []);
      expect(meanwhile.agents.map(({ agentId }) => agentId)).toEqual([other]);
      // What was seen is not seen again, though the transaction that is open began before it.
      expect((await lookAfter(db, meanwhile.snapshot, [])).agents).toEqual([]);
      await alive(lateTunnel, 2);
    });
    expect(await lateTunnel.ended).toBe(CLOSE.locked);
    await alive(tunnel, 2);
    await tunnel.close();
  });
});

it('a session that began while a look was under way is not judged by what was before it', async () => {
  await using cleanup = new AsyncDisposableStack();
  const scene = await openScene();
  cleanup.defer(() => scene.close());
  const { agentId } = await scene.agent();
  const { db } = scene.harness.database;
  // A look whose answer is kept back after the database gave it.
  const asked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  let keepBack = false;
  const slow: Database = {
    ...db,
    async query(statement) {
      const rows = await db.query(statement);
      if (keepBack) {
        asked.resolve();
        await release.promise;
      }
      return rows;
    },
  };
  const peer = { tenant: TENANT, agentId, serial: '01', notAfter: new Date(), caId: 'ca', standsOn: [] };
  const closed: number[] = [];
  const session = { id: randomUUID(), peer, state: 'live', close: (code: number) => void closed.push(code) };
  const held = new Map<string, Session>();
  const changed: string[] = [];
  const watch = new SessionWatch({
    ...{ db: slow, clock: systemClock, open: new Set<Session>(), held },
    changed: (_, seen) => void changed.push(seen.agentId),
    contested: (contested) => contested.close(CLOSE.replaced, 'another process took over'),
  });
  await watch.look();
  await db.execute(moveAgent(agentId, 'active'));
  keepBack = true;
  const looking = watch.look();
  await asked.promise;
  // Its greeting committed after the database answered the look, which saw no session of this agent.
  await db.execute(openRow(agentId, session.id));
  held.set(agentId, session as unknown as Session);
  watch.began(session as unknown as Session);
  release.resolve();
  await looking;
  expect(closed).toEqual([]);
  keepBack = false;
  await watch.look();
  expect([closed, changed]).toEqual([[], [agentId]]);
  await db.execute(openRow(agentId, randomUUID()));
  await db.execute(moveAgent(agentId, 'active'));
  await watch.look();
  expect(closed).toEqual([CLOSE.replaced]);
});

it('a session that came in after the look at what trust refuses is judged by the next one', async () => {
  await using cleanup = new AsyncDisposableStack();
  const scene = await openScene();
  cleanup.defer(() => scene.close());
  const found = await scene.fleet.agents.get(TENANT, (await scene.agent()).agentId);
  if (isRefusal(found)) throw new Error(found.code);
  const { serial } = found.certificate!;
  const locked = await scene.trust.locks.create(by, {
    kind: 'serial',
    target: serial,
    reason: 'a test',
    dryRun: false,
  });
  if (isRefusal(locked)) throw new Error(locked.code);
  const closed: string[] = [];
  const come = (of: string): Session => {
    const peer = { tenant: TENANT, agentId: randomUUID(), serial: of, caId: 'ca', standsOn: [] };
    return { peer, close: () => void closed.push(of) } as unknown as Session;
  };
  const open = new Set<Session>();
  const watch = new SessionWatch({
    ...{ db: scene.harness.database.db, clock: systemClock, open, held: new Map<string, Session>() },
    changed: () => undefined,
    contested: () => undefined,
  });
  await watch.look();
  // Both were admitted before the lock, and their upgrades took until now.
  for (const session of [come(serial), come('bb')]) {
    open.add(session);
    watch.entered(session);
  }
  await watch.look();
  expect(closed).toEqual([serial]);
});

it('of a database that went back in time everything is looked at', async () => {
  expect(wentBack('10:12:10,11', '10:12:')).toBe(false);
  expect(wentBack('10:12:', '9:13:')).toBe(false);
  expect(wentBack('10:100:', '9:99:')).toBe(true);
  await using cleanup = new AsyncDisposableStack();
  const database = await testDatabase();
  cleanup.defer(() => database.close());
  expect((await lookAfter(database.db, null, [])).agents).toEqual([]);
  await database.db.transaction((tx) =>
    tx.script(`INSERT INTO tenant (id, name) VALUES ('default', 'd');
      INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest)
      VALUES ('default', gen_random_uuid(), 'one', 'active', 'x', 'x')`),
  );
  expect((await lookAfter(database.db, NOTHING_SEEN, [])).agents).toHaveLength(1);
});

describe('a replica that does not learn what is locked', () => {
  it('admits nobody after 30 s, keeps what it has, says why, and recovers by itself', async () => {
    let moved = 0;
    const clock = { now: () => systemClock.now(), monotonicMs: () => systemClock.monotonicMs() + moved };
    const metrics = new Metrics();
    await using cleanup = new AsyncDisposableStack();
    const scene = await openScene({ clock, metrics, limits: { deadMs: 3_600_000 } });
    cleanup.defer(() => scene.close());
    const identity = await scene.agent();
    const tunnel = await connect(scene, identity);
    const newcomer = await scene.agent();
    const { db } = scene.harness.database;
    const released = Promise.withResolvers<void>();
    const blocked = Promise.withResolvers<void>();
    const blocking = db.transaction(async (tx) => {
      await tx.execute(blockTrust());
      blocked.resolve();
      await released.promise;
    });
    await blocked.promise;
    // Everything else of the database answers: admission itself would let it in.
    await (await connect(scene, newcomer)).close();
    moved = 31_000;
    const refused = dial(scene, newcomer);
    expect(await refused.ended).toBe(503);
    expect(scene.logged()).toContain('LOCK_FEED_STALE');
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/^casare_tunnels_refused_stale_total 1$/m);
    expect(Number(/^casare_lock_feed_age_seconds (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(30);
    expect(tunnel.socket.readyState).toBe(tunnel.socket.OPEN);
    released.resolve();
    await blocking;
    await vi.waitFor(async () => (await connect(scene, newcomer)).close(), 10_000);
    await tunnel.close();
  });
});
