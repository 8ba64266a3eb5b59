/** Rotations on a real database: who may start and move them, two at once, what is kept of a try, what a root needs. */
import { certificatesInPem, readCertificate } from '@casare/certs';
import { api, type CaKind, type Rotation } from '@casare/shared/api';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { createTrust, gatewayHosts, type Trust } from './index.ts';
import { RotationMaterial } from './rotation-material.ts';
import { RotationWrites } from './rotation-writes.ts';
import { Rotations } from './rotations.service.ts';
import { signerForTests } from './testing.ts';

const addTenant = sql<never, [id: string, operator: boolean]>(
  'testRotationTenant',
  'INSERT INTO tenant (id, name, operator) VALUES ($1, $1, $2)',
);
const casNow = sql<{ id: string; kind: CaKind; tenant: string | null; state: string; cross: boolean }, []>(
  'testCasNow',
  `SELECT id, kind, tenant_id AS tenant, state, cross_pem IS NOT NULL AS cross FROM certificate_authority
   ORDER BY created_at, id`,
);
const auditOf = sql<{ action: string; actor: string }, [subject: string]>(
  'testRotationAudit',
  'SELECT action, actor FROM audit_event WHERE subject = $1 ORDER BY seq',
);
const liveOf = sql<{ tenant: string; action: string }, []>(
  'testRotationLive',
  `SELECT tenant_id AS tenant, body->>'action' AS action FROM live_event WHERE body->>'type' = 'trust.changed' ORDER BY id`,
);
const addGateway = sql<never, [id: string]>('testAddGateway', 'INSERT INTO gateway (id) VALUES ($1)');

const operator = { tenant: 'default', actor: 'account:op' };
const other = { tenant: 'other', actor: 'account:other' };
const start = (more: object) => api.rotations.start.body.parse(more);
const advance = (more: object = {}) => api.rotations.advance.body.parse(more);
const rollback = (more: object = {}) => api.rotations.rollback.body.parse({ reason: 'test', ...more });

let database: TestDatabase;
let trust: Trust;
const masterKey = randomBytes(32);
const hosts = gatewayHosts('127.0.0.1', []);
beforeEach(async () => {
  database = await testDatabase();
  await database.db.execute(addTenant('default', true));
  await database.db.execute(addTenant('other', false));
  trust = trustOf();
  await trust.start();
  await trust.authorities.agentCa('default');
  await trust.authorities.agentCa('other');
});
afterEach(async () => {
  await trust.stop();
  await database.close();
});

/** A replica: what another one has opened, its signer has not. */
function trustOf(): Trust {
  const signer = signerForTests(masterKey, hosts);
  return createTrust({
    ...{ db: database.db, clock: systemClock, ids: createIds(systemClock), log: silentLog, hosts, signer },
  });
}

