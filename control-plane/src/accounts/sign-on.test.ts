/** Signing in with a provider: a real one (`oidc-provider`), and our edge on a real database. */
import { api, Me, Problem, type Provider, type Role } from '@casare/shared/api';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { accountById } from './account.store.ts';
import { SESSIONS_OF_ACCOUNT } from './accounts.service.ts';
import { startTestProvider, type TestProvider } from './oidc-provider-for-tests.ts';
import { ATTEMPT_MS } from './sign-on.service.ts';
import { codeOf, letIn, openAccountsDesk, PASSWORD, signedInBy, WEB_URL, type AccountsDesk } from './testing.ts';

let desk: AccountsDesk;
let idp: TestProvider;
let owner: Awaited<ReturnType<AccountsDesk['somebody']>>;
let provider: Provider;
beforeAll(async () => {
  desk = await openAccountsDesk(OutboundAllowed.parse('http://127.0.0.1')!);
  idp = await startTestProvider(WEB_URL);
  owner = await desk.somebody('owner', { joined: true });
});
afterAll(async () => {
  await idp.close();
  await desk.close();
});

const RULES: { group: string; role: Role }[] = [
  { group: 'heads', role: 'admin' },
  { group: 'ops', role: 'operator' },
  { group: 'staff', role: 'viewer' },
];
/** A fresh provider of the tenant, with what the test says otherwise. */
async function addProvider(more: { linkByEmail?: boolean; trustEmail?: boolean } = {}): Promise<void> {
  const { items } = await owner.client.call(api.providers.list);
  for (const { id } of items) await owner.client.call(api.providers.remove, { params: { id } });
  const { issuer, clientId, clientSecret } = idp;
  const scopes = 'openid email groups';
  const settings = { kind: 'oidc', name: 'Acme', issuer, clientId, clientSecret, scopes, roles: RULES } as const;
  provider = await owner.client.call(api.providers.create, { body: { ...settings, ...more } });
}
beforeEach(async () => {
  idp.people.clear();
  await addProvider();
});

/** Somebody at the provider, who sits before the browser now. */
function sitsThere(id: string, groups: string[], more: { email?: string; email_verified?: boolean } = {}): string {
  const email = `${id}-${crypto.randomUUID()}@acme.example`;
  idp.people.set(id, { email, email_verified: true, groups, ...more });
  idp.who = id;
  return more.email ?? email;
}

async function begin(): Promise<{ url: string; cookie: string }> {
  const response = await desk.post('/auth/oidc/begin', { provider: provider.id });
  const { url } = (await response.json()) as { url: string };
  expect(response.headers.get('set-cookie')).toMatch(/^__Host-casare_sign_on=[^;]+; Path=\/; HttpOnly; .*; Secure$/);
  return { url, cookie: response.headers.get('set-cookie')!.split(';')[0]! };
}
const complete = (query: string, cookie: string) => desk.post('/auth/oidc/complete', { query }, { cookie });
async function signOn(): Promise<Response> {
  const { url, cookie } = await begin();
  return complete((await idp.visit(url)).search, cookie);
}
const refusal = async (response: Response) => Problem.parse(await response.json()).code;
const sessionOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .find((set) => set.startsWith('__Host-casare_session='))!
    .split(';')[0]!;
const meOf = async (response: Response) => Me.parse(await response.json());
const me = (cookie: string) => fetch(`${desk.url}/api/v1/auth/me`, { headers: { cookie } });

