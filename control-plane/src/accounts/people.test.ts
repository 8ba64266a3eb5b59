/** Inviting people, their roles, disabling them; the last owner. */
import { api, Role, within, type Invitation } from '@casare/shared/api';
import type { Client } from '@casare/shared/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LETTERS } from '../platform/mail/letter-limit.ts';
import { createMailer } from '../platform/mail/mail.ts';
import { startMailServer } from '../platform/mail/testing.ts';
import { PeopleService } from './people.service.ts';
import { codeOf, letIn, openAccountsDesk, PASSWORD, signedInBy, type AccountsDesk } from './testing.ts';

let desk: AccountsDesk;
beforeAll(async () => {
  desk = await openAccountsDesk();
});
afterAll(() => desk.close());

let invited = 0;
const invite = (client: Client, role: Role = 'viewer', more: object = {}) =>
  client.call(api.accounts.invite, { body: { email: `person-${invited++}@acme.example`, role, ...more } });
const accept = ({ url }: Invitation, password = 'a long new password') =>
  desk.post('/auth/invitation', { token: url!.split('#token=')[1], password });
const act = (client: Client, id: string, action: 'disable' | 'enable' | 'end-sessions') =>
  client.call(api.accounts.act, { params: { id, action } });
const setRole = (client: Client, id: string, role: Role) =>
  client.call(api.accounts.setRole, { params: { id }, body: { role } });
const remove = (client: Client, id: string) => client.call(api.accounts.delete, { params: { id } });
const stateOf = async (client: Client, id: string) => (await client.call(api.accounts.get, { params: { id } })).state;