function must(outcome: Rotation | Refusal): Rotation {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.detail ?? outcome.title}`);
  return outcome;
}
const code = (outcome: object) => (isRefusal(outcome) ? outcome.code : 'OK');
const statesOf = async () =>
  (await database.db.query(casNow())).map(
    ({ kind, tenant, state }) => `${kind}${tenant === null ? '' : `(${tenant})`} ${state}`,
  );
/** Moves on to the end. */
async function finish(rotation: Rotation, by = operator): Promise<Rotation> {
  let now = rotation;
  while (now.phase !== 'standby') now = must(await trust.rotations.advance(by, now.id, advance({ from: now.phase })));
  return now;
}

describe.each(['agent_ca', 'server_ca', 'server_root', 'agent_root'] as const)('a rotation of %s', (kind) => {
  it('goes through its phases to the end, with the CA states, audit and live events of each', async () => {
    const before = (await database.db.query(casNow())).length;
    const rotation = must(await trust.rotations.start(operator, start({ kind })));
    expect(rotation).toMatchObject({ phase: 'prepare', rev: 1, gate: { met: true } });
    expect(await statesOf()).toContain(kind === 'agent_ca' ? 'agent_ca(default) standby' : `${kind} standby`);
    const ended = await finish(rotation);
    expect(ended).toMatchObject({ phase: 'standby', outcome: 'completed', gate: null, rev: 5 });
    const states = (await statesOf()).slice(0, before);
    const below = { server_root: ['server_ca'], agent_root: ['agent_ca(default)', 'agent_ca(other)'] };
    const own = kind === 'agent_ca' ? 'agent_ca(default)' : kind;
    const gone = [own, ...(kind === 'server_root' || kind === 'agent_root' ? below[kind] : [])];
    for (const state of states) {
      const [name] = state.split(' ');
      expect(state).toBe(gone.includes(name!) ? `${name!} retired` : `${name!} active`);
    }
    expect((await statesOf()).slice(before).toSorted()).toEqual(gone.map((name) => `${name} active`).toSorted());
    expect((await database.db.query(auditOf(`rotation:${rotation.id}`))).map(({ action }) => action)).toEqual([
      'rotation.started',
      ...['rotation.advanced', 'rotation.advanced', 'rotation.advanced', 'rotation.ended'],
    ]);
    const live = await database.db.query(liveOf());
    expect(live).toHaveLength(5);
    expect(live[0]).toEqual({ tenant: 'default', action: 'rotation.started' });
  });

  it.each([0, 1, 2])(
    'is rolled back after %i moves: the old CAs are active again, the new ones retired',
    async (moves) => {
      const before = (await statesOf()).length;
      let rotation = must(await trust.rotations.start(operator, start({ kind })));
      for (let n = 0; n < moves; n++) rotation = must(await trust.rotations.advance(operator, rotation.id, advance()));
      rotation = must(await trust.rotations.rollback(operator, rotation.id, rollback({ from: rotation.phase })));
      expect(rotation.phase).toBe('rollback');
      expect(code(await trust.rotations.rollback(operator, rotation.id, rollback()))).toBe('ROTATION_TOO_LATE');
      expect(await finish(rotation)).toMatchObject({ phase: 'standby', outcome: 'rolled_back' });
      const states = await statesOf();
      for (const state of states.slice(0, before)) expect(state).toMatch(/ active$/);
      for (const state of states.slice(before)) expect(state).toMatch(/ retired$/);
      expect(code(await trust.rotations.start(operator, start({ kind })))).toBe('OK');
    },
  );

  it('cannot be rolled back once the old CA is refused', async () => {
    let rotation = must(await trust.rotations.start(operator, start({ kind })));
    for (let n = 0; n < 3; n++) rotation = must(await trust.rotations.advance(operator, rotation.id, advance()));
    expect(rotation.phase).toBe('retire');
    expect(code(await trust.rotations.rollback(operator, rotation.id, rollback()))).toBe('ROTATION_TOO_LATE');
    const ended = await finish(rotation);
    expect(code(await trust.rotations.rollback(operator, ended.id, rollback()))).toBe('ROTATION_ENDED');
    expect(code(await trust.rotations.advance(operator, ended.id, advance()))).toBe('ROTATION_ENDED');
  });

  it('that goes by itself needs nobody, and says so in the audit log', async () => {
    const { id } = must(await trust.rotations.start(operator, start({ kind, automatic: true })));
    for (let n = 0; n < 4; n++) await trust.rotations.turn();
    expect(await trust.rotations.get('default', id)).toMatchObject({ outcome: 'completed' });
    const actors = (await database.db.query(auditOf(`rotation:${id}`))).map(({ actor }) => actor);
    expect(actors).toEqual(['account:op', ...Array.from({ length: 4 }, () => 'system')]);
  });

  it('that only tries keeps nothing', async () => {
    const before = await statesOf();
    const { rev } = trust.views.current;
    const tried = must(await trust.rotations.start(operator, start({ kind, dryRun: true })));
    expect(tried.phase).toBe('prepare');
    expect([await statesOf(), await trust.rotations.get('default', tried.id)]).toEqual([
      before,
      expect.objectContaining({ code: 'ROTATION_NOT_FOUND' }),
    ]);
    const real = must(await trust.rotations.start(operator, start({ kind, ifRev: rev })));
    const moved = must(await trust.rotations.advance(operator, real.id, advance({ dryRun: true })));
    expect(moved.phase).toBe('issue');
    expect(await trust.rotations.get('default', real.id)).toMatchObject({ phase: 'prepare', rev: 1 });
    must(await trust.rotations.rollback(operator, real.id, rollback({ dryRun: true })));
    expect(await trust.rotations.get('default', real.id)).toMatchObject({ phase: 'prepare', rev: 1 });
  });

  it('is started by one of two operators, and moved by one of two', async () => {
    const starts = await Promise.all([1, 2, 3].map(() => trust.rotations.start(operator, start({ kind }))));
    expect(starts.map(code).toSorted()).toEqual(['OK', 'ROTATION_OPEN', 'ROTATION_OPEN']);
    const { id } = must(starts.find((outcome) => !isRefusal(outcome))!);
    const from = 'prepare';
    const moves = await Promise.all([1, 2, 3].map(() => trust.rotations.advance(operator, id, advance({ from }))));
    expect(moves.map(code).filter((one) => one === 'OK')).toHaveLength(1);
    expect(new Set(moves.map(code))).toEqual(new Set(['OK', 'TRUST_CHANGED']));
    expect(await trust.rotations.get('default', id)).toMatchObject({ phase: 'issue', rev: 2 });
    expect(code(await trust.rotations.advance(operator, id, advance({ from: 'prepare' })))).toBe('TRUST_CHANGED');
    expect(code(await trust.rotations.advance(operator, id, advance({ ifRev: 1 })))).toBe('TRUST_CHANGED');
    const both = await Promise.all([
      trust.rotations.advance(operator, id, advance({ from: 'issue' })),
      trust.rotations.rollback(operator, id, rollback({ from: 'issue' })),
    ]);
    expect(both.map(code).toSorted()).toEqual(['OK', 'TRUST_CHANGED']);
  });
});

describe('who may', () => {
  it("what belongs to the installation is the operator's alone; a tenant rotates its own", async () => {
    for (const kind of ['server_ca', 'server_root', 'agent_root']) {
      expect(code(await trust.rotations.start(other, start({ kind })))).toBe('OPERATOR_ONLY');
    }
    const { id } = must(await trust.rotations.start(operator, start({ kind: 'server_root' })));
    expect(code(await trust.rotations.get('other', id))).toBe('ROTATION_NOT_FOUND');
    expect(code(await trust.rotations.stragglers('other', id, { limit: 5, leftBehind: 'false' }))).toBe(
      'ROTATION_NOT_FOUND',
    );
    expect(code(await trust.rotations.advance(other, id, advance()))).toBe('OPERATOR_ONLY');
    expect(code(await trust.rotations.rollback(other, id, rollback()))).toBe('OPERATOR_ONLY');
    const own = must(await trust.rotations.start(other, start({ kind: 'agent_ca' })));
    expect(code(await trust.rotations.advance(operator, own.id, advance()))).toBe('ROTATION_NOT_FOUND');
    expect(await trust.rotations.list('other', { limit: 5 })).toMatchObject({ items: [{ id: own.id }] });
    expect(await trust.rotations.list('default', { limit: 5 })).toMatchObject({ items: [{ id }] });
    expect(code(await trust.rotations.get('default', randomUUID()))).toBe('ROTATION_NOT_FOUND');
  });

  it('a root and what stands below it are not rotated at the same time; the other side is', async () => {
    must(await trust.rotations.start(other, start({ kind: 'agent_ca' })));
    expect(code(await trust.rotations.start(operator, start({ kind: 'agent_root' })))).toBe('ROTATION_OPEN');
    expect(code(await trust.rotations.start(operator, start({ kind: 'agent_ca' })))).toBe('OK');
    expect(code(await trust.rotations.start(operator, start({ kind: 'server_root' })))).toBe('OK');
    expect(code(await trust.rotations.start(operator, start({ kind: 'server_ca' })))).toBe('ROTATION_OPEN');
  });

  it('pages are followed to the end, and a foreign cursor is refused', async () => {
    for (let n = 0; n < 3; n++) await finish(must(await trust.rotations.start(operator, start({ kind: 'agent_ca' }))));
    const first = await trust.rotations.list('default', { limit: 2 });
    if (isRefusal(first)) throw new Error(first.code);
    expect(first.items).toHaveLength(2);
    const rest = await trust.rotations.list('default', { limit: 2, cursor: first.nextCursor! });
    expect(rest).toMatchObject({ items: [{ outcome: 'completed' }], nextCursor: null });
    expect(code(await trust.rotations.list('default', { limit: 2, cursor: 'x' }))).toBe('CURSOR_INVALID');
  });
});

describe('what it is made of', () => {
  it('a new server root is cross-signed by the old one, in an emergency it is not', async () => {
    const planned = must(await trust.rotations.start(operator, start({ kind: 'server_root' })));
    const crossed = async () =>
      (await database.db.query(casNow())).find(({ state, kind }) => state === 'standby' && kind === 'server_root')
        ?.cross;
    expect(await crossed()).toBe(true);
    await finish(must(await trust.rotations.rollback(operator, planned.id, rollback())));
    must(await trust.rotations.start(operator, start({ kind: 'server_root', emergency: true })));
    expect(await crossed()).toBe(false);
  });

  it('a stolen server CA is answered by a new root', async () => {
    expect(code(await trust.rotations.start(operator, start({ kind: 'server_ca', emergency: true })))).toBe(
      'EMERGENCY_NEEDS_ROOT',
    );
  });

  it('an offline root cannot sign: a CA that stands by is named instead', async () => {
    const standby = must(await trust.rotations.start(operator, start({ kind: 'server_ca' }))).newAuthority;
    await database.db.execute({ name: 'testForget', text: 'DELETE FROM ca_rotation', values: [] });
    await database.db.execute({
      name: 'testOffline',
      text: `UPDATE certificate_authority SET sealed_key = NULL WHERE kind = 'server_root'`,
      values: [],
    });
    expect(code(await trust.rotations.start(operator, start({ kind: 'server_ca' })))).toBe('ROOT_OFFLINE');
    expect(code(await trust.rotations.start(operator, start({ kind: 'server_root' })))).toBe('ROOT_OFFLINE');
    expect(code(await trust.rotations.start(operator, start({ kind: 'server_ca', authority: randomUUID() })))).toBe(
      'AUTHORITY_NOT_FOUND',
    );
    expect(code(await trust.rotations.start(operator, start({ kind: 'agent_ca', authority: standby })))).toBe(
      'AUTHORITY_NOT_FOUND',
    );
    const rotation = must(await trust.rotations.start(operator, start({ kind: 'server_ca', authority: standby })));
    expect(rotation.newAuthority).toBe(standby);
    expect(await finish(rotation)).toMatchObject({ outcome: 'completed' });
    // An emergency needs no cross-signing.
    expect(code(await trust.rotations.start(operator, start({ kind: 'server_root', emergency: true })))).toBe('OK');
  });

  it('a tenant that comes while the agent root rotates gets its CA below the root that stays', async () => {
    await database.db.execute(addTenant('late', false));
    await database.db.execute(addTenant('later', false));
    const rotation = must(await trust.rotations.start(operator, start({ kind: 'agent_root' })));
    await trust.authorities.agentCa('late');
    const issuing = must(await trust.rotations.advance(operator, rotation.id, advance()));
    const below = async (tenant: string) => {
      const { certificatePem } = await trust.authorities.agentCa(tenant);
      const contents = readCertificate(certificatesInPem(certificatePem)[0]!);
      if (!contents.ok) throw new Error(contents.code);
      return contents.value.issuerKeyId;
    };
    const issuer = await below('default');
    expect(await below('late')).toBe(issuer);
    expect(await below('later')).toBe(issuer);
    await finish(must(await trust.rotations.rollback(operator, issuing.id, rollback())));
    const old = await below('default');
    expect(old).not.toBe(issuer);
    expect([await below('late'), await below('later')]).toEqual([old, old]);
  });

  it('a tenant that comes after the CAs were completed stops the move, and nothing is moved', async () => {
    await database.db.execute(addTenant('late', false));
    const rotation = must(await trust.rotations.start(operator, start({ kind: 'agent_root' })));
    await trust.authorities.agentCa('late');
    const { authorities } = trust;
    const of = { db: database.db, clock: systemClock, ids: createIds(systemClock), authorities };
    const writes = new RotationWrites(database.db);
    const material = new RotationMaterial({ ...of, signer: signerForTests(masterKey, hosts), writes });
    // As if it had looked just before the tenant came.
    material.complete = () => Promise.resolve(true);
    const hasty = new Rotations({ ...of, material, writes, onChanged: () => undefined });
    expect(code(await hasty.advance(operator, rotation.id, advance()))).toBe('TRUST_CHANGED');
    expect(await trust.rotations.get('default', rotation.id)).toMatchObject({ phase: 'prepare', rev: 1 });
    expect(code(await trust.rotations.advance(operator, rotation.id, advance()))).toBe('OK');
  });

  it('a gateway that lives and has not loaded the change is waited for, by name', async () => {
    const gatewayId = randomUUID();
    await database.db.execute(addGateway(gatewayId));
    const rotation = must(await trust.rotations.start(operator, start({ kind: 'server_ca' })));
    expect(rotation.gate).toMatchObject({
      met: false,
      ready: 0,
      total: 1,
      blockers: [{ kind: 'gateway', id: gatewayId }],
    });
    const unmet = await trust.rotations.advance(operator, rotation.id, advance({ leaveStragglers: true }));
    expect(code(unmet)).toBe('ROTATION_GATE_UNMET');
    await trust.views.refresh();
    await trust.gateway.report(gatewayId, trust.gateway.reportAt(trust.views.current.rev));
    const issuing = must(await trust.rotations.advance(operator, rotation.id, advance()));
    await trust.views.refresh();
    const old = trust.gateway.reportAt(trust.views.current.rev);
    await trust.gateway.report(gatewayId, { ...old, readyCa: rotation.oldAuthority });
    expect(code(await trust.rotations.advance(operator, issuing.id, advance()))).toBe('ROTATION_GATE_UNMET');
    await trust.gateway.renewIfDue();
    const ready = trust.gateway.reportAt(trust.views.current.rev);
    expect(ready).toMatchObject({ presentedCa: rotation.oldAuthority, readyCa: rotation.newAuthority });
    await trust.gateway.report(gatewayId, ready);
    must(await trust.rotations.advance(operator, issuing.id, advance()));
    await trust.views.refresh();
    await trust.gateway.report(gatewayId, { ...ready, rev: trust.views.current.rev });
    expect(code(await trust.rotations.advance(operator, issuing.id, advance()))).toBe('ROTATION_GATE_UNMET');
    await trust.gateway.renewIfDue();
    const presenting = trust.gateway.reportAt(trust.views.current.rev);
    expect(presenting).toMatchObject({ presentedCa: rotation.newAuthority, readyCa: rotation.newAuthority });
    await trust.gateway.report(gatewayId, presenting);
    must(await trust.rotations.advance(operator, issuing.id, advance()));
  });
});

describe.each(['server_ca', 'server_root', 'agent_root'] as const)('a replica that starts while %s rotates', (kind) => {
  it('does what the phase says, in each of them', async () => {
    const started = must(await trust.rotations.start(operator, start({ kind })));
    const { presentedCa: old } = trust.gateway.reportAt(0);
    const fresh = async () => {
      const replica = trustOf();
      await replica.start();
      const { presentedCa, readyCa } = replica.gateway.reportAt(0);
      const agentCa = (await replica.authorities.agentCa('default')).id;
      const { roots } = replica.views.current.bundle;
      await replica.stop();
      return { presentedCa, readyCa, agentCa, roots: roots.length, anchors: replica.views.current.agentAnchors.length };
    };
    const server = kind !== 'agent_root';
    const both = { roots: kind === 'server_root' ? 2 : 1, anchors: kind === 'agent_root' ? 2 : 1 };
    const prepare = await fresh();
    expect(prepare).toMatchObject({ ...both, presentedCa: old, readyCa: old });
    must(await trust.rotations.advance(operator, started.id, advance()));
    const issue = await fresh();
    expect(issue).toMatchObject({ ...both, presentedCa: old });
    expect(issue.readyCa === old).toBe(!server);
    expect(issue.agentCa === prepare.agentCa).toBe(server);
    must(await trust.rotations.advance(operator, started.id, advance()));
    const serve = await fresh();
    expect(serve).toMatchObject({
      ...both,
      presentedCa: issue.readyCa,
      readyCa: issue.readyCa,
      agentCa: issue.agentCa,
    });
    must(await trust.rotations.advance(operator, started.id, advance({ dryRun: true })));
    const back = must(await trust.rotations.rollback(operator, started.id, rollback()));
    expect(await fresh()).toMatchObject({ ...both, presentedCa: old, readyCa: old, agentCa: prepare.agentCa });
    await finish(back);
    // The root that was taken back stays an anchor of handshakes only, for whoever still has a certificate below it.
    expect(await fresh()).toMatchObject({ roots: 1, presentedCa: old, anchors: both.anchors });
    const again = await finish(must(await trust.rotations.start(operator, start({ kind }))));
    expect(again.outcome).toBe('completed');
    const done = await fresh();
    expect(done.roots).toBe(1);
    expect(done.presentedCa === old).toBe(!server);
    expect(done.agentCa === prepare.agentCa).toBe(server);
  });
});
