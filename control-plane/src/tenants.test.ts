/**
 * Tenants on a whole control plane, with real tunnels: made, suspended and resumed. Two tenants at once: what is done to one does not touch the other.
 */
import { api } from '@casare/shared/api';
import { createClient } from '@casare/shared/client';
import { CLOSE } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connect, dial, enrol, type Scene } from './fleet/testing.ts';
import { sql } from './platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';
import * as tenants from './testing-tenants.ts';
import { begin, codeOf, complete, JOB, sceneOf, stateIs } from './testing-tenants.ts';

const auditOf = sql<{ actor: string; action: string }, [tenant: string]>(
  'testAuditOf',
  `SELECT actor, action FROM audit_event WHERE tenant_id = $1 ORDER BY seq`,
);

let plane: TestControlPlane;
let scene: Scene;
beforeAll(async () => {
  plane = await startTestControlPlane();
  scene = await sceneOf(plane);
});
afterAll(() => plane.close());

const operator = () => plane.client;
const find = (tenant: string) => operator().call(api.tenants.get, { params: { tenant } });
const suspend = (tenant: string) =>
  operator().call(api.tenants.suspend, { params: { tenant }, body: { reason: 'not paid' } });
const resume = (tenant: string) => operator().call(api.tenants.resume, { params: { tenant } });
const newTenant = (id: string) => tenants.newTenant(plane, id);