describe('an invitation', () => {
  test('sets the password once, also when used twice at the same moment', async () => {
    const { client } = await desk.somebody('admin');
    const made = await invite(client, 'operator');
    expect(made.account).toMatchObject({ role: 'operator', state: 'invited', lastSignInAt: null });
    expect(made.url).toMatch(/^https:\/\/casare\.example\/invitation#token=[\w-]{43}$/);
    const answers = await Promise.all([accept(made), accept(made)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401]);
    const entered = await signedInBy(
      desk.url,
      answers.find(({ ok }) => ok)!,
    );
    expect(await entered.client.call(api.auth.me)).toMatchObject({ role: 'operator', via: 'session', tenant: 'acme' });
    expect(await stateOf(client, made.account.id)).toBe('active');
    await desk.signIn({ email: made.account.email, password: 'a long new password' });
  });

  test('expires; a new link takes the place of the old; a short password is refused and uses nothing up', async () => {
    const { client } = await desk.somebody('admin');
    const old = await invite(client);
    const params = { id: old.account.id };
    const made = await client.call(api.accounts.inviteAgain, { params, body: { ttlSeconds: 600 } });
    expect((await accept(old)).status).toBe(401);
    expect((await accept(made, 'short')).status).toBe(400);
    desk.clock.advance(600_000);
    expect((await accept(made)).status).toBe(401);
    const again = await client.call(api.accounts.inviteAgain, { params, body: {} });
    expect((await accept(again)).status).toBe(200);
    expect(await codeOf(client.call(api.accounts.inviteAgain, { params, body: {} }))).toBe('ACCOUNT_NOT_INVITED');
  });

  test('of an account that was disabled opens nothing, also when it is enabled again', async () => {
    const { client } = await desk.somebody('admin');
    const made = await invite(client);
    await act(client, made.account.id, 'disable');
    expect((await accept(made)).status).toBe(401);
    await act(client, made.account.id, 'enable');
    expect((await accept(made)).status).toBe(401);
    expect(await stateOf(client, made.account.id)).toBe('invited');
  });

  test('opens nothing once its account may more than whoever has the link could give', async () => {
    const [admin, owner] = [await desk.somebody('admin'), await desk.somebody('owner')];
    const raised = await invite(admin.client, 'viewer');
    await setRole(owner.client, raised.account.id, 'owner');
    expect((await accept(raised)).status).toBe(401);
    const widened = await invite(admin.client, 'viewer', { sites: ['here'] });
    const everywhere = { params: { id: widened.account.id }, body: { role: 'viewer', sites: null } } as const;
    await owner.client.call(api.accounts.setRole, everywhere);
    expect((await accept(widened)).status).toBe(401);
    // Who may give that makes another; and with less the link stays.
    const params = { id: raised.account.id };
    expect(await codeOf(admin.client.call(api.accounts.inviteAgain, { params, body: {} }))).toBe('ABOVE_YOURSELF');
    expect((await accept(await owner.client.call(api.accounts.inviteAgain, { params, body: {} }))).status).toBe(200);
    const lowered = await invite(admin.client, 'operator');
    await setRole(owner.client, lowered.account.id, 'viewer');
    expect((await accept(lowered)).status).toBe(200);
  });

  test('to an address that is taken, in whatever case and tenant, is refused', async () => {
    const { client, email } = await desk.somebody('admin');
    const stranger = await desk.somebody('admin', { tenant: 'other' });
    const body = { email: email.toUpperCase(), role: 'viewer' } as const;
    for (const who of [client, stranger.client]) {
      expect(await codeOf(who.call(api.accounts.invite, { body }))).toBe('ACCOUNT_EXISTS');
    }
  });

  test('its link is stored nowhere, and is not in the audit log', async () => {
    const { client } = await desk.somebody('admin');
    const token = (await invite(client)).url!.split('#token=')[1]!;
    const text = `SELECT row_to_json(i)::text AS row FROM invitation i UNION ALL SELECT row_to_json(e)::text FROM audit_event e`;
    const rows = await desk.database.db.query({ name: 'testDumpInvitations', text, values: [] });
    expect(JSON.stringify(rows)).toContain('account.invited');
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

test.each(Role.options)('%s makes nobody above themselves, and changes nobody above', async (role) => {
  const { client } = await desk.somebody(role);
  const all = (of: Role) => ({ role: of, scopes: null });
  for (const other of Role.options) {
    const may = role === 'owner' || role === 'admin';
    const expected = !may ? 'PERMISSION_DENIED' : within(all(other), all(role)) ? 'OK' : 'ABOVE_YOURSELF';
    const target = await desk.somebody(other);
    expect([other, await codeOf(invite(client, other))]).toEqual([other, expected]);
    const viewer = await desk.somebody('viewer');
    expect([other, await codeOf(setRole(client, viewer.accountId, other))]).toEqual([other, expected]);
    expect([other, await codeOf(setRole(client, target.accountId, 'viewer'))]).toEqual([other, expected]);
    const second = await desk.somebody(other);
    for (const action of ['end-sessions', 'disable', 'enable'] as const) {
      expect([other, action, await codeOf(act(client, second.accountId, action))]).toEqual([other, action, expected]);
    }
    expect([other, await codeOf(remove(client, second.accountId))]).toEqual([other, expected]);
  }
  const stranger = await desk.somebody('owner', { tenant: 'other' });
  const seen = role === 'owner' || role === 'admin' ? 'ACCOUNT_NOT_FOUND' : 'PERMISSION_DENIED';
  expect(await codeOf(act(client, stranger.accountId, 'disable'))).toBe(seen);
  expect(await codeOf(remove(client, stranger.accountId))).toBe(seen);
});

test('another role counts from the next request on, for sessions and keys', async () => {
  const admin = await desk.somebody('admin');
  const person = await desk.somebody('admin', { joined: true });
  const session = await desk.signIn({ email: person.email, password: PASSWORD });
  const list = (client: Client) => codeOf(client.call(api.accounts.list, {}));
  for (const client of [person.client, session.client]) expect(await list(client)).toBe('OK');
  await setRole(admin.client, person.accountId, 'viewer');
  for (const client of [person.client, session.client]) expect(await list(client)).toBe('PERMISSION_DENIED');
});

test('a disabled account is out at once, signs in no more, and comes back when it is enabled', async () => {
  const admin = await desk.somebody('admin');
  const person = await desk.somebody('operator', { joined: true });
  const credentials = { email: person.email, password: PASSWORD };
  const session = await desk.signIn(credentials);
  for (const client of [person.client, session.client]) expect(await letIn(client)).toBe('OK');
  expect(await act(admin.client, person.accountId, 'disable')).toMatchObject({ state: 'disabled' });
  for (const client of [person.client, session.client]) expect(await letIn(client)).toBe('AUTH_REQUIRED');
  expect(await codeOf(desk.signIn(credentials))).toBe('AUTH_WRONG_CREDENTIALS');
  expect(await act(admin.client, person.accountId, 'enable')).toMatchObject({ state: 'active' });
  expect(await letIn(person.client)).toBe('OK');
  // Its sessions are over for good.
  expect(await letIn(session.client)).toBe('AUTH_REQUIRED');
  await desk.signIn(credentials);
  expect(await codeOf(act(admin.client, admin.accountId, 'disable'))).toBe('ACCOUNT_OWN');
});

test('a session that was opened at the moment of disabling opens nothing', async () => {
  const person = await desk.somebody('viewer', { joined: true });
  const session = await desk.signIn({ email: person.email, password: PASSWORD });
  expect(await letIn(session.client)).toBe('OK');
  // As if it had been inserted right after the sessions were ended.
  const text = 'UPDATE account SET disabled_at = now() WHERE id = $1';
  await desk.database.db.execute({ name: 'testDisable', text, values: [person.accountId] });
  expect(await letIn(session.client)).toBe('AUTH_REQUIRED');
});

describe('an account that is removed', () => {
  test('is gone with its sessions and keys; the log keeps who it was, and its address is free', async () => {
    const admin = await desk.somebody('admin');
    const person = await desk.somebody('admin', { joined: true });
    const credentials = { email: person.email, password: PASSWORD };
    const session = await desk.signIn(credentials);
    const made = await person.client.call(api.apiKeys.create, { body: { name: 'own' } });
    const own = desk.clientOf(made.key);
    const { code } = await session.client.call(api.auth.createSignInCode);
    const everywhere = [person.client, session.client, own];
    for (const client of everywhere) expect(await letIn(client)).toBe('OK');
    await remove(admin.client, person.accountId);
    for (const client of everywhere) expect(await letIn(client)).toBe('AUTH_REQUIRED');
    expect((await desk.post('/auth/login', credentials)).status).toBe(401);
    expect((await desk.post('/auth/login', { code })).status).toBe(401);
    expect(await codeOf(remove(admin.client, person.accountId))).toBe('ACCOUNT_NOT_FOUND');
    expect(await codeOf(stateOf(admin.client, person.accountId))).toBe('ACCOUNT_NOT_FOUND');
    const text = `SELECT actor, detail FROM audit_event WHERE action = 'account.deleted' AND subject = $1`;
    const values = [`account:${person.accountId}`];
    expect(await desk.database.db.query({ name: 'testDeletedEntry', text, values })).toEqual([
      {
        actor: `key:${admin.keyId}`,
        detail: { email: person.email, role: 'admin', sites: null, platform: false, keys: 2, sessions: 1 },
      },
    ]);
    const again = await admin.client.call(api.accounts.invite, { body: { email: person.email, role: 'viewer' } });
    expect(again.account.id).not.toBe(person.accountId);
  });

  test('takes its invitation with it', async () => {
    const { client } = await desk.somebody('admin');
    const made = await invite(client);
    await remove(client, made.account.id);
    expect((await accept(made)).status).toBe(401);
  });

  test('is not the one that is used for it, even by another key', async () => {
    const owner = await desk.somebody('owner', { joined: true });
    await desk.somebody('owner', { joined: true });
    const { key } = await owner.client.call(api.apiKeys.create, { body: { name: 'other' } });
    for (const client of [owner.client, desk.clientOf(key)]) {
      expect(await codeOf(remove(client, owner.accountId))).toBe('ACCOUNT_OWN');
    }
    expect(await letIn(owner.client)).toBe('OK');
  });

  test('leaves no session behind when somebody signs in as it at that moment', async () => {
    const admin = await desk.somebody('admin');
    const person = await desk.somebody('viewer', { joined: true });
    const credentials = { email: person.email, password: PASSWORD };
    const signIn = async () => (await desk.post('/auth/login', credentials)).status;
    const [first, , second] = await Promise.all([signIn(), remove(admin.client, person.accountId), signIn()]);
    for (const status of [first, second]) expect([200, 401]).toContain(status);
    const text = `SELECT FROM session WHERE account_id = $1`;
    const left = await desk.database.db.query({ name: 'testSessionsLeft', text, values: [person.accountId] });
    expect(left).toEqual([]);
  });

  test('keeps the key of the first start revoked, so that no start makes it anew', async () => {
    const admin = await desk.somebody('admin');
    const person = await desk.somebody('viewer');
    await remove(admin.client, person.accountId);
    const query = { of: 'own', ended: 'true' } as const;
    const { items } = await admin.client.call(api.apiKeys.list, { query });
    expect(items.find(({ id }) => id === person.keyId)).toMatchObject({ revokedAt: expect.any(String) as string });
  });
});

describe('the last owner', () => {
  /** A tenant with so many owners who can sign in, and one who was only invited. */
  async function owners(count: number) {
    const tenant = `t-${crypto.randomUUID().slice(0, 8)}`;
    const text = 'INSERT INTO tenant (id, name) VALUES ($1, $1)';
    await desk.database.db.execute({ name: 'testTenant', text, values: [tenant] });
    const made = await Promise.all(
      Array.from({ length: count }, () => desk.somebody('owner', { tenant, joined: true })),
    );
    return { made, invitee: await desk.somebody('owner', { tenant }) };
  }

  test('is neither demoted nor disabled; who was only invited does not count', async () => {
    const { made, invitee } = await owners(2);
    const [first, second] = made as [(typeof made)[0], (typeof made)[0]];
    expect(await codeOf(setRole(first.client, first.accountId, 'admin'))).toBe('OK');
    expect(await codeOf(setRole(second.client, second.accountId, 'admin'))).toBe('LAST_OWNER');
    expect(await codeOf(act(invitee.client, second.accountId, 'disable'))).toBe('LAST_OWNER');
    expect(await codeOf(remove(invitee.client, second.accountId))).toBe('LAST_OWNER');
    expect(await codeOf(setRole(second.client, second.accountId, 'owner'))).toBe('OK');
    expect(await codeOf(act(second.client, invitee.accountId, 'disable'))).toBe('OK');
  });

  test.each(['disable', 'demote', 'remove'] as const)('stays when all %s each other at once', async (how) => {
    const { made } = await owners(4);
    const codes = await Promise.all(
      made.map(({ client }, index) => {
        const { accountId } = made[(index + 1) % made.length]!;
        if (how === 'remove') return codeOf(remove(client, accountId));
        return codeOf(how === 'disable' ? act(client, accountId, 'disable') : setRole(client, accountId, 'viewer'));
      }),
    );
    expect(codes).toContain('OK');
    const text = `SELECT id FROM account WHERE id = ANY ($1) AND role = 'owner' AND disabled_at IS NULL`;
    const values = [made.map(({ accountId }) => accountId)];
    const left = await desk.database.db.query({ name: 'testOwnersLeft', text, values });
    expect(left.length).toBeGreaterThanOrEqual(1);
  });
});

test('letters of one tenant are bounded: the next link is left to who invites, and other tenants have their own', async () => {
  const server = await startMailServer({});
  try {
    const mailer = createMailer({ url: server.url, from: 'Casare <casare@acme.example>' });
    const people = new PeopleService(desk.database.db, desk.clock, mailer);
    const to = { id: 'somebody', email: 'somebody@acme.example' };
    const sent = (tenant: string) => people.mail(tenant, to, 'https://casare.example/invitation#token=x', 'soon');
    const letters = await Promise.all(Array.from({ length: LETTERS + 5 }, () => sent('acme')));
    expect(letters.filter(Boolean)).toHaveLength(LETTERS);
    expect(server.letters).toHaveLength(LETTERS);
    expect([await sent('acme'), await sent('other')]).toEqual([false, true]);
    desk.clock.advance(60_000);
    expect(await sent('acme')).toBe(true);
  } finally {
    await server.close();
  }
});
