/** API keys over HTTP, by a clock that is moved by hand; who may make which, for every role. */
import { api, NewApiKey, Role, RolePermission, within, type Rights } from '@casare/shared/api';
import { ApiError, createClient, type Client } from '@casare/shared/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { appModule } from '../app.module.ts';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { openTestEdge, type TestEdge } from '../platform/http/testing.ts';
import { insertAccount, insertTenant } from './account.store.ts';
import { insertKey, revokeKey } from './api-key.store.ts';
import { KEYS_OF_ACCOUNT } from './api-keys.service.ts';
import { AccountsService } from './accounts.service.ts';
import { accountsModule } from './accounts.module.ts';
import { hashSecret, newApiKey } from './credential.ts';

const waits = sql<{ n: number }, []>(
  'testWaitingForKeys',
  `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
);

const clock = new ManualClock();
let database: TestDatabase;
let edge: TestEdge;
let accounts: AccountsService;
beforeAll(async () => {
  database = await testDatabase();
  accounts = new AccountsService(database.db, clock, () => Promise.resolve(Buffer.alloc(32)));
  edge = await openTestEdge(appModule([accountsModule(accounts, 'https://casare.example')]));
  for (const tenant of ['acme', 'other', 'third']) await database.db.execute(insertTenant(tenant, tenant));
});
afterAll(async () => {
  await edge.close();
  await database.close();
});

/** A new account with a key of these rights, and a client that calls by it. */
async function newCaller(rights: Rights | Role, tenant = 'acme') {
  const { role, scopes } = typeof rights === 'string' ? { role: rights, scopes: null } : rights;
  const accountId = crypto.randomUUID();
  const email = `${accountId}@example`;
  await insertAccount(database.db, { tenant, id: accountId, email, passwordHash: '-', role });
  const key = newApiKey();
  const made = { name: 'k', createdBy: 'system', createdAt: clock.now(), expiresAt: null, role, scopes };
  await insertKey(database.db, { tenant, id: key.id, accountId, secretHash: hashSecret(key.secret), ...made });
  return { accountId, keyId: key.id, client: clientOf(key.text) };
}
function clientOf(apiKey: string): Client {
  return createClient({ url: edge.url, apiKey });
}
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    return (error as ApiError).problem.code;
  }
}
const create = (client: Client, body: object = {}) =>
  client.call(api.apiKeys.create, { body: { name: 'script', ...body } });
const mine = (client: Client, query: object = {}) => client.call(api.apiKeys.list, { query });

describe('a key', () => {
  test('is shown once, works, is listed with its use, and is revoked', async () => {
    const { client, accountId } = await newCaller('developer');
    const made = await create(client, { name: ' nightly import ' });
    expect(made).toMatchObject({ name: 'nightly import', role: 'developer', scopes: null, state: 'active' });
    const theirs = clientOf(made.key);
    expect(await theirs.call(api.auth.me)).toMatchObject({ accountId, role: 'developer', via: 'apiKey' });

    const { items } = await mine(client);
    const listed = items.find(({ id }) => id === made.id)!;
    expect(listed).toMatchObject({
      lastUsedAt: clock.now().toISOString(),
      expiresAt: null,
      account: { id: accountId },
    });
    expect(listed.createdBy).toMatch(/^key:[0-9a-f]{16}$/);
    expect(JSON.stringify(items)).not.toContain(made.key.slice(21));

    await client.call(api.apiKeys.revoke, { params: { id: made.id } });
    expect(await codeOf(theirs.call(api.auth.me))).toBe('AUTH_REQUIRED');
    expect((await mine(client)).items.map(({ id }) => id)).not.toContain(made.id);
    const ended = await mine(client, { ended: 'true' });
    expect(ended.items.find(({ id }) => id === made.id)).toMatchObject({ state: 'revoked' });
    // Again is as good as once.
    await client.call(api.apiKeys.revoke, { params: { id: made.id } });
  });

  test('expires, and what it made expires no later', async () => {
    const { client } = await newCaller('viewer');
    const short = await create(client, { ttlSeconds: 60 });
    const heir = await create(clientOf(short.key), { ttlSeconds: 3_600 });
    const endless = await create(clientOf(short.key));
    expect([heir.expiresAt, endless.expiresAt]).toEqual([short.expiresAt, short.expiresAt]);
    clock.advance(59_999);
    for (const { key } of [short, heir]) expect(await codeOf(clientOf(key).call(api.auth.me))).toBe('OK');
    clock.advance(1);
    for (const { key } of [short, heir, endless]) {
      expect(await codeOf(clientOf(key).call(api.auth.me))).toBe('AUTH_REQUIRED');
    }
    expect((await mine(client, { ended: 'true' })).items[0]).toMatchObject({ state: 'expired' });
  });

  test('with scopes may only that, and hands nothing else on', async () => {
    const { client } = await newCaller('admin');
    const made = await create(client, { scopes: ['self:write', 'jobs:read', 'jobs:read'] });
    expect(made.scopes).toEqual(['self:write', 'jobs:read']);
    const scoped = clientOf(made.key);
    expect((await scoped.call(api.auth.me)).permissions.toSorted()).toEqual(['jobs:read', 'self:write']);
    expect(await codeOf(mine(scoped))).toBe('PERMISSION_DENIED');
    expect((await create(scoped)).scopes).toEqual(['self:write', 'jobs:read']);
    expect(await codeOf(create(scoped, { scopes: ['jobs:write'] }))).toBe('ABOVE_YOURSELF');
    expect(await codeOf(create(scoped, { role: 'viewer' }))).toBe('ABOVE_YOURSELF');
    expect(await codeOf(create(client, { role: 'viewer', scopes: ['jobs:write'] }))).toBe('SCOPE_OUTSIDE_ROLE');
    // Nor does it open a session, which would have no scopes.
    const readOnly = await create(client, { scopes: ['accounts:write'] });
    expect(await codeOf(clientOf(readOnly.key).call(api.auth.createSignInCode))).toBe('KEY_NARROWER');
    expect(await codeOf(client.call(api.auth.createSignInCode))).toBe('OK');
  });

  test.each([['a line\nbreak'], ['\u001b[31mred'], ['right\u202eleft'], ['   '], ['x'.repeat(101)]])(
    'is not named %j',
    async (name) => {
      const { client } = await newCaller('viewer');
      expect(await codeOf(create(client, { name }))).toBe('REQUEST_INVALID');
    },
  );

  test('there are so many of an account and no more, also when made at once', async () => {
    const { client } = await newCaller('viewer');
    for (let i = 0; i < KEYS_OF_ACCOUNT - 6; i++) await create(client);
    const codes = await Promise.all(Array.from({ length: 10 }, () => codeOf(create(client))));
    expect(codes.filter((code) => code === 'OK')).toHaveLength(5);
    expect(codes.filter((code) => code === 'KEYS_FULL')).toHaveLength(5);
  });
});

describe('a key that is rotated', () => {
  const rotate = (client: Client, id: string, body: object = {}) =>
    client.call(api.apiKeys.rotate, { params: { id }, body });

  test('ends at once, and the new one is the same but for its secret', async () => {
    const { client } = await newCaller('admin');
    const old = await create(client, { name: 'import', role: 'developer', scopes: ['jobs:read'], ttlSeconds: 3_600 });
    clock.advance(600_000);
    const now = clock.now().getTime();
    const fresh = await rotate(client, old.id);
    expect(fresh).toMatchObject({ name: 'import', role: 'developer', scopes: ['jobs:read'], state: 'active' });
    // For as long again.
    expect(fresh.expiresAt).toBe(new Date(now + 3_600_000).toISOString());
    expect(fresh.replaces).toEqual({ id: old.id, until: new Date(now).toISOString() });
    expect([fresh.id, fresh.key]).not.toContain(old.id);
    expect(await codeOf(clientOf(old.key).call(api.auth.me))).toBe('AUTH_REQUIRED');
    expect(await codeOf(mine(clientOf(fresh.key)))).toBe('PERMISSION_DENIED');
    const { items } = await mine(client, { ended: 'true' });
    expect(items.find(({ id }) => id === old.id)).toMatchObject({ state: 'revoked', replacedBy: fresh.id });
    expect(items.find(({ id }) => id === fresh.id)).toMatchObject({ state: 'active', replacedBy: null });
    expect(JSON.stringify(items)).not.toContain(fresh.key.slice(21));
  });

  test('works on for its grace, which is a week at most and never longer than it had', async () => {
    const { client } = await newCaller('viewer');
    const [endless, short] = [await create(client), await create(client, { ttlSeconds: 120 })];
    expect(await codeOf(rotate(client, endless.id, { graceSeconds: 7 * 86_400 + 1 }))).toBe('REQUEST_INVALID');
    await rotate(client, endless.id, { graceSeconds: 60 });
    const { replaces } = await rotate(client, short.id, { graceSeconds: 86_400 });
    expect(replaces.until).toBe(short.expiresAt);
    clock.advance(59_999);
    expect(await codeOf(clientOf(endless.key).call(api.auth.me))).toBe('OK');
    clock.advance(1);
    expect(await codeOf(clientOf(endless.key).call(api.auth.me))).toBe('AUTH_REQUIRED');
  });

  test('is rotated once, also by several at the same time', async () => {
    const { client } = await newCaller('viewer');
    const { id } = await create(client);
    const codes = await Promise.all([1, 2, 3, 4].map(() => codeOf(rotate(client, id, { graceSeconds: 60 }))));
    expect(codes.sort()).toEqual(['KEY_ENDED', 'KEY_ENDED', 'KEY_ENDED', 'OK']);
    const short = await create(client, { ttlSeconds: 60 });
    clock.advance(60_000);
    expect(await codeOf(rotate(client, short.id))).toBe('KEY_ENDED');
    expect(await codeOf(rotate(client, '0'.repeat(16)))).toBe('KEY_NOT_FOUND');
  });

  test('that is revoked meanwhile stays so', async () => {
    const { client } = await newCaller('viewer');
    const { id, key } = await create(client);
    const rotated = await database.db.transaction(async (tx) => {
      expect(await revokeKey(tx, 'acme', id, clock.now())).toBe(true);
      const answer = codeOf(rotate(client, id, { graceSeconds: 86_400 }));
      await vi.waitFor(async () => expect(await database.db.query(waits())).toEqual([{ n: 1 }]));
      return { answer };
    });
    expect(await rotated.answer).toBe('KEY_ENDED');
    expect(await codeOf(clientOf(key).call(api.auth.me))).toBe('AUTH_REQUIRED');
    expect((await mine(client)).items.map(({ name }) => name)).not.toContain('script');
  });

  test('rotates itself, and lives no longer by it', async () => {
    const { client } = await newCaller('viewer');
    const short = await create(client, { ttlSeconds: 600 });
    clock.advance(60_000);
    const fresh = await rotate(clientOf(short.key), short.id);
    expect(fresh.expiresAt).toBe(short.expiresAt);
    expect(await codeOf(clientOf(fresh.key).call(api.auth.me))).toBe('OK');
    expect(await codeOf(rotate(clientOf(short.key), fresh.id))).toBe('AUTH_REQUIRED');
  });

  test('is not one that may more, nor that of somebody else', async () => {
    const { client, keyId } = await newCaller('admin');
    const narrow = clientOf((await create(client, { scopes: ['self:write', 'self:read'] })).key);
    expect(await codeOf(rotate(narrow, keyId))).toBe('ABOVE_YOURSELF');
    const theirs = await newCaller('viewer');
    expect(await codeOf(rotate(client, theirs.keyId))).toBe('KEY_NOT_YOURS');
    expect(await codeOf(rotate(theirs.client, keyId))).toBe('KEY_NOT_FOUND');
    const foreign = await newCaller('owner', 'third');
    expect(await codeOf(rotate(client, foreign.keyId))).toBe('KEY_NOT_FOUND');
    for (const one of [client, theirs.client, foreign.client]) expect(await codeOf(one.call(api.auth.me))).toBe('OK');
  });

  test('makes no more keys than an account may have, but for one', async () => {
    const { client } = await newCaller('viewer');
    let last = await create(client);
    for (let i = 2; i < KEYS_OF_ACCOUNT; i++) last = await create(client);
    // Full: without a grace it takes its own place, with one a place more, once.
    last = await rotate(client, last.id);
    last = await rotate(client, last.id, { graceSeconds: 60 });
    expect(await codeOf(rotate(client, last.id))).toBe('KEYS_FULL');
    clock.advance(60_000);
    expect(await codeOf(rotate(client, last.id))).toBe('OK');
  });
});

describe('nobody makes a key above themselves', () => {
  const all = (role: Role): Rights => ({ role, scopes: null });
  const narrow = { role: 'owner', scopes: ['self:write', 'accounts:write'] } as const satisfies Rights;
  test.each([...Role.options.map((role) => [role, all(role)] as const), ['owner with scopes', narrow] as const])(
    '%s',
    async (_, rights) => {
      const { client } = await newCaller(rights);
      for (const role of Role.options) {
        // Of its own role, a key with scopes makes one with the same scopes.
        const made = within(all(role), rights) || role === rights.role;
        expect([role, await codeOf(create(client, { role }))]).toEqual([role, made ? 'OK' : 'ABOVE_YOURSELF']);
        if (role !== 'owner' && role !== rights.role) continue;
        for (const scope of RolePermission.options) {
          const code = await codeOf(create(client, { role, scopes: [scope] }));
          if (code !== 'OK') continue;
          expect(within({ role, scopes: [scope] }, rights)).toBe(true);
        }
      }
      for (const key of (await mine(client, { limit: 200 }).catch(() => ({ items: [] }))).items) {
        expect(within(key, rights)).toBe(true);
      }
    },
    60_000,
  );

  test('an account that may less takes its keys along', async () => {
    const { client, accountId } = await newCaller('admin');
    expect(await codeOf(mine(client, { of: 'all' }))).toBe('OK');
    const text = 'UPDATE account SET role = $2 WHERE id = $1';
    await database.db.execute({ name: 'testDemote', text, values: [accountId, 'operator'] });
    expect(await codeOf(mine(client, { of: 'all' }))).toBe('PERMISSION_DENIED');
    expect((await client.call(api.auth.me)).permissions).not.toContain('accounts:write');
    expect(await codeOf(create(client, { role: 'admin' }))).toBe('ABOVE_YOURSELF');
  });
});

describe('keys of others', () => {
  test('are seen by who may read accounts, and only in their tenant', async () => {
    const [viewer, admin, stranger] = [
      await newCaller('viewer'),
      await newCaller('admin'),
      await newCaller('owner', 'other'),
    ];
    const idsOf = async (client: Client) => (await mine(client, { of: 'all', limit: 200 })).items.map(({ id }) => id);
    expect(await idsOf(admin.client)).toContain(viewer.keyId);
    expect(await idsOf(stranger.client)).toEqual([stranger.keyId]);
    expect(await codeOf(mine(viewer.client, { of: 'all' }))).toBe('PERMISSION_DENIED');
    expect((await mine(viewer.client)).items.map(({ id }) => id)).toEqual([viewer.keyId]);
  });

  test('are revoked by who may as much as their account, and by nobody else', async () => {
    const revoke = (client: Client, id: string) => codeOf(client.call(api.apiKeys.revoke, { params: { id } }));
    const [owner, admin, security, viewer] = [
      await newCaller('owner'),
      await newCaller('admin'),
      await newCaller('security'),
      await newCaller('viewer'),
    ];
    const stranger = await newCaller('owner', 'other');
    expect(await revoke(viewer.client, admin.keyId)).toBe('KEY_NOT_FOUND');
    expect(await revoke(stranger.client, viewer.keyId)).toBe('KEY_NOT_FOUND');
    expect(await revoke(security.client, viewer.keyId)).toBe('PERMISSION_DENIED');
    expect(await revoke(admin.client, owner.keyId)).toBe('ABOVE_YOURSELF');
    expect(await revoke(admin.client, security.keyId)).toBe('ABOVE_YOURSELF');
    expect(await revoke(admin.client, viewer.keyId)).toBe('OK');
    expect(await revoke(owner.client, admin.keyId)).toBe('OK');
    for (const { client } of [viewer, admin]) expect(await codeOf(client.call(api.auth.me))).toBe('AUTH_REQUIRED');
  });
});

test('pages follow each other without a hole', async () => {
  const { client, keyId } = await newCaller('viewer');
  const ids = [keyId];
  for (let i = 0; i < 4; i++) ids.unshift((await create(client)).id);
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: { id: string }[]; nextCursor: string | null } = await mine(client, {
      limit: 2,
      ...(cursor === null ? {} : { cursor }),
    });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(ids);
  expect(await codeOf(mine(client, { cursor: 'x' }))).toBe('CURSOR_INVALID');
});

test('making and revoking is audited, without the secret', async () => {
  const { client } = await newCaller('viewer');
  const made = NewApiKey.parse(await create(client, { name: 'audited' }));
  await client.call(api.apiKeys.revoke, { params: { id: made.id } });
  const text = 'SELECT action, detail FROM audit_event WHERE subject = $1 ORDER BY seq';
  const entries = await database.db.query<{ action: string; detail: object }>({
    ...{ name: 'testAuditOfKey', text, values: [`key:${made.id}`] },
  });
  expect(entries.map(({ action }) => action)).toEqual(['apiKey.created', 'apiKey.revoked']);
  expect(entries[0]!.detail).toMatchObject({ name: 'audited', role: 'viewer' });
  expect(JSON.stringify(entries)).not.toContain(made.key.slice(21));
});

test('keys that ended are forgotten after a while; one of the first start never is', async () => {
  const { client, keyId } = await newCaller('viewer');
  const [over, alive] = [await create(client, { ttlSeconds: 60 }), await create(client)];
  clock.advance(91 * 86_400_000);
  await client.call(api.apiKeys.revoke, { params: { id: alive.id } });
  await accounts.sweep();
  const left = (await mine(client, { ended: 'true' })).items.map(({ id }) => id);
  expect(left).toEqual([alive.id, keyId]);
  expect(left).not.toContain(over.id);
});