describe('the first time', () => {
  test('somebody of a listed group gets an account, the highest role, and a session like any other', async () => {
    const email = sitsThere('ann', ['staff', 'ops', 'else']);
    const response = await signOn();
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toContainEqual(
      expect.stringMatching(
        /^__Host-casare_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/,
      ),
    );
    expect(await meOf(response)).toMatchObject({ email, role: 'operator', tenant: 'acme', via: 'session' });
    const { items } = await owner.client.call(api.accounts.list, {});
    expect(items.find((account) => account.email === email)).toMatchObject({ state: 'active', role: 'operator' });
    // Again, the same account.
    const again = await signOn();
    expect((await owner.client.call(api.accounts.list, {})).items).toHaveLength(items.length);
    expect((await me(sessionOf(again))).status).toBe(200);
  });

  test('without a listed group there is no account', async () => {
    const email = sitsThere('eve', ['strangers']);
    expect(await refusal(await signOn())).toBe('SIGN_ON_NO_ROLE');
    const { items } = await owner.client.call(api.accounts.list, {});
    expect(items.map((account) => account.email)).not.toContain(email);
  });

  test('an address must be verified, unless the owner trusts the provider with it', async () => {
    sitsThere('bob', ['staff'], { email_verified: false });
    expect(await refusal(await signOn())).toBe('SIGN_ON_EMAIL_UNVERIFIED');
    await addProvider({ trustEmail: true });
    expect((await signOn()).status).toBe(200);
  });
});

describe('a provider that is removed', () => {
  test('ends the sessions of its people, those of their sign-in links, and the links', async () => {
    sitsThere('lena', ['heads']);
    const session = await signedInBy(desk.url, await signOn());
    const link = async () => (await session.client.call(api.auth.createSignInCode)).code;
    const [linked, unused] = [await desk.signIn({ code: await link() }), await link()];
    // One of a session of a link is no way around it either.
    const again = await desk.signIn({ code: (await linked.client.call(api.auth.createSignInCode)).code });
    for (const { client } of [session, linked, again]) expect(await letIn(client)).toBe('OK');
    await owner.client.call(api.providers.remove, { params: { id: provider.id } });
    for (const { client } of [session, linked, again]) expect(await letIn(client)).toBe('AUTH_REQUIRED');
    expect(await codeOf(desk.signIn({ code: unused }))).toBe('AUTH_CODE_USED');
  });

  test('opens no session for whom it vouched for just before', async () => {
    sitsThere('max', ['ops']);
    const { url, cookie } = await begin();
    const { search } = await idp.visit(url);
    const vouched = await desk.accounts.signOn.complete(search, cookie.split('=')[1]!);
    if ('refused' in vouched) throw new Error(vouched.title);
    await owner.client.call(api.providers.remove, { params: { id: provider.id } });
    const from = { address: '127.0.0.1', userAgent: 'test' };
    const opened = desk.accounts.openSession(vouched.account, 'provider', from, { providerId: vouched.provider });
    expect(await opened).toMatchObject({ code: 'AUTH_REQUIRED' });
  });
});

test('who opens a session holds none of the older ones before the provider: a removal at that moment ends both', async () => {
  sitsThere('nina', ['ops']);
  const { accountId } = await meOf(await signOn());
  const { db, owner: root } = desk.database;
  const account = (await accountById(db, 'acme', accountId))!;
  const open = () =>
    desk.accounts.openSession(
      account,
      'provider',
      { address: '127.0.0.1', userAgent: 'test' },
      { providerId: provider.id },
    );
  for (let n = 1; n < SESSIONS_OF_ACCOUNT; n += 1) await open();
  const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const removal = root.transaction(async (tx) => {
    const held = 'SELECT FROM identity_provider WHERE id = $1 FOR UPDATE';
    await tx.query({ name: 'testHoldProvider', text: held, values: [provider.id] });
    begun.resolve();
    await over.promise;
    const taken = 'SELECT FROM session WHERE provider_id = $1 FOR UPDATE NOWAIT';
    return tx.query({ name: 'testTakeSessions', text: taken, values: [provider.id] });
  });
  await begun.promise;
  const opened = open();
  const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
  await expect.poll(() => root.query({ name: 'testOpenerWaits', text: waits, values: [] })).toHaveLength(1);
  over.resolve();
  expect(await removal).toHaveLength(SESSIONS_OF_ACCOUNT);
  expect(await opened).toMatchObject({ token: expect.any(String) as string });
  // The oldest has gone, as ever.
  const kept = 'SELECT FROM session WHERE account_id = $1';
  expect(await root.query({ name: 'testKept', text: kept, values: [accountId] })).toHaveLength(SESSIONS_OF_ACCOUNT);
});