describe('a tenant', () => {
  test('is made with an owner who is invited and a CA of its own, and audited in both logs', async () => {
    const body = { id: 'made', name: 'Made Ltd.', owner: 'ann@made.example', quotas: { agents: 3 } };
    const { tenant, invitation } = await operator().call(api.tenants.create, { body });
    expect(tenant).toMatchObject({
      ...{ id: 'made', name: 'Made Ltd.', state: 'active', operator: false },
      trustDomain: 't-made.casare.internal',
      quotas: { agents: 3, concurrentJobs: null, queuedJobs: null, storedBytes: null },
      use: { agents: 0, concurrentJobs: 0, queuedJobs: 0, storedBytes: 0 },
    });
    expect(tenant.agentCa).not.toBeNull();
    const accept = await fetch(`${plane.url}/api/v1/auth/invitation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: invitation.url.split('#token=')[1], password: 'a long new password' }),
    });
    expect(await accept.json()).toMatchObject({ tenant: 'made', role: 'owner' });
    const [own, installation] = await Promise.all(
      ['made', '_installation'].map((log) => plane.database.db.query(auditOf(log))),
    );
    const made = own!.find(({ action }) => action === 'tenant.created')!;
    expect(made.actor).toMatch(/^platform:key:/);
    expect(installation!.map(({ action }) => action)).toContain('tenant.created');
    expect(own!.map(({ action }) => action)).toEqual(expect.arrayContaining(['ca.created', 'account.invited']));

    expect(await codeOf(operator().call(api.tenants.create, { body }))).toBe('TENANT_EXISTS');
    const taken = { ...body, id: 'made-2' };
    expect(await codeOf(operator().call(api.tenants.create, { body: taken }))).toBe('ACCOUNT_EXISTS');
    // Without its owner it was not made.
    expect(await codeOf(find('made-2'))).toBe('TENANT_NOT_FOUND');
  });

  test('is seen by its own people, and by nobody else who is no operator', async () => {
    const client = await newTenant('seen');
    expect(await client.call(api.tenant.get)).toMatchObject({ id: 'seen', state: 'active' });
    const codes = await Promise.all([
      codeOf(client.call(api.tenants.list)),
      codeOf(client.call(api.tenants.get, { params: { tenant: 'seen' } })),
      codeOf(client.call(api.tenants.suspend, { params: { tenant: 'default' }, body: { reason: 'x' } })),
    ]);
    expect(new Set(codes)).toEqual(new Set(['PERMISSION_DENIED']));
    // An owner of the operator's tenant who is no operator is none either.
    const owner = createClient({ url: plane.url, apiKey: await plane.keyOf('owner') });
    expect(await codeOf(owner.call(api.tenants.list))).toBe('PERMISSION_DENIED');
    const { items } = await operator().call(api.tenants.list);
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(['default', 'seen']));
    expect(await codeOf(suspend('default'))).toBe('TENANT_IS_OPERATORS');
  });

  test('that is suspended has no tunnel and changes nothing; resumed, its run goes on and ends once', async () => {
    const [acme, other] = [await newTenant('acme'), await newTenant('other')];
    const [agent, bystander] = [await tenants.newAgent(scene, acme), await tenants.newAgent(scene, other)];
    const [tunnel, elsewhere] = [await connect(scene, agent), await connect(scene, bystander)];
    const { id: job } = await acme.call(api.jobs.submit, { body: JOB });
    await begin(tunnel, job);
    await stateIs(acme, job, 'running');
    const { id: waiting } = await acme.call(api.jobs.submit, { body: { ...JOB, requires: ['never=here'] } });

    expect(await suspend('acme')).toMatchObject({ state: 'suspended', stateReason: 'not paid' });
    expect(await tunnel.ended).toBe(CLOSE.suspended);
    expect(await dial(scene, agent).ended).toBe(CLOSE.suspended);
    expect(await codeOf(acme.call(api.jobs.submit, { body: JOB }))).toBe('TENANT_SUSPENDED');
    expect(await codeOf(suspend('acme'))).toBe('TENANT_WRONG_STATE');
    await stateIs(acme, job, 'running');
    await stateIs(acme, waiting, 'pending');
    // The other tenant has felt nothing.
    const { id: theirs } = await other.call(api.jobs.submit, { body: JOB });
    await begin(elsewhere, theirs);
    complete(elsewhere, theirs, 2);
    await stateIs(other, theirs, 'succeeded');

    expect(await resume('acme')).toMatchObject({ state: 'active', stateReason: '' });
    const runs = [{ jobId: job, attempt: 1, lastSeq: 1, phase: 'running' as const }];
    const back = await vi.waitFor(() => connect(scene, agent, { epoch: 2, runs }), 20_000);
    expect((await back.next('welcome')).runs).toMatchObject([{ jobId: job, verdict: 'continue' }]);
    complete(back, job, 2);
    await stateIs(acme, job, 'succeeded');
    const done = await acme.call(api.jobs.get, { params: { id: job } });
    expect(done).toMatchObject({ attempt: 1, output: { done: true } });
    expect(back.received.filter(({ type }) => type === 'job.assign')).toEqual([]);
    await Promise.all([back.close(), elsewhere.close()]);
  });

  test('that is suspended takes no new agent, whatever token is held', async () => {
    const client = await newTenant('closed');
    const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
    await suspend('closed');
    await expect(enrol(scene, token)).rejects.toThrow('TENANT_SUSPENDED');
    await resume('closed');
    await enrol(scene, token);
  });

  test('says how long its records are kept, from a day to ten years, for itself and for no other', async () => {
    const [client, other] = [await newTenant('keeps'), await newTenant('keeps-not')];
    const set = (body: object) => client.call(api.tenant.setRetention, { body });
    expect((await set({ jobsDays: 3_650, logsDays: 1 })).retention).toEqual({
      ...{ jobsDays: 3_650, logsDays: 1, artifactsDays: null },
    });
    for (const days of [0, -1, 3_651, 1.5, 'many']) {
      for (const kind of ['jobsDays', 'logsDays', 'artifactsDays']) {
        expect(await codeOf(set({ [kind]: days }))).toBe('REQUEST_INVALID');
      }
    }
    const params = { tenant: 'keeps' };
    expect(await codeOf(other.call(api.tenants.setRetention, { params, body: { jobsDays: 1 } }))).toBe(
      'PERMISSION_DENIED',
    );
    const viewer = createClient({ url: plane.url, apiKey: await plane.keyOf('viewer', 'keeps') });
    expect(await codeOf(viewer.call(api.tenant.setRetention, { body: { jobsDays: 1 } }))).toBe('PERMISSION_DENIED');
    const { retention } = await operator().call(api.tenants.setRetention, { params, body: { artifactsDays: 7 } });
    expect(retention).toEqual({ jobsDays: 3_650, logsDays: 1, artifactsDays: 7 });
    expect((await other.call(api.tenant.get)).retention).toEqual({
      jobsDays: null,
      logsDays: null,
      artifactsDays: null,
    });
  });
});
