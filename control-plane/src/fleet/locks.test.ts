/** Locks over a real database and real tunnels: what they refuse, whom they let back in and how, and who may make them. */
import type { Lock, LockKind } from '@casare/shared/api';
import { CLOSE } from '@casare/shared/protocol';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { by, connect, dial, enrolRequest, openScene, post, TENANT, type Scene, type TestIdentity } from './testing.ts';

const trustRev = sql<{ rev: number }, []>('testTrustRev', 'SELECT rev FROM trust_state');
const audits = sql<{ tenant: string; actor: string; action: string }, [subject: string]>(
  'testLockAudits',
  'SELECT tenant_id AS tenant, actor, action FROM audit_event WHERE subject = $1 ORDER BY seq',
);
const liveOf = sql<{ tenant: string; action: string }, [subject: string]>(
  'testLockLive',
  `SELECT tenant_id AS tenant, body->>'action' AS action FROM live_event
   WHERE body->>'type' = 'trust.changed' AND body->>'subject' = $1 ORDER BY id`,
);
const caOf = sql<{ id: string }, [kind: string, tenant: string]>(
  'testLocksCaOf',
  `SELECT id FROM certificate_authority WHERE kind = $1 AND coalesce(tenant_id, '') = $2`,
);
const addTenant = sql<never, [id: string]>('testLocksAddTenant', 'INSERT INTO tenant (id, name) VALUES ($1, $1)');
const setState = sql<never, [id: string, state: string]>(
  'testLocksSetState',
  'UPDATE agent SET state = $2 WHERE id = $1',
);

let scene: Scene;
let identity: TestIdentity;
beforeAll(async () => {
  scene = await openScene();
  await scene.harness.database.db.execute(addTenant('other'));
});
beforeEach(async () => {
  identity = await scene.agent();
});
afterAll(() => scene.close());

const db = () => scene.harness.database.db;
const rev = async () => (await db().query(trustRev()))[0]!.rev;
const reason = 'a test';
const lock = (kind: LockKind, target: string, more: { ttlSeconds?: number; ifRev?: number; dryRun?: boolean } = {}) =>
  scene.trust.locks.create(by, { kind, target, reason, dryRun: false, ...more });
async function locked(...wanted: Parameters<typeof lock>): Promise<Lock> {
  return done(await lock(...wanted));
}
const lift = (id: string, as = by) => scene.trust.locks.lift(as, id, { dryRun: false });
function done<T>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Error(answer.code);
  return answer;
}
const stateOf = async () => done(await scene.fleet.agents.get(TENANT, identity.agentId)).state;
/** The close code that the agent is refused with; 0 when it is let in. */
async function refusedWith(): Promise<number | string> {
  const tunnel = dial(scene, identity);
  await tunnel.opened;
  const code = await Promise.race([tunnel.ended, new Promise<0>((resolve) => setTimeout(() => resolve(0), 300))]);
  if (code === 0) await tunnel.close();
  return code;
}

