/** Calling with a token of Supabase Auth: its real client, against a double of its server. */
import { createClient as createSupabase } from '@supabase/supabase-js';
import { api } from '@casare/shared/api';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { startSupabaseDouble, type SupabaseDouble } from './supabase-auth-double-for-tests.ts';
import { codeOf, openAccountsDesk, type AccountsDesk } from './testing.ts';

let desk: AccountsDesk;
let supabase: SupabaseDouble;
let owner: Awaited<ReturnType<AccountsDesk['somebody']>>;
let providerId: string;
const settings = () =>
  ({ kind: 'jwt', name: 'Supabase', issuer: supabase.issuer, audience: 'authenticated', trustEmail: true }) as const;
const roles = () => [
  { group: 'ops', role: 'operator' as const },
  { group: 'staff', role: 'viewer' as const },
];
beforeAll(async () => {
  desk = await openAccountsDesk(OutboundAllowed.parse('http://127.0.0.1')!);
  supabase = await startSupabaseDouble(() => desk.clock.now());
  owner = await desk.somebody('owner', { joined: true });
  ({ id: providerId } = await owner.client.call(api.providers.create, { body: { ...settings(), roles: roles() } }));
});
afterAll(async () => {
  await supabase.close();
  await desk.close();
});

let who = 0;
let email: string;
beforeEach(() => {
  email = `person-${++who}@acme.example`;
});
const claims = (role = 'staff') => ({ sub: `id-of-${email}`, email, app_metadata: { role } });
const me = (token: string) => desk.clientOf(token).call(api.auth.me);

test('who signs in with supabase-js (against a double of Supabase Auth) calls with that token, by the role of app_metadata', async () => {
  supabase.people.set(email, { role: 'ops', provider: 'email' });
  const client = createSupabase(supabase.url, 'anon', { auth: { persistSession: false, autoRefreshToken: false } });
  const { data } = await client.auth.signInWithPassword({ email, password: 'x' });
  const token = data.session!.access_token;
  expect(await me(token)).toMatchObject({ email, role: 'operator', tenant: 'acme', via: 'token', csrfToken: null });
  expect(await codeOf(desk.clientOf(token).call(api.accounts.list, {}))).toBe('PERMISSION_DENIED');
  const { items } = await owner.client.call(api.accounts.list, {});
  expect(items.find((account) => account.email === email)).toMatchObject({ state: 'active', role: 'operator' });
});

describe('the role', () => {
  test('follows the token with each call; without a listed one there is no access', async () => {
    expect(await me(await supabase.token(claims('staff')))).toMatchObject({ role: 'viewer' });
    expect(await me(await supabase.token(claims('ops')))).toMatchObject({ role: 'operator' });
    expect(await codeOf(me(await supabase.token(claims('others'))))).toBe('SIGN_ON_NO_ROLE');
  });

  test('is not what people can write about themselves', async () => {
    const token = await supabase.token({ ...claims('others'), user_metadata: { role: 'ops' }, role: 'ops' });
    expect(await codeOf(me(token))).toBe('SIGN_ON_NO_ROLE');
    const body = { ...settings(), audience: 'x', roles: roles(), groupsClaim: 'user_metadata.role' };
    expect(await codeOf(owner.client.call(api.providers.create, { body }))).toBe('REQUEST_INVALID');
  });

  test("is nobody's whose account is disabled", async () => {
    const token = await supabase.token(claims());
    const { accountId } = await me(token);
    await owner.client.call(api.accounts.act, { params: { id: accountId, action: 'disable' } });
    expect(await codeOf(me(token))).toBe('SIGN_ON_DISABLED');
  });
});

