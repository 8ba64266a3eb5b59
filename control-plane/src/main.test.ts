/** A running control plane: its streams, its description. Who may call what: `test/security/api.test.ts`. */
import { api, API_PREFIX, ENDPOINTS } from '@casare/shared/api';
import { createClient } from '@casare/shared/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

let plane: TestControlPlane;
beforeAll(async () => {
  plane = await startTestControlPlane();
});
afterAll(() => plane.close());

describe('an open stream', () => {
  const open = (key: string) =>
    fetch(`${plane.url}${API_PREFIX}/events`, { headers: { authorization: `Bearer ${key}` } });

  test('ends when its key is revoked; that of another key goes on', async () => {
    const client = createClient({ url: plane.url, apiKey: await plane.keyOf('viewer') });
    const made = await client.call(api.apiKeys.create, { body: { name: 'stream' } });
    const [doomed, other] = await Promise.all([open(made.key), open(await plane.keyOf('viewer'))]);
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