describe('a lock on an agent', () => {
  it('moves its state, ends its tunnel, keeps it out, and is on record; lifting lets it back in', async () => {
    const tunnel = await connect(scene, identity);
    const before = await rev();
    const made = await locked('agent', identity.agentId);
    expect(await tunnel.ended).toBe(CLOSE.locked);
    expect(await stateOf()).toBe('locked');
    expect(await refusedWith()).toBe(CLOSE.locked);
    expect(await rev()).toBe(before + 1);
    expect(done(await lift(made.id)).liftedAt).not.toBeNull();
    expect(done(await lift(made.id)).liftedAt).not.toBeNull();
    expect(await rev()).toBe(before + 2);
    expect(await stateOf()).toBe('active');
    await (await connect(scene, identity)).close();
    const entry = { tenant: TENANT, actor: by.actor };
    expect(await db().query(audits(`lock:${made.id}`))).toEqual([
      { ...entry, action: 'lock.created' },
      { ...entry, action: 'lock.lifted' },
    ]);
    expect(await db().query(liveOf(`agent:${identity.agentId}`))).toEqual([
      { tenant: TENANT, action: 'lock.created' },
      { tenant: TENANT, action: 'lock.lifted' },
    ]);
  });

  it('ends by itself when its time is over, audited', async () => {
    const { id } = await locked('agent', identity.agentId, { ttlSeconds: 1 });
    expect(await stateOf()).toBe('locked');
    await vi.waitFor(async () => expect(await stateOf()).toBe('active'), 10_000);
    expect(await db().query(audits(`lock:${id}`))).toMatchObject([
      { action: 'lock.created' },
      { action: 'lock.expired', actor: 'system' },
    ]);
    await (await connect(scene, identity)).close();
  });

  it.each(['pending', 'paused', 'draining', 'suspect'] as const)('returns one that was %s to that', async (state) => {
    await db().execute(setState(identity.agentId, state));
    const { id } = await locked('agent', identity.agentId);
    expect(await stateOf()).toBe('locked');
    done(await lift(id));
    expect(await stateOf()).toBe(state);
  });

  it('leaves it locked while another lock holds, and when somebody locked its state, before or after', async () => {
    const [first, second] = [await locked('agent', identity.agentId), await locked('agent', identity.agentId)];
    done(await lift(first.id));
    expect(await stateOf()).toBe('locked');
    expect(await scene.fleet.agents.act(by, identity.agentId, 'unlock')).toMatchObject({ code: 'AGENT_LOCK_HELD' });
    done(await scene.fleet.agents.act(by, identity.agentId, 'lock'));
    done(await lift(second.id));
    expect(await stateOf()).toBe('locked');
    const third = await locked('agent', identity.agentId);
    done(await lift(third.id));
    expect(await stateOf()).toBe('locked');
    done(await scene.fleet.agents.act(by, identity.agentId, 'unlock'));
    expect(await stateOf()).toBe('active');
  });

  it('is refused for an agent that is none, is gone, or when trust has moved on; a dry run keeps nothing', async () => {
    expect(await lock('agent', randomUUID())).toMatchObject({ code: 'LOCK_TARGET_NOT_FOUND' });
    const before = await rev();
    expect(await lock('agent', identity.agentId, { ifRev: before - 1 })).toMatchObject({ code: 'TRUST_CHANGED' });
    expect(await lock('agent', identity.agentId, { ifRev: before, dryRun: true })).toMatchObject({ kind: 'agent' });
    expect([await stateOf(), await rev()]).toEqual(['active', before]);
    const { items } = done(await scene.trust.locks.list(TENANT, { limit: 200, held: 'true' }));
    expect(items.filter(({ target }) => target === identity.agentId)).toEqual([]);
    done(await scene.fleet.agents.act(by, identity.agentId, 'decommission'));
    expect(await lock('agent', identity.agentId)).toMatchObject({ code: 'LOCK_TARGET_WRONG_STATE' });
    expect(await rev()).toBe(before);
  });
});

describe('a lock on what stands behind an agent', () => {
  const target = async (kind: LockKind, of: 'agent_ca' | 'agent_root' | 'server_ca' | 'server_root' = 'agent_ca') => {
    if (kind === 'tenant') return TENANT;
    if (kind === 'ca') return (await db().query(caOf(of, of === 'agent_ca' ? TENANT : '')))[0]!.id;
    return done(await scene.fleet.agents.get(TENANT, identity.agentId)).certificate!.serial;
  };

  it.each([
    ['tenant', undefined],
    ['serial', undefined],
    ['ca', 'agent_ca'],
    ['ca', 'agent_root'],
    ['ca', 'server_ca'],
    ['ca', 'server_root'],
  ] as const)('%s %s: refuses it until it is lifted', async (kind, of) => {
    expect(await refusedWith()).toBe(0);
    const { id } = await locked(kind, await target(kind, of));
    expect(await refusedWith()).toBe(CLOSE.locked);
    // A lock says who is refused; it is no state of the agent.
    expect(await stateOf()).toBe('active');
    done(await lift(id));
    expect(await refusedWith()).toBe(0);
  });

  it.each([
    ['tenant', undefined],
    ['ca', 'agent_ca'],
    ['ca', 'agent_root'],
  ] as const)('%s %s: nobody enrols, and the token is not used up', async (kind, of) => {
    const token = await scene.token();
    const { id } = await locked(kind, await target(kind, of));
    const { key, body } = await enrolRequest(scene, token);
    expect(await post(scene, '/enrol', body)).toMatchObject({ status: 403, body: { code: 'ENROL_DENIED' } });
    done(await lift(id));
    const again = await enrolRequest(scene, token, key);
    expect(await post(scene, '/enrol', again.body)).toMatchObject({ status: 201 });
  });

  it('a locked certificate gives no next one, though its agent and its CA are not locked', async () => {
    const ca = await scene.trust.authorities.agentCa(TENANT);
    const presented = await target('serial');
    const { id } = await locked('serial', presented);
    const request = { tenant: TENANT, agentId: identity.agentId, publicKey: new Uint8Array(), presented };
    const issuing = db().transaction((tx) => scene.trust.leaves.issue(tx, ca, request));
    await expect(issuing).rejects.toMatchObject({ code: 'LOCKED' });
    done(await lift(id));
    const unlocked = db().transaction((tx) => scene.trust.leaves.issue(tx, ca, request));
    await expect(unlocked).rejects.not.toMatchObject({ code: 'LOCKED' });
  });

  it('nothing is signed past it, whoever asks', async () => {
    const ca = await scene.trust.authorities.agentCa(TENANT);
    const request = { tenant: TENANT, agentId: identity.agentId, publicKey: new Uint8Array() };
    const { id } = await locked('tenant', TENANT);
    const issuing = db().transaction((tx) => scene.trust.leaves.issue(tx, ca, request));
    await expect(issuing).rejects.toMatchObject({ code: 'LOCKED' });
    done(await lift(id));
  });
});

