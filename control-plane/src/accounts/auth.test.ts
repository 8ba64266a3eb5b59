/** Signing in over HTTP, with a clock that stands still where time matters. */
import { api, Me, Problem } from '@casare/shared/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appModule } from '../app.module.ts';
import { ManualClock } from '../platform/clock.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { openTestEdge, type TestEdge } from '../platform/http/testing.ts';
import { insertAccount, insertTenant } from './account.store.ts';
import { insertKey } from './api-key.store.ts';
import { AccountsService, CODE_MS, SESSION_MS } from './accounts.service.ts';
import { accountsModule } from './accounts.module.ts';
import { hashSecret, newApiKey, readApiKey } from './credential.ts';
import { LOCK_MS, TRIES } from './lockout.decision.ts';
import { hashPassword } from './password.ts';

const clock = new ManualClock();
const WEB_URL = 'https://casare.example';
let database: TestDatabase;
let edge: TestEdge;
let apiKey: string;
beforeAll(async () => {
  database = await testDatabase();
  const { db } = database;
  const accounts = new AccountsService(db, clock, () => Promise.resolve(Buffer.alloc(32)));
  edge = await openTestEdge(appModule([accountsModule(accounts, WEB_URL)]), 'web', { https: true });
  const tenant = 'acme';
  await db.execute(insertTenant(tenant, 'Acme'));
  const passwordHash = await hashPassword('right');
  for (const name of ['Ann', 'bob']) {
    const id = crypto.randomUUID();
    await insertAccount(db, { tenant, id, email: `${name}@acme.example`, passwordHash, role: 'owner' });
    const key = newApiKey();
    const secretHash = hashSecret(key.secret);
    const rights = { role: 'owner', scopes: null } as const;
    const made = { createdBy: 'system', createdAt: clock.now(), expiresAt: null };
    await insertKey(db, { tenant, id: key.id, accountId: id, name: 'k', secretHash, ...rights, ...made });
    apiKey = key.text;
  }
});
afterAll(async () => {
  await edge.close();
  await database.close();
});

const url = (path: string) => `${edge.url}/api/v1${path}`;
const login = (body: object) =>
  fetch(url('/auth/login'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const codeOf = async (response: Response) => Problem.parse(await response.json()).code;
const cookieOf = (response: Response) => response.headers.get('set-cookie')!.split(';')[0]!;
const me = (cookie: string) => fetch(url('/auth/me'), { headers: { cookie } });

describe('a session', () => {
  test('opens by password, is out of reach of scripts and other sites, and ends', async () => {
    const response = await login({ email: 'ann@ACME.example', password: 'right' });
    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-casare_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure$/,
    );
    const { csrfToken } = Me.parse(await response.json());
    const cookie = cookieOf(response);
    expect(await (await me(cookie)).json()).toMatchObject({ tenant: 'acme', via: 'session', csrfToken });

    const logout = (headers: Record<string, string>) => fetch(url('/auth/logout'), { method: 'POST', headers });
    expect(await codeOf(await logout({ cookie }))).toBe('CSRF_TOKEN_WRONG');
    expect((await logout({ cookie, 'x-csrf-token': csrfToken! })).status).toBe(204);
    expect((await me(cookie)).status).toBe(401);
  });

  test('expires', async () => {
    const cookie = cookieOf(await login({ email: 'ann@acme.example', password: 'right' }));
    clock.advance(SESSION_MS - 1);
    expect((await me(cookie)).status).toBe(200);
    clock.advance(1);
    expect((await me(cookie)).status).toBe(401);
  });

  test('is never one that the client chose', async () => {
    const response = await fetch(url('/auth/login'), {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: '__Host-casare_session=chosen' },
      body: JSON.stringify({ email: 'ann@acme.example', password: 'right' }),
    });
    expect(cookieOf(response)).not.toContain('chosen');
    expect((await me('__Host-casare_session=chosen')).status).toBe(401);
  });
});

