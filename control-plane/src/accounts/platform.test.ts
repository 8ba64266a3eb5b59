/** Operators of the platform: a right beside the role, given by those who have it; and people of suspended tenants. */
import { api, type Rights } from '@casare/shared/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { codeOf, letIn, openAccountsDesk, PASSWORD, type AccountsDesk } from './testing.ts';

const setState = sql<never, [tenant: string, state: string]>(
  'testSetTenantState',
  'UPDATE tenant SET state = $2 WHERE id = $1',
);
const OPERATOR: Rights = { role: 'owner', scopes: null, platform: true };

let desk: AccountsDesk;
beforeAll(async () => {
  desk = await openAccountsDesk();
});
afterAll(() => desk.close());

const give = (
  client: AccountsDesk['clientOf'] extends (key: string) => infer C ? C : never,
  id: string,
  platform: boolean,
) => client.call(api.accounts.setPlatform, { params: { id }, body: { platform } });

describe('the right to look after the platform', () => {
  test("is given and taken by who has it, to accounts of the operator's tenant", async () => {
    const operator = await desk.somebody(OPERATOR, { joined: true });
    const owner = await desk.somebody('owner', { joined: true });
    expect(await codeOf(give(owner.client, owner.accountId, true))).toBe('PERMISSION_DENIED');
    expect(await give(operator.client, owner.accountId, true)).toMatchObject({ role: 'owner', platform: true });
    // Their session has it; their key was made without.
    const session = await desk.signIn({ email: owner.email, password: PASSWORD });
    const { permissions } = await session.client.call(api.auth.me);
    expect(permissions).toContain('platform:write');
    expect((await owner.client.call(api.auth.me)).permissions).not.toContain('platform:read');
    expect(await give(operator.client, owner.accountId, false)).toMatchObject({ platform: false });
    expect((await session.client.call(api.auth.me)).permissions).not.toContain('platform:read');
  });

  test('is not for accounts of other tenants, and nobody leaves it by mistake', async () => {
    const operator = await desk.somebody(OPERATOR, { joined: true });
    const elsewhere = await desk.somebody(OPERATOR, { tenant: 'other' });
    const customer = await desk.somebody('owner', { tenant: 'other' });
    expect(await codeOf(give(elsewhere.client, customer.accountId, true))).toBe('PLATFORM_ELSEWHERE');
    expect(await codeOf(give(operator.client, customer.accountId, true))).toBe('ACCOUNT_NOT_FOUND');
    expect(await codeOf(give(operator.client, operator.accountId, false))).toBe('ACCOUNT_OWN');
  });

  test('an owner without it changes nobody who has it', async () => {
    const operator = await desk.somebody(OPERATOR, { joined: true });
    const owner = await desk.somebody('owner', { joined: true });
    const role = { params: { id: operator.accountId }, body: { role: 'viewer' as const } };
    expect(await codeOf(owner.client.call(api.accounts.setRole, role))).toBe('ABOVE_YOURSELF');
    const revoke = { params: { id: operator.keyId } };
    expect(await codeOf(owner.client.call(api.apiKeys.revoke, revoke))).toBe('ABOVE_YOURSELF');
    const session = await desk.signIn({ email: operator.email, password: PASSWORD });
    const { id } = (await session.client.call(api.sessions.list, { query: {} })).items.find(({ current }) => current)!;
    expect(await codeOf(owner.client.call(api.sessions.end, { params: { id } }))).toBe('ABOVE_YOURSELF');
    const other = await desk.somebody(OPERATOR);
    expect(await codeOf(other.client.call(api.sessions.end, { params: { id } }))).toBe('OK');
    expect(await codeOf(other.client.call(api.accounts.setRole, role))).toBe('OK');
  });

  test('a key has it only where it was asked for, by who has it', async () => {
    const operator = await desk.somebody(OPERATOR);
    const owner = await desk.somebody('owner');
    const keyOf = async (body: object) =>
      desk.clientOf((await operator.client.call(api.apiKeys.create, { body: { name: 'k', ...body } })).key);
    const plain = await keyOf({});
    const platform = await keyOf({ role: 'viewer', platform: true });
    const scoped = await keyOf({ scopes: ['platform:read'], platform: true });
    expect((await plain.call(api.auth.me)).permissions).not.toContain('platform:read');
    expect((await platform.call(api.auth.me)).permissions).toContain('platform:write');
    expect((await scoped.call(api.auth.me)).permissions).toEqual(['platform:read']);
    const create = (body: object) => owner.client.call(api.apiKeys.create, { body: { name: 'k', ...body } });
    expect(await codeOf(create({ platform: true }))).toBe('ABOVE_YOURSELF');
    expect(await codeOf(create({ scopes: ['platform:read'] }))).toBe('SCOPE_OUTSIDE_ROLE');
  });
});

describe('people of a tenant', () => {
  test('that is suspended sign in and read, and change nothing until it is resumed', async () => {
    const admin = await desk.somebody('admin', { tenant: 'other', joined: true });
    const invite = (client = admin.client) =>
      codeOf(
        client.call(api.accounts.invite, { body: { email: `${crypto.randomUUID()}@other.example`, role: 'viewer' } }),
      );
    await desk.database.db.execute(setState('other', 'suspended'));
    const session = await desk.signIn({ email: admin.email, password: PASSWORD });
    for (const client of [admin.client, session.client]) {
      expect(await codeOf(client.call(api.accounts.list))).toBe('OK');
      expect(await invite(client)).toBe('TENANT_SUSPENDED');
    }
    const viewer = await desk.somebody('viewer', { tenant: 'other' });
    expect(await invite(viewer.client)).toBe('PERMISSION_DENIED');
    await desk.database.db.execute(setState('other', 'active'));
    expect(await invite(session.client)).toBe('OK');
  });

  test('that is being deleted are nobody', async () => {
    const admin = await desk.somebody('admin', { tenant: 'other', joined: true });
    const login = { email: admin.email, password: PASSWORD };
    const session = await desk.signIn(login);
    await desk.database.db.execute(setState('other', 'deleting'));
    expect(await letIn(admin.client)).toBe('AUTH_REQUIRED');
    expect(await letIn(session.client)).toBe('AUTH_REQUIRED');
    expect(await codeOf(desk.signIn(login))).toBe('AUTH_WRONG_CREDENTIALS');
    await desk.database.db.execute(setState('other', 'active'));
    expect(await letIn(admin.client)).toBe('OK');
  });
});
