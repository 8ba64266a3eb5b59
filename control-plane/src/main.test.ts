/** Every declared operation against a running control plane: who may call it, and that it is described. */
import { allows, api, API_PREFIX, ENDPOINTS, Problem, Role, type Endpoint } from '@casare/shared/api';
import { createClient } from '@casare/shared/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

let plane: TestControlPlane;
const keys = new Map<Role, string>();
beforeAll(async () => {
  plane = await startTestControlPlane();
  for (const role of Role.options) keys.set(role, await plane.keyOf(role));
});
afterAll(() => plane.close());

/** Calls an operation with parameters that are right in form and name nothing. */
async function call(endpoint: Endpoint, key: string | null): Promise<{ status: number; code: string }> {
  const path = endpoint.path
    .replace('{id}', '0198a7c0-0000-7000-8000-000000000000')
    .replace('{action}', 'pause')
    .replaceAll(/\{\w+\}/g, 'x');
  const stop = new AbortController();
  const response = await fetch(`${plane.url}${API_PREFIX}${path}`, {
    method: endpoint.method,
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), 'content-type': 'application/json' },
    signal: stop.signal,
    ...(endpoint.method === 'GET' ? {} : { body: '{}' }),
  });
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  const code = isProblem ? Problem.parse(await response.json()).code : '';
  stop.abort();
  return { status: response.status, code };
}

describe.each(ENDPOINTS.map((endpoint) => [endpoint.id, endpoint] as const))('%s', (_, endpoint) => {
  test('without a key, or with a wrong one: only what is public', async () => {
    const wrong = `${keys.get('owner')!.slice(0, -4)}AAAA`;
    for (const key of [null, wrong]) {
      const answer = await call(endpoint, key);
      if (endpoint.permission === 'public') expect(answer.code).not.toBe('AUTH_REQUIRED');
      else expect(answer).toEqual({ status: 401, code: 'AUTH_REQUIRED' });
    }
  });

  test.each(Role.options)('role %s is let through or denied as the permission table says', async (role) => {
    const { status, code } = await call(endpoint, keys.get(role)!);
    if (allows({ role, scopes: null }, endpoint.permission)) {
      expect([401, 403, 500]).not.toContain(status);
      expect(code).not.toBe('ROUTE_NOT_FOUND');
    } else {
      expect([status, code]).toEqual([403, 'PERMISSION_DENIED']);
    }
  });
});

describe('an open stream', () => {
  const open = (key: string) =>
    fetch(`${plane.url}${API_PREFIX}/events`, { headers: { authorization: `Bearer ${key}` } });

  test('ends when its key is revoked; that of another key goes on', async () => {
    const client = createClient({ url: plane.url, apiKey: await plane.keyOf('viewer') });
    const made = await client.call(api.apiKeys.create, { body: { name: 'stream' } });
    const [doomed, other] = await Promise.all([open(made.key), open(keys.get('viewer')!)]);
    expect([doomed.status, other.status]).toEqual([200, 200]);
    const reader = other.body!.getReader();
    await reader.read();
    await client.call(api.apiKeys.revoke, { params: { id: made.id } });
    // Resolves when the server has ended it.
    expect(await doomed.text()).toMatch(/^retry: /);
    const more = await Promise.race([reader.read(), Promise.resolve('still open')]);
    expect(more).toBe('still open');
    await reader.cancel();
  });

  test('ends when the account may no more read it', async () => {
    const client = createClient({ url: plane.url, apiKey: await plane.keyOf('viewer') });
    const { accountId } = await client.call(api.auth.me);
    const made = await client.call(api.apiKeys.create, { body: { name: 'stream', scopes: ['jobs:read'] } });
    const stream = await open(made.key);
    expect(stream.status).toBe(200);
    const text = `UPDATE api_key SET scopes = '{workflows:read}' WHERE account_id = $1 AND scopes IS NOT NULL`;
    await plane.database.db.execute({ name: 'testNarrow', text, values: [accountId] });
    expect(await stream.text()).toMatch(/^retry: /);
  });
});

test('the OpenAPI document is served and has every operation', async () => {
  const document = (await (await fetch(`${plane.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const described = Object.values(document.paths).flatMap((path) => Object.values(path).map((op) => op.operationId));
  expect(described.toSorted()).toEqual(ENDPOINTS.map(({ id }) => id).toSorted());
  expect(JSON.stringify(document)).not.toContain('undefined');
});

test('it is ready, and says so; the first start left a working key', async () => {
  expect(await (await fetch(`${plane.url}/readyz`)).json()).toMatchObject({ status: 'ready' });
  expect(await plane.client.call(api.auth.me)).toMatchObject({ tenant: 'default', role: 'owner', via: 'apiKey' });
});