describe('a token is not good', () => {
  const now = () => Math.floor(desk.clock.now().getTime() / 1_000);
  test.each<[string, (seconds: number) => object]>([
    ['of another audience', () => ({ aud: 'anon' })],
    ['of another issuer', () => ({ iss: 'https://evil.example/auth/v1' })],
    ['that has ended', (seconds) => ({ exp: seconds - 10 })],
    ['that has not begun', (seconds) => ({ nbf: seconds + 60 })],
    ['without an end', () => ({ exp: undefined })],
    ['without a person', () => ({ sub: undefined })],
  ])('%s', async (_, changes) => {
    const token = await supabase.token({ ...claims(), ...changes(now()) });
    expect(await codeOf(me(token))).toBe('AUTH_REQUIRED');
    expect(await codeOf(me(await supabase.token(claims())))).toBe('OK');
  });

  test('signed by somebody else, by the public key as a secret, or by nobody', async () => {
    const good = await supabase.token(claims());
    const [, payload] = good.split('.');
    const other = await startSupabaseDouble(() => desk.clock.now());
    const forged = await other.token({ ...claims(), iss: supabase.issuer });
    await other.close();
    const all = { ...claims(), iss: supabase.issuer, aud: 'authenticated', exp: now() + 60 };
    const secret = Buffer.from(JSON.stringify(supabase.publicKey));
    const header = { alg: 'HS256', kid: supabase.publicKey.kid! };
    const byPublicKey = await new SignJWT(all).setProtectedHeader(header).sign(secret);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const bad = [
      forged,
      byPublicKey,
      `${part({ alg: 'none' })}.${payload}.`,
      `${part({ alg: 'none', kid: header.kid })}.${payload}.${good.split('.')[2]}`,
      `${good.slice(0, -4)}AAAA`,
      `${part({ alg: 'ES256' })}.${part({})}.`,
      'ey.a.b',
      // What no database stores, and what is no text.
      ...['\u0000', 7, {}, ['x']].flatMap((odd) => [
        `${part({ alg: 'ES256' })}.${part({ ...all, iss: odd })}.x`,
        `${part({ alg: 'ES256' })}.${part({ ...all, aud: odd })}.x`,
        `${part({ alg: 'ES256' })}.${part({ ...all, aud: [odd, 'authenticated'] })}.x`,
      ]),
    ];
    for (const token of bad) expect(await codeOf(me(token))).toBe('AUTH_REQUIRED');
    expect(await codeOf(me(good))).toBe('OK');
  });
});

test('keys are kept, and read again when a token has a new one', async () => {
  const old = await supabase.token(claims());
  await me(old);
  const before = supabase.asked;
  await me(old);
  expect(supabase.asked).toBe(before);
  await supabase.rotate();
  expect(await codeOf(me(await supabase.token(claims())))).toBe('OK');
  expect(supabase.asked).toBe(before + 1);
  expect(await codeOf(me(old))).toBe('AUTH_REQUIRED');
});

test('an open stream ends with its token, and with its account', async () => {
  const token = await supabase.token(claims());
  const caller = (await desk.accounts.authenticate({ apiKey: token, sessionToken: null }))!;
  const still = async () => (await desk.accounts.stillIn([caller])).get(caller.credential);
  expect(await still()).toMatchObject({ role: 'viewer' });
  const params = { id: caller.accountId, action: 'disable' } as const;
  await owner.client.call(api.accounts.act, { params });
  expect(await still()).toBe(undefined);
  await owner.client.call(api.accounts.act, { params: { ...params, action: 'enable' } });
  expect(await still()).toMatchObject({ role: 'viewer' });
  desk.clock.advance(3_600_000);
  expect(await still()).toBe(undefined);
});

test('tokens of an issuer and audience are of one tenant, and end with their provider', async () => {
  const stranger = await desk.somebody('owner', { tenant: 'other' });
  const body = { ...settings(), roles: roles() };
  expect(await codeOf(stranger.client.call(api.providers.create, { body }))).toBe('PROVIDER_EXISTS');
  const wrong = { ...body, audience: 'y', keysUrl: `${supabase.url}/nowhere` };
  expect(await codeOf(stranger.client.call(api.providers.create, { body: wrong }))).toBe('PROVIDER_UNUSABLE');
  const token = await supabase.token(claims());
  expect(await codeOf(me(token))).toBe('OK');
  const caller = (await desk.accounts.authenticate({ apiKey: token, sessionToken: null }))!;
  expect((await desk.accounts.stillIn([caller])).size).toBe(1);
  await owner.client.call(api.providers.remove, { params: { id: providerId } });
  expect(await codeOf(me(token))).toBe('AUTH_REQUIRED');
  // And so do streams that are open by them.
  expect((await desk.accounts.stillIn([caller])).size).toBe(0);
});