describe('an address that has an account', () => {
  test('is linked only where that is allowed', async () => {
    const local = await desk.somebody('developer', { joined: true });
    sitsThere('carl', ['ops'], { email: local.email.toUpperCase() });
    expect(await refusal(await signOn())).toBe('SIGN_ON_EMAIL_TAKEN');
    await addProvider({ linkByEmail: true });
    sitsThere('carl', ['ops'], { email: local.email, email_verified: false });
    expect(await refusal(await signOn())).toBe('SIGN_ON_EMAIL_UNVERIFIED');
    sitsThere('carl', ['ops'], { email: local.email });
    expect(await meOf(await signOn())).toMatchObject({ accountId: local.accountId, role: 'operator' });
  });

  test('was invited, and is entered by the provider: the link of the invitation opens it no more', async () => {
    await addProvider({ linkByEmail: true });
    const email = `invited-${crypto.randomUUID()}@acme.example`;
    const invitation = await owner.client.call(api.accounts.invite, { body: { email, role: 'viewer' } });
    sitsThere('gail', ['ops'], { email });
    expect(await meOf(await signOn())).toMatchObject({ accountId: invitation.account.id, role: 'operator' });
    const token = invitation.url!.split('#token=')[1];
    const accepted = await desk.post('/auth/invitation', { token, password: 'a long new password' });
    expect(await refusal(accepted)).toBe('AUTH_INVITATION_USED');
  });

  test('of another tenant is never linked', async () => {
    const other = await desk.somebody('viewer', { tenant: 'other', joined: true });
    await addProvider({ linkByEmail: true });
    sitsThere('dora', ['ops'], { email: other.email });
    expect(await refusal(await signOn())).toBe('SIGN_ON_EMAIL_TAKEN');
  });

  test('of an operator of the platform is never linked', async () => {
    const local = await desk.somebody('viewer', { joined: true });
    const text = 'UPDATE account SET platform = true WHERE id = $1';
    await desk.database.db.execute({ name: 'testPlatform', text, values: [local.accountId] });
    await addProvider({ linkByEmail: true });
    sitsThere('finn', ['ops'], { email: local.email });
    expect(await refusal(await signOn())).toBe('SIGN_ON_EMAIL_TAKEN');
  });

  test('of the last owner is linked and stays an owner', async () => {
    await addProvider({ linkByEmail: true });
    sitsThere('olga', ['staff'], { email: owner.email });
    expect(await meOf(await signOn())).toMatchObject({ accountId: owner.accountId, role: 'owner' });
  });
});

describe('the next time', () => {
  test('the role follows the groups, and who is in none any more stays outside', async () => {
    const email = sitsThere('gus', ['ops']);
    expect(await meOf(await signOn())).toMatchObject({ role: 'operator' });
    sitsThere('gus', ['staff'], { email });
    expect(await meOf(await signOn())).toMatchObject({ role: 'viewer' });
    sitsThere('gus', [], { email });
    expect(await refusal(await signOn())).toBe('SIGN_ON_NO_ROLE');
  });

  test('a disabled account stays disabled', async () => {
    sitsThere('hal', ['staff']);
    const { accountId } = await meOf(await signOn());
    await owner.client.call(api.accounts.act, { params: { id: accountId, action: 'disable' } });
    expect(await refusal(await signOn())).toBe('SIGN_ON_DISABLED');
    await owner.client.call(api.accounts.act, { params: { id: accountId, action: 'enable' } });
    expect((await signOn()).status).toBe(200);
  });

  test('with another e-mail address it is the same person; with the address of somebody else it is not them', async () => {
    const email = sitsThere('ida', ['staff']);
    const { accountId } = await meOf(await signOn());
    sitsThere('ida', ['staff']);
    expect((await meOf(await signOn())).accountId).toBe(accountId);
    sitsThere('jim', ['staff'], { email });
    expect(await refusal(await signOn())).toBe('SIGN_ON_EMAIL_TAKEN');
  });
});