describe('the installation', () => {
  const other = { tenant: 'other', actor: 'account:other' };
  const asOther = (kind: LockKind, target: string) =>
    scene.trust.locks.create(other, { kind, target, reason, dryRun: false });

  it('is locked by the tenant of its operator alone, and what is another tenant’s by nobody else', async () => {
    const [root] = await db().query(caOf('server_root', ''));
    const [ca] = await db().query(caOf('agent_ca', TENANT));
    expect(await asOther('ca', root!.id)).toMatchObject({ refused: 'denied', code: 'OPERATOR_ONLY' });
    expect(await asOther('ca', ca!.id)).toMatchObject({ code: 'LOCK_TARGET_NOT_FOUND' });
    expect(await asOther('agent', identity.agentId)).toMatchObject({ code: 'LOCK_TARGET_NOT_FOUND' });
    expect(await asOther('tenant', TENANT)).toMatchObject({ code: 'LOCK_TARGET_NOT_FOUND' });
    expect(await lock('tenant', 'nobody')).toMatchObject({ code: 'LOCK_TARGET_NOT_FOUND' });
    done(await lift(done(await asOther('tenant', 'other')).id, other));
  });

  it('locks a tenant, which sees that and cannot undo it', async () => {
    const { id } = await locked('tenant', 'other');
    const { items } = done(await scene.trust.locks.list('other', { limit: 10, held: 'true' }));
    expect(items.map((item) => item.id)).toEqual([id]);
    expect(await lift(id, other)).toMatchObject({ refused: 'denied', code: 'OPERATOR_ONLY' });
    const foreign = await locked('agent', identity.agentId);
    expect(await lift(foreign.id, other)).toMatchObject({ code: 'LOCK_NOT_FOUND' });
    done(await lift(foreign.id));
    done(await lift(id));
    const told = await db().query(liveOf('tenant:other'));
    expect(told.filter(({ action }) => action === 'lock.lifted').map(({ tenant }) => tenant)).toContain('other');
  });

  it('lists locks newest first, in pages', async () => {
    const made: string[] = [];
    for (let n = 0; n < 3; n++) made.push((await locked('agent', identity.agentId)).id);
    const first = done(await scene.trust.locks.list(TENANT, { limit: 2, held: 'true' }));
    const second = done(await scene.trust.locks.list(TENANT, { limit: 2, cursor: first.nextCursor!, held: 'true' }));
    expect([...first.items, ...second.items].slice(0, 3).map(({ id }) => id)).toEqual(made.toReversed());
    expect(await scene.trust.locks.list(TENANT, { limit: 2, cursor: 'x' })).toMatchObject({ code: 'CURSOR_INVALID' });
    for (const id of made) done(await lift(id));
  });
});
