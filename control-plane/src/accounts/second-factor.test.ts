/** Second factors over HTTP, with an authenticator that shows the codes of the clock's time. */
import { api } from '@casare/shared/api';
import type { Client } from '@casare/shared/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOCK_MS, TRIES } from './lockout.decision.ts';
import { codeOf, letIn, openAccountsDesk, PASSWORD, type AccountsDesk } from './testing.ts';
import { codeOfStep, stepAt } from './totp.ts';

let desk: AccountsDesk;
beforeAll(async () => {
  desk = await openAccountsDesk();
});
afterAll(() => desk.close());

const STEP_MS = 30_000;
const confirm = (client: Client, code: string) => client.call(api.secondFactor.confirm, { body: { code } });
const begin = (client: Client) => client.call(api.secondFactor.begin, { body: { password: PASSWORD } });

/** The code that an authenticator with this secret shows now, or some steps from now. */
function shown(secret: string, off = 0): string {
  const bits = [...secret].map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'));
  const bytes = bits
    .join('')
    .match(/.{8}/g)!
    .map((byte) => Number.parseInt(byte, 2));
  return codeOfStep(Uint8Array.from(bytes), stepAt(desk.clock.now()) + off);
}

/** Somebody with a second factor that is on. A step has passed since its first code. */
async function guarded(role: 'owner' | 'viewer' = 'viewer') {
  const person = await desk.somebody(role, { joined: true });
  const credentials = { email: person.email, password: PASSWORD };
  const session = await desk.signIn(credentials);
  const { secret } = await begin(session.client);
  const { recoveryCodes } = await confirm(session.client, shown(secret));
  desk.clock.advance(STEP_MS);
  const signIn = (secondFactor: string) => desk.signIn({ ...credentials, secondFactor });
  return { ...person, credentials, session, secret, recoveryCodes, signIn };
}

test('it counts once a code was confirmed, and then signing in needs one', async () => {
  const { email, client: byKey } = await desk.somebody('viewer', { joined: true });
  const credentials = { email, password: PASSWORD };
  const { client } = await desk.signIn(credentials);
  expect(await codeOf(begin(byKey))).toBe('SESSION_NEEDED');
  const guessed = client.call(api.secondFactor.begin, { body: { password: 'wrong' } });
  expect(await codeOf(guessed)).toBe('PASSWORD_WRONG');
  const { secret, url } = await begin(client);
  expect(url).toContain(`secret=${secret}&issuer=Casare`);
  expect(await codeOf(confirm(client, shown(secret, 5)))).toBe('SECOND_FACTOR_WRONG');
  await desk.signIn(credentials);
  expect((await confirm(client, shown(secret))).recoveryCodes).toHaveLength(10);
  expect(await client.call(api.secondFactor.show)).toEqual({ on: true, recoveryCodesLeft: 10 });
  expect(await codeOf(begin(client))).toBe('SECOND_FACTOR_ON');
  expect(await codeOf(desk.signIn(credentials))).toBe('AUTH_SECOND_FACTOR_NEEDED');
  // The code that confirmed it is used up.
  expect(await codeOf(desk.signIn({ ...credentials, secondFactor: shown(secret) }))).toBe('AUTH_SECOND_FACTOR_WRONG');
  desk.clock.advance(STEP_MS);
  await desk.signIn({ ...credentials, secondFactor: shown(secret) });
});

test('a code is taken once, also twice at the same moment, and none of an earlier step after it', async () => {
  const { signIn, secret } = await guarded();
  const codes = await Promise.all([1, 2, 3].map(() => codeOf(signIn(shown(secret, 1)))));
  expect(codes.toSorted()).toEqual(['AUTH_SECOND_FACTOR_WRONG', 'AUTH_SECOND_FACTOR_WRONG', 'OK']);
  expect(await codeOf(signIn(shown(secret, 0)))).toBe('AUTH_SECOND_FACTOR_WRONG');
});