describe('an answer that is not the one that was asked for', () => {
  beforeEach(() => {
    sitsThere('kim', ['staff']);
  });

  test('only the browser that began can finish, once, in time', async () => {
    const { url, cookie } = await begin();
    const { search } = await idp.visit(url);
    const other = await begin();
    expect(await refusal(await desk.post('/auth/oidc/complete', { query: search }))).toBe('SIGN_ON_UNKNOWN');
    expect(await refusal(await complete(search, '__Host-casare_sign_on=made.up.text'))).toBe('SIGN_ON_UNKNOWN');
    // Of the name that a neighbour below the same domain can plant.
    expect(await refusal(await complete(search, cookie.replace('__Host-', '')))).toBe('SIGN_ON_UNKNOWN');
    expect(await refusal(await complete(search, other.cookie))).toBe('SIGN_ON_FAILED');
    expect((await complete(search, cookie)).status).toBe(200);
    // The provider takes a code once.
    expect(await refusal(await complete(search, cookie))).toBe('SIGN_ON_FAILED');

    const late = await begin();
    const came = await idp.visit(late.url);
    desk.clock.advance(ATTEMPT_MS);
    expect(await refusal(await complete(came.search, late.cookie))).toBe('SIGN_ON_UNKNOWN');
  });

  test.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another state', { state: 'chosen' }],
    ['another code', { code: 'chosen' }],
    ['an error instead', { error: 'access_denied' }],
  ])('%s', async (_, changes) => {
    const { url, cookie } = await begin();
    const came = await idp.visit(url);
    for (const [name, value] of Object.entries(changes)) came.searchParams.set(name, value);
    expect(await refusal(await complete(came.search, cookie))).toBe('SIGN_ON_FAILED');
  });

  test('the beginning asks for a code with PKCE, a state and a nonce', async () => {
    const query = new URL((await begin()).url).searchParams;
    expect(query.get('response_type')).toBe('code');
    expect(query.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge']) expect(query.get(name)).toMatch(/^[\w-]{43}$/);
  });
});

describe('sessions', () => {
  test('a session that the browser had before ends, and its token is not used again', async () => {
    const before = await desk.signIn({ email: owner.email, password: PASSWORD });
    sitsThere('lea', ['staff']);
    const { url, cookie } = await begin();
    const response = await complete((await idp.visit(url)).search, `${cookie}; ${before.cookie}`);
    const after = sessionOf(response);
    expect(after).not.toBe(before.cookie);
    expect((await me(before.cookie)).status).toBe(401);
    expect(await (await me(after)).json()).toMatchObject({ role: 'viewer' });
  });

  test('leaving ends ours, and says where theirs ends', async () => {
    sitsThere('max', ['staff']);
    const response = await signOn();
    const cookie = sessionOf(response);
    const { csrfToken } = await meOf(response);
    const left = await desk.post('/auth/oidc/logout', {}, { cookie, 'x-csrf-token': csrfToken! });
    const url = new URL(((await left.json()) as { url: string }).url);
    expect([url.origin, url.pathname]).toEqual([idp.issuer, '/session/end']);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: idp.clientId,
      post_logout_redirect_uri: `${WEB_URL}/login`,
    });
    // The provider knows us and the address: it asks whether to sign out, and refuses nothing.
    const page = await fetch(url);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('logout')]);
    expect((await me(cookie)).status).toBe(401);
    const local = await desk.signIn({ email: owner.email, password: PASSWORD });
    expect(await local.client.call(api.signOn.leave)).toEqual({ url: null });
  });

  test('end with their provider; accounts stay', async () => {
    sitsThere('nia', ['staff']);
    const cookie = sessionOf(await signOn());
    const local = await desk.signIn({ email: owner.email, password: PASSWORD });
    await owner.client.call(api.providers.remove, { params: { id: provider.id } });
    expect((await me(cookie)).status).toBe(401);
    expect((await me(local.cookie)).status).toBe(200);
    expect(await refusal(await desk.post('/auth/oidc/begin', { provider: provider.id }))).toBe('PROVIDER_NOT_FOUND');
  });
});

