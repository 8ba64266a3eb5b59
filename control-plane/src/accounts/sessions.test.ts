/** Where people are signed in: seeing it, ending it; changing the password. */
import { api } from '@casare/shared/api';
import type { Client } from '@casare/shared/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Transaction } from '../platform/database/index.ts';
import { SESSIONS_OF_ACCOUNT } from './accounts.service.ts';
import { LOCK_MS, TRIES } from './lockout.decision.ts';
import { clearFailures, lockFailures } from './sign-in.store.ts';
import { codeOf, letIn, openAccountsDesk, PASSWORD, type AccountsDesk } from './testing.ts';

let desk: AccountsDesk;
beforeAll(async () => {
  desk = await openAccountsDesk();
});
afterAll(() => desk.close());

const list = async (client: Client, query: object = {}) => (await client.call(api.sessions.list, { query })).items;
const end = (client: Client, id: string) => client.call(api.sessions.end, { params: { id } });
const idOf = async (client: Client) => (await list(client)).find(({ current }) => current)!.id;

test('one sees where one is signed in, and ends one or all others', async () => {
  const { email, client: byKey } = await desk.somebody('viewer', { joined: true });
  const credentials = { email, password: PASSWORD };
  const [here, there, elsewhere] = [
    await desk.signIn(credentials, { 'user-agent': 'Browser/1' }),
    await desk.signIn(credentials, { 'user-agent': 'x'.repeat(400) }),
    await desk.signIn(credentials),
  ];
  const seen = await list(here.client);
  expect(seen.map(({ current }) => current)).toEqual([false, false, true]);
  expect(seen[2]).toMatchObject({ address: '127.0.0.1', userAgent: 'Browser/1', account: { email } });
  expect(seen[1]!.userAgent).toHaveLength(300);
  expect(JSON.stringify(seen)).not.toContain(here.cookie.split('=')[1]);

  await end(here.client, await idOf(there.client));
  expect(await letIn(there.client)).toBe('AUTH_REQUIRED');
  expect(await letIn(elsewhere.client)).toBe('OK');
  expect(await here.client.call(api.sessions.endOthers)).toEqual({ ended: 1 });
  expect(await letIn(elsewhere.client)).toBe('AUTH_REQUIRED');
  expect(await letIn(here.client)).toBe('OK');
  expect(await byKey.call(api.sessions.endOthers)).toEqual({ ended: 1 });
  expect(await letIn(here.client)).toBe('AUTH_REQUIRED');
});

test('sessions of others are ended by who may as much as they', async () => {
  const [owner, admin, viewer] = [
    await desk.somebody('owner', { joined: true }),
    await desk.somebody('admin'),
    await desk.somebody('viewer'),
  ];
  const stranger = await desk.somebody('owner', { tenant: 'other' });
  const person = await desk.somebody('operator', { joined: true });
  const [session, ownersSession] = [
    await desk.signIn({ email: person.email, password: PASSWORD }),
    await desk.signIn({ email: owner.email, password: PASSWORD }),
  ];
  const id = await idOf(session.client);
  expect((await list(admin.client, { of: 'all' })).map((one) => one.id)).toContain(id);
  expect((await list(stranger.client, { of: 'all' })).map((one) => one.id)).not.toContain(id);
  expect(await codeOf(list(viewer.client, { of: 'all' }))).toBe('PERMISSION_DENIED');
  for (const { client } of [viewer, stranger]) expect(await codeOf(end(client, id))).toBe('SESSION_NOT_FOUND');
  expect(await codeOf(end(admin.client, await idOf(ownersSession.client)))).toBe('ABOVE_YOURSELF');
  expect(await letIn(session.client)).toBe('OK');
  expect(await codeOf(end(admin.client, id))).toBe('OK');
  expect(await letIn(session.client)).toBe('AUTH_REQUIRED');
});

test('the oldest of too many ends', async () => {
  const { email, client } = await desk.somebody('viewer', { joined: true });
  const first = await desk.signIn({ email, password: PASSWORD });
  const text = `INSERT INTO session (token_hash, tenant_id, account_id, csrf_token, expires_at)
    SELECT sha256(n::text::bytea), 'acme', (SELECT id FROM account WHERE email = $1), '-', $3::timestamptz + interval '1 hour'
    FROM generate_series(1, $2::int) n`;
  const values = [email, SESSIONS_OF_ACCOUNT - 1, desk.clock.now()];
  await desk.database.db.execute({ name: 'testManySessions', text, values });
  expect(await letIn(first.client)).toBe('OK');
  await desk.signIn({ email, password: PASSWORD });
  expect(await letIn(first.client)).toBe('AUTH_REQUIRED');
  expect(await list(client, { limit: 200 })).toHaveLength(SESSIONS_OF_ACCOUNT);
});