describe('failed sign-ins', () => {
  test('a wrong password and an unknown account are answered alike', async () => {
    const answers = await Promise.all(
      [
        { email: 'ann@acme.example', password: 'wrong' },
        { email: 'eve@acme.example', password: 'wrong' },
      ].map(login),
    );
    const bodies = await Promise.all(answers.map(async (answer) => Problem.parse(await answer.json())));
    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    expect(bodies[0]!.title).toBe(bodies[1]!.title);
  });

  test('lock the account, also when sent in parallel, and not for ever; another account is not hurt', async () => {
    const wrong = { email: 'bob@acme.example', password: 'wrong' };
    const answers = await Promise.all(Array.from({ length: TRIES.account * 2 }, () => login(wrong)));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(TRIES.account);
    const right = { ...wrong, password: 'right' };
    const locked = await login(right);
    expect([locked.status, locked.headers.get('retry-after')]).toEqual([429, String(LOCK_MS / 1_000)]);
    expect(await codeOf(locked)).toBe('AUTH_LOCKED_OUT');
    expect((await login({ email: 'ann@acme.example', password: 'right' })).status).toBe(200);
    clock.advance(LOCK_MS);
    expect((await login(right)).status).toBe(200);
  });

  test('many accounts from one address lock the address', async () => {
    clock.advance(LOCK_MS * 2);
    const statuses = new Set<number>();
    for (let i = 0; i <= TRIES.address; i++) {
      statuses.add((await login({ email: `nobody-${i}@acme.example`, password: 'x' })).status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
    clock.advance(LOCK_MS);
  });

  test('successes are not counted', async () => {
    for (let i = 0; i <= TRIES.address; i++) {
      expect((await login({ email: 'ann@acme.example', password: 'right' })).status).toBe(200);
    }
  });
});

describe('a sign-in link', () => {
  const make = async () => {
    const response = await fetch(url('/auth/sign-in-codes'), {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
    });
    return api.auth.createSignInCode.answer.json.parse(await response.json());
  };

  test('signs in once, also when used twice at the same moment', async () => {
    const { code, url: link } = await make();
    expect(link).toBe(`${WEB_URL}/login#code=${code}`);
    const statuses = (await Promise.all([login({ code }), login({ code })])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 401]);
  });

  test('expires', async () => {
    const { code } = await make();
    clock.advance(CODE_MS);
    expect(await codeOf(await login({ code }))).toBe('AUTH_CODE_USED');
  });
});

test('the use of a key is put on record at most once a minute', async () => {
  const { id } = readApiKey(apiKey)!;
  const used = async () => {
    await fetch(url('/auth/me'), { headers: { authorization: `Bearer ${apiKey}` } });
    const statement = { name: 'testKeyUsed', text: 'SELECT last_used_at FROM api_key WHERE id = $1', values: [id] };
    const [row] = await database.db.query<{ last_used_at: Date }>(statement);
    return row!.last_used_at.getTime();
  };
  clock.advance(61_000);
  const first = clock.now().getTime();
  expect(await used()).toBe(first);
  clock.advance(30_000);
  expect(await used()).toBe(first);
  clock.advance(31_000);
  expect(await used()).toBe(first + 61_000);
});

test('nothing that opens a door is stored as it is', async () => {
  const { rows } = await dump();
  const text = JSON.stringify(rows);
  expect(text).not.toContain(readApiKey(apiKey)!.secret);
  expect(text).not.toContain('right');
});

async function dump() {
  const statement = {
    name: 'testDumpAccounts',
    text: `SELECT row_to_json(a)::text AS row FROM account a UNION ALL SELECT row_to_json(k)::text FROM api_key k
           UNION ALL SELECT row_to_json(s)::text FROM session s UNION ALL SELECT row_to_json(e)::text FROM audit_event e`,
    values: [],
  };
  return { rows: await database.db.query(statement) };
}