describe('providers', () => {
  test('owners configure them, of their own tenant; who may see accounts sees them, and nobody the secret', async () => {
    const admin = await desk.somebody('admin');
    const stranger = await desk.somebody('owner', { tenant: 'other' });
    const params = { id: provider.id };
    const shown = await admin.client.call(api.providers.list);
    expect(shown.items).toMatchObject([{ name: 'Acme', roles: RULES }]);
    expect(await codeOf(admin.client.call(api.providers.remove, { params }))).toBe('PERMISSION_DENIED');
    expect((await stranger.client.call(api.providers.list)).items).toEqual([]);
    const change = { params, body: { name: 'Stolen' } };
    expect(await codeOf(stranger.client.call(api.providers.change, change))).toBe('PROVIDER_NOT_FOUND');
    expect(await codeOf(stranger.client.call(api.providers.remove, { params }))).toBe('PROVIDER_NOT_FOUND');

    await owner.client.call(api.providers.change, { params, body: { clientSecret: idp.clientSecret, name: 'New' } });
    sitsThere('oda', ['staff']);
    expect((await signOn()).status).toBe(200);
    const text = `SELECT row_to_json(p)::text AS row FROM identity_provider p UNION ALL SELECT row_to_json(e)::text FROM audit_event e`;
    const rows = JSON.stringify(await desk.database.db.query({ name: 'testDump', text, values: [] }));
    expect(rows).toContain('provider.changed');
    expect(rows + JSON.stringify(shown)).not.toContain(idp.clientSecret);
  });

  test('are shown to who signs in: of the tenant that is asked for, else of the operator', async () => {
    const offered = async (query: string) => (await fetch(`${desk.url}/api/v1/auth/providers${query}`)).json();
    const acme = { items: [{ id: provider.id, name: 'Acme' }] };
    expect(await offered('')).toEqual(acme);
    expect(await offered('?tenant=acme')).toEqual(acme);
    expect(await offered('?tenant=other')).toEqual({ items: [] });
  });

  test('one that cannot be used is not saved', async () => {
    const body = (issuer: string, clientId = 'x') =>
      ({ kind: 'oidc', name: 'X', issuer, clientId, clientSecret: 'x', roles: RULES }) as const;
    const create = (issuer: string, clientId?: string) =>
      codeOf(owner.client.call(api.providers.create, { body: body(issuer, clientId) }));
    expect(await create(`${idp.issuer}/elsewhere`)).toBe('PROVIDER_UNUSABLE');
    // Its document names another issuer.
    expect(await create(idp.issuer.replace('127.0.0.1', '[::ffff:127.0.0.1]'))).toBe('PROVIDER_UNUSABLE');
    expect(await create(idp.issuer, idp.clientId)).toBe('PROVIDER_EXISTS');
    expect(await create('https://169.254.169.254')).toBe('OUTBOUND_REFUSED');
    // Whoever entered it can mend it: no failure of this server.
    await expect(
      owner.client.call(api.providers.create, { body: body('https://login.invalid') }),
    ).rejects.toMatchObject({ problem: { status: 422, code: 'OUTBOUND_FAILED' } });
    expect((await owner.client.call(api.providers.list)).items).toHaveLength(1);
  });
});