test('a recovery code is good once, as it is typed, and new ones take the place of the old', async () => {
  const { signIn, secret, session, recoveryCodes } = await guarded();
  const [first, second] = recoveryCodes as [string, string];
  await signIn(first.toLowerCase().replaceAll('-', ' '));
  expect(await codeOf(signIn(first))).toBe('AUTH_SECOND_FACTOR_WRONG');
  expect(await session.client.call(api.secondFactor.show)).toEqual({ on: true, recoveryCodesLeft: 9 });
  const renew = session.client.call(api.secondFactor.newRecoveryCodes, { body: { code: shown(secret) } });
  const [fresh] = (await renew).recoveryCodes;
  expect(await codeOf(signIn(second))).toBe('AUTH_SECOND_FACTOR_WRONG');
  await signIn(fresh!);
});

test('wrong codes lock the account; to be asked for one does not', async () => {
  const { signIn, credentials, secret } = await guarded();
  for (let i = 0; i < TRIES.account * 2; i++) {
    expect(await codeOf(desk.signIn(credentials))).toBe('AUTH_SECOND_FACTOR_NEEDED');
  }
  for (let i = 0; i < TRIES.account; i++) {
    expect(await codeOf(signIn('000000'))).toBe('AUTH_SECOND_FACTOR_WRONG');
    if (i < TRIES.account - 1) await codeOf(desk.signIn(credentials));
  }
  expect(await codeOf(signIn(shown(secret)))).toBe('AUTH_LOCKED_OUT');
  expect(await codeOf(desk.signIn(credentials))).toBe('AUTH_LOCKED_OUT');
  desk.clock.advance(LOCK_MS);
  await signIn(shown(secret));
});

test('an open session does not guess either', async () => {
  const { session, secret } = await guarded();
  const remove = (code: string) => codeOf(session.client.call(api.secondFactor.remove, { body: { code } }));
  for (let i = 0; i < TRIES.account; i++) expect(await remove('000000')).toBe('SECOND_FACTOR_WRONG');
  expect(await remove(shown(secret))).toBe('AUTH_LOCKED_OUT');
  desk.clock.advance(LOCK_MS);
  expect(await remove(shown(secret))).toBe('OK');
  expect(await session.client.call(api.secondFactor.show)).toEqual({ on: false, recoveryCodesLeft: 0 });
});

test('an owner takes that of another away, and nobody else does; their own needs a code', async () => {
  const [owner, admin, lost] = [await guarded('owner'), await desk.somebody('admin'), await guarded()];
  const reset = (client: Client, id: string) => codeOf(client.call(api.accounts.resetSecondFactor, { params: { id } }));
  const listed = async () => await admin.client.call(api.accounts.get, { params: { id: lost.accountId } });
  expect(await listed()).toMatchObject({ secondFactor: true });
  expect(await reset(admin.client, lost.accountId)).toBe('PERMISSION_DENIED');
  expect(await reset(owner.client, owner.accountId)).toBe('ACCOUNT_OWN');
  expect(await letIn(lost.session.client)).toBe('OK');
  expect(await reset(owner.client, lost.accountId)).toBe('OK');
  expect(await letIn(lost.session.client)).toBe('AUTH_REQUIRED');
  expect(await listed()).toMatchObject({ secondFactor: false });
  await desk.signIn(lost.credentials);
});

test('the secret is sealed, opens for its own account only, and codes are hashes', async () => {
  const [one, other] = [await guarded(), await guarded()];
  const text = `SELECT row_to_json(f)::text AS row FROM second_factor f UNION ALL SELECT row_to_json(r)::text FROM recovery_code r
    UNION ALL SELECT row_to_json(e)::text FROM audit_event e`;
  const stored = JSON.stringify(await desk.database.db.query({ name: 'testDumpFactors', text, values: [] }));
  expect(stored).toContain('secondFactor.enabled');
  for (const secret of [one.secret, ...one.recoveryCodes]) {
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(secret.replaceAll('-', ''));
  }
  const move = `UPDATE second_factor SET sealed_secret = (SELECT sealed_secret FROM second_factor WHERE account_id = $2)
    WHERE account_id = $1`;
  await desk.database.db.execute({ name: 'testMoveFactor', text: move, values: [other.accountId, one.accountId] });
  expect(await codeOf(other.signIn(shown(one.secret)))).toBe('SECOND_FACTOR_UNREADABLE');
  await one.signIn(shown(one.secret));
});
