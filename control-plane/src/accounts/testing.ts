/** For tests of this room: accounts behind a real edge on a database of their own, by a clock that is moved by hand. */
import { api, Me, Problem, type Rights, type Role } from '@casare/shared/api';
import { ApiError, createClient, type Client } from '@casare/shared/client';
import { randomBytes } from 'node:crypto';
import { appModule } from '../app.module.ts';
import { ManualClock } from '../platform/clock.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { openTestEdge } from '../platform/http/testing.ts';
import { heldToDocument } from '../platform/http/testing-document.ts';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { Outbound } from '../platform/outbound/outbound.ts';
import { insertAccount, insertTenant } from './account.store.ts';
import { insertKey } from './api-key.store.ts';
import { AccountsService } from './accounts.service.ts';
import { accountsModule } from './accounts.module.ts';
import { hashSecret, newApiKey } from './credential.ts';
import { hashPassword } from './password.ts';

/** Where browsers are said to come back to. */
export const WEB_URL = 'https://casare.example';
export const PASSWORD = 'right horse battery';

/** Somebody with an account and a key; `client` calls by it. */
interface Somebody {
  readonly accountId: string;
  readonly email: string;
  readonly keyId: string;
  readonly client: Client;
}

/** Somebody who is signed in. */
interface SignedIn {
  readonly cookie: string;
  readonly client: Client;
}

export interface AccountsDesk {
  readonly clock: ManualClock;
  readonly database: TestDatabase;
  readonly accounts: AccountsService;
  readonly url: string;
  clientOf(apiKey: string): Client;
  /** A new account with a key of these rights, and the password `PASSWORD` if `joined`. */
  somebody(rights: Rights | Role, more?: { readonly tenant?: string; readonly joined?: boolean }): Promise<Somebody>;
  /** The answer to a public request. */
  post(path: string, body: object, headers?: Record<string, string>): Promise<Response>;
  signIn(body: object, headers?: Record<string, string>): Promise<SignedIn>;
  close(): Promise<void>;
}

export async function openAccountsDesk(allowed = new OutboundAllowed()): Promise<AccountsDesk> {
  const clock = new ManualClock();
  const database = await testDatabase();
  const sealingKey = randomBytes(32);
  const accounts = new AccountsService(database.db, clock, () => Promise.resolve(sealingKey), {
    outbound: new Outbound({ allowed }),
    webUrl: WEB_URL,
    keysRestMs: 0,
  });
  const edge = await openTestEdge(appModule([accountsModule(accounts, WEB_URL)]), 'web', { https: true });
  for (const tenant of ['acme', 'other']) await database.db.execute(insertTenant(tenant, tenant));
  const passwordHash = await hashPassword(PASSWORD);
  const clientOf = (apiKey: string) => createClient({ url: edge.url, apiKey, fetch: heldToDocument() });
  const post: AccountsDesk['post'] = (path, body, headers = {}) =>
    fetch(`${edge.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return {
    ...{ clock, database, accounts, url: edge.url, clientOf, post },
    async somebody(rights, { tenant = 'acme', joined = false } = {}) {
      const { role, scopes, platform = false } = typeof rights === 'string' ? { role: rights, scopes: null } : rights;
      const accountId = crypto.randomUUID();
      const email = `${accountId}@acme.example`;
      const stored = joined ? passwordHash : '-';
      await insertAccount(database.db, { tenant, id: accountId, email, passwordHash: stored, role, platform });
      const key = newApiKey();
      const made = { name: 'k', createdBy: 'system', createdAt: clock.now(), expiresAt: null, role, scopes, platform };
      await insertKey(database.db, { tenant, id: key.id, accountId, secretHash: hashSecret(key.secret), ...made });
      return { accountId, email, keyId: key.id, client: clientOf(key.text) };
    },
    async signIn(body, headers) {
      const response = await post('/auth/login', body, headers);
      if (!response.ok) throw new ApiError(Problem.parse(await response.json()));
      return signedInBy(edge.url, response);
    },
    async close() {
      await edge.close();
      await database.close();
    },
  };
}

/** Goes on as who was signed in by this answer. */
export async function signedInBy(url: string, response: Response): Promise<SignedIn> {
  const cookie = response.headers
    .getSetCookie()
    .find((set) => set.includes('casare_session='))!
    .split(';')[0]!;
  const { csrfToken } = Me.parse(await response.json());
  const send: typeof fetch = (to, init) =>
    fetch(to, { ...init, headers: { ...(init?.headers as Record<string, string>), cookie } });
  return { cookie, client: createClient({ url, csrfToken: () => csrfToken, fetch: heldToDocument(send) }) };
}

/** The code of a refusal, or `OK`. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (error instanceof ApiError) return error.problem.code;
    throw error;
  }
}

/** `OK` while somebody may call at all. */
export const letIn = (client: Client): Promise<string> => codeOf(client.call(api.auth.me));