test('a session of a sign-in link ends with the key that made the link', async () => {
  const { client, keyId } = await desk.somebody('owner');
  const other = await client.call(api.apiKeys.create, { body: { name: 'other' } });
  const linked = async (by: Client) => desk.signIn({ code: (await by.call(api.auth.createSignInCode)).code });
  const [doomed, fine] = [await linked(client), await linked(desk.clientOf(other.key))];
  expect([await letIn(doomed.client), await letIn(fine.client)]).toEqual(['OK', 'OK']);
  await fine.client.call(api.apiKeys.revoke, { params: { id: keyId } });
  expect([await letIn(doomed.client), await letIn(fine.client)]).toEqual(['AUTH_REQUIRED', 'OK']);
});

test('of an account that is being removed no link is left, and whoever asked for one is told', async () => {
  const { client, accountId } = await desk.somebody('owner');
  // Its use is on record: of what comes, the link is the first thing that is written.
  expect(await letIn(client)).toBe('OK');
  const text = `DELETE FROM api_key WHERE account_id = $1`;
  const statements = [text, text.replace('api_key', 'account').replace('account_id', 'id')];
  const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const removal = desk.database.owner.transaction(async (tx) => {
    for (const [n, sql] of statements.entries()) {
      await tx.execute({ name: `testRemoveSlowly${n}`, text: sql, values: [accountId] });
    }
    begun.resolve();
    await over.promise;
  });
  await begun.promise;
  // Still somebody, to whom the link is a row that refers to their account: it waits for the end of that.
  const asked = codeOf(client.call(api.auth.createSignInCode));
  const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
  await expect.poll(() => desk.database.owner.query({ name: 'testWaits', text: waits, values: [] })).toHaveLength(1);
  over.resolve();
  await removal;
  expect(await asked).toBe('AUTH_REQUIRED');
});

test('a try is counted also where a success takes the count away at that moment', async () => {
  const { db } = desk.database;
  const now = desk.clock.now();
  const counted = await db.transaction(async (tx) => {
    await lockFailures(tx, 'account:raced', now);
    const between: Transaction = {
      ...tx,
      execute: async (statement) => {
        const rows = await tx.execute(statement);
        await clearFailures(tx, 'account:raced');
        return rows;
      },
    };
    return lockFailures(between, 'account:raced', now);
  });
  expect(counted).toMatchObject({ failures: 0 });
});

describe('a new password', () => {
  const change = (client: Client, password: string, newPassword = 'another long password') =>
    client.call(api.auth.changePassword, { body: { password, newPassword } });

  test('ends all other sessions, and is the one that counts', async () => {
    const { email, client: byKey } = await desk.somebody('viewer', { joined: true });
    const [here, there] = [
      await desk.signIn({ email, password: PASSWORD }),
      await desk.signIn({ email, password: PASSWORD }),
    ];
    expect(await codeOf(change(byKey, PASSWORD))).toBe('SESSION_NEEDED');
    expect(await codeOf(change(here.client, PASSWORD, 'short'))).toBe('REQUEST_INVALID');
    expect(await letIn(there.client)).toBe('OK');
    expect(await change(here.client, PASSWORD)).toEqual({ ended: 1 });
    expect([await letIn(here.client), await letIn(there.client)]).toEqual(['OK', 'AUTH_REQUIRED']);
    expect(await codeOf(desk.signIn({ email, password: PASSWORD }))).toBe('AUTH_WRONG_CREDENTIALS');
    await desk.signIn({ email, password: 'another long password' });
  });

  test('is not found out by guessing from an open session', async () => {
    const { email } = await desk.somebody('viewer', { joined: true });
    const here = await desk.signIn({ email, password: PASSWORD });
    for (let i = 0; i < TRIES.account; i++) {
      expect(await codeOf(change(here.client, 'wrong'))).toBe('PASSWORD_WRONG');
    }
    expect(await codeOf(change(here.client, PASSWORD))).toBe('AUTH_LOCKED_OUT');
    desk.clock.advance(LOCK_MS);
    expect(await codeOf(change(here.client, PASSWORD))).toBe('OK');
  });
});
