/** GraphQL over HTTP on a whole control plane: the operations of REST, their refusals, and what does not come in. */
import { api } from '@casare/shared/api';
import { createClient } from '@casare/shared/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { askerWith, at, post, textAt, type Ask } from './testing.ts';

const WORKFLOW = `
document: { dsl: 1.0.3, namespace: test, name: greet, version: 1.0.0 }
input: { schema: { document: { type: object, required: [name] } } }
do: [{ greet: { set: { text: '\${ "hello " + .name }' } } }]
`;
const JOB = 'id state priority input workflow { name version } agent { name } steps { items { name } }';

let plane: TestControlPlane;
let ask: Ask;
beforeAll(async () => {
  plane = await startTestControlPlane();
  ask = askerWith(plane.url, plane.admin.apiKey);
});
afterAll(() => plane.close());

async function submitted(name = 'Ann'): Promise<string> {
  await ask('mutation ($document: JSON!) { pushWorkflow(document: $document) { id } }', { document: WORKFLOW });
  const answer = await ask('mutation ($input: JobRequest!) { submitJob(input: $input) { id } }', {
    input: { workflow: 'test/greet', input: { name }, priority: null },
  });
  expect(answer.codes).toEqual([]);
  return textAt(answer, 'submitJob', 'id');
}

describe('operations', () => {
  it('are those of REST: what one has done the other shows', async () => {
    const id = await submitted();
    const shown = await ask(`{ job(id: "${id}") { ${JOB} } }`);
    expect(at(shown, 'job')).toEqual({
      ...{ id, state: 'pending', priority: 50, input: { name: 'Ann' } },
      ...{ workflow: { name: 'greet', version: '1.0.0' }, agent: null, steps: { items: [] } },
    });
    expect((await plane.client.call(api.jobs.get, { params: { id } })).state).toBe('pending');
    const cancelled = await ask(`mutation { cancelJob(id: "${id}") { state } }`);
    expect(cancelled.data).toEqual({ cancelJob: { state: 'cancelled' } });
    expect((await plane.client.call(api.jobs.get, { params: { id } })).state).toBe('cancelled');
    await expect
      .poll(async () => at(await ask('{ audit(limit: 200) { items { action } } }'), 'audit', 'items'))
      .toContainEqual({ action: 'job.cancel' });
    const { items } = await plane.client.call(api.audit.list, { query: { limit: 200 } });
    expect(items.map(({ action }) => action)).toContain('job.cancel');
  });

  it('page, filter, and take variables', async () => {
    const ids = [await submitted(), await submitted(), await submitted()];
    const query =
      'query ($c: String, $s: JobState) { jobs(limit: 2, cursor: $c, state: $s) { items { id } nextCursor } }';
    const first = await ask(query, { s: 'pending' });
    expect(at(first, 'jobs', 'items')).toEqual([{ id: ids[2] }, { id: ids[1] }]);
    const second = await ask(query, { s: 'pending', c: at(first, 'jobs', 'nextCursor') });
    expect(at(second, 'jobs', 'items', 0)).toEqual({ id: ids[0] });
  });

  it('take an idempotency key as an argument', async () => {
    await submitted();
    const mutation = (key: string) =>
      `mutation { submitJob(idempotencyKey: "${key}", input: { workflow: "test/greet", input: { name: "Bo" } }) { id } }`;
    const [one, same, other] = [await ask(mutation('a')), await ask(mutation('a')), await ask(mutation('b'))];
    expect(same.data).toEqual(one.data);
    expect(other.data).not.toEqual(one.data);
    const token = () => ask('mutation { createJoinToken(idempotencyKey: "t", input: {}) { id token } }');
    const [first, again] = [await token(), await token()];
    expect([first.codes, again.data]).toEqual([[], first.data]);
    const odd = await ask('mutation { createJoinToken(idempotencyKey: "t", input: { uses: 2 }) { id } }');
    expect(odd.codes).toEqual(['IDEMPOTENCY_CONFLICT']);
    expect((await ask('mutation { createJoinToken(idempotencyKey: "ä", input: {}) { id } }')).codes).toEqual([
      'REQUEST_INVALID',
    ]);
  });

  it('make join tokens and take them back', async () => {
    const made = await ask('mutation { createJoinToken(input: { tags: ["a=b"], uses: 2 }) { id token expiresAt } }');
    const [id, token] = [textAt(made, 'createJoinToken', 'id'), textAt(made, 'createJoinToken', 'token')];
    expect(token).toMatch(/^casare_/);
    const listed = await ask('{ joinTokens { items { id tags usesLeft state } } }');
    expect(at(listed, 'joinTokens', 'items')).toContainEqual({ id, tags: ['a=b'], usesLeft: 2, state: 'issued' });
    expect(listed.text).not.toContain(token);
    expect((await ask(`mutation { revokeJoinToken(id: "${id}") }`)).data).toEqual({ revokeJoinToken: true });
    expect(at(await ask('{ joinTokens { items { state } } }'), 'joinTokens', 'items')).toContainEqual({
      state: 'revoked',
    });
  });

  it('show who asks', async () => {
    const answer = await ask('{ me { role via permissions } auditHead { position } }');
    expect(at(answer, 'me')).toMatchObject({ role: 'owner', via: 'apiKey' });
    expect(at(answer, 'me', 'permissions')).toContain('jobs_read');
  });
});

describe('refusals', () => {
  it('have the code of REST, and take only their field with them', async () => {
    const id = crypto.randomUUID();
    const answer = await ask(`{ me { role } job(id: "${id}") { id } }`);
    expect(answer.data).toEqual({ me: { role: 'owner' }, job: null });
    expect(answer.errors).toMatchObject([{ path: ['job'], extensions: { code: 'JOB_NOT_FOUND' } }]);
  });

  it('say what of the arguments is wrong', async () => {
    await submitted();
    const wrong = await ask('mutation { submitJob(input: { workflow: "test/greet", priority: 500 }) { id } }');
    expect(wrong.errors[0]!.extensions).toMatchObject({
      code: 'REQUEST_INVALID',
      problems: [{ path: 'body/priority' }],
    });
    const input = await ask('mutation { submitJob(input: { workflow: "test/greet", input: {} }) { id } }');
    expect(input.codes).toEqual(['JOB_INPUT_INVALID']);
    expect((await ask('{ job(id: "x") { id } }')).codes).toEqual(['REQUEST_INVALID']);
    expect((await ask('{ jobs(cursor: "x") { nextCursor } }')).codes).toEqual(['CURSOR_INVALID']);
    expect((await ask('{ jobs(limit: 0) { nextCursor } }')).codes).toEqual(['REQUEST_INVALID']);
    expect((await ask('{ jobs(q: "a\\u0000b") { nextCursor } }')).codes).toEqual(['REQUEST_INVALID']);
    const key = 'mutation { submitJob(input: { workflow: "test/greet", input: { __proto__: { a: 1 } } }) { id } }';
    expect((await ask(key)).codes).toEqual(['REQUEST_INVALID']);
    expect((await ask('{ nothing }')).codes).toEqual(['GRAPHQL_INVALID']);
    expect((await ask('{ me { role }')).codes).toEqual(['GRAPHQL_INVALID']);
    expect((await ask('query ($s: JobState) { jobs(state: $s) { nextCursor } }', { s: 'odd' })).codes).toEqual([
      'GRAPHQL_INVALID',
    ]);
    expect((await ask('subscription { me { role } }')).codes).toEqual(['GRAPHQL_INVALID']);
  });

  it('change an agent: null is no site, and what is left out stays', async () => {
    const id = crypto.randomUUID();
    await plane.database.db.transaction((tx) =>
      tx.script(`INSERT INTO agent (tenant_id, id, name, state, site, grants, join_token_id, key_digest)
        VALUES ('${plane.admin.tenant}', '${id}', 'press', 'active', 'plant-1', '{erp}', 'none', 'updated')`),
    );
    const update = (input: string) =>
      ask(`mutation { updateAgent(id: "${id}", input: { ${input} }) { name site grants } }`);
    expect((await update('name: "press-7", addGrants: ["line=7"]')).data).toEqual({
      updateAgent: { name: 'press-7', site: 'plant-1', grants: ['erp', 'line=7'] },
    });
    expect((await update('site: null')).data).toMatchObject({ updateAgent: { name: 'press-7', site: null } });
    expect((await update('')).codes).toEqual(['REQUEST_INVALID']);
    expect((await update('grants: ["secret=portal"]')).codes).toEqual(['REQUEST_INVALID']);
    expect((await update('name: "a\\u001b[2J"')).codes).toEqual(['REQUEST_INVALID']);
    const viewer = askerWith(plane.url, await plane.keyOf('viewer'));
    const denied = await viewer(`mutation { updateAgent(id: "${id}", input: { name: "x" }) { name } }`);
    expect(denied.codes).toEqual(['PERMISSION_DENIED']);
  });

  it('count dead letters', async () => {
    const answer = await ask(
      '{ deadLetterCounts { total complete others reasons { permanent } workflows { workflow } } }',
    );
    expect(answer.data).toEqual({
      deadLetterCounts: { total: 0, complete: true, others: 0, reasons: { permanent: 0 }, workflows: [] },
    });
  });

  it('deny by the permission of the operation, links too', async () => {
    const id = await submitted();
    const { key } = await plane.client.call(api.apiKeys.create, { body: { name: 'jobs', scopes: ['jobs:read'] } });
    const narrow = askerWith(plane.url, key);
    const answer = await narrow(`{ job(id: "${id}") { state workflow { name } } agents { nextCursor } }`);
    expect(answer.data).toEqual({ job: { state: 'pending', workflow: null }, agents: null });
    expect(answer.codes).toEqual(['PERMISSION_DENIED', 'PERMISSION_DENIED']);
    expect((await narrow(`mutation { cancelJob(id: "${id}") { state } }`)).codes).toEqual(['PERMISSION_DENIED']);
    expect((await ask(`{ job(id: "${id}") { state workflow { name } } }`)).codes).toEqual([]);
  });
});

describe('what comes in', () => {
  const key = () => ({ authorization: `Bearer ${plane.admin.apiKey}` });
  const query = '{ me { role } }';

  it('is JSON, one request, by POST', async () => {
    expect((await post(plane.url, { query }, key())).status).toBe(200);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/graphql+json',
    ]) {
      const answer = await post(plane.url, { query }, { ...key(), 'content-type': type });
      expect([type, answer.body.code]).toEqual([type, 'MEDIA_TYPE_UNSUPPORTED']);
    }
    expect((await post(plane.url, [{ query }], key())).body.code).toBe('REQUEST_INVALID');
    expect((await post(plane.url, { query, more: 1 }, key())).body.code).toBe('REQUEST_INVALID');
    const got = await fetch(`${plane.url}/graphql?query=${encodeURIComponent(query)}`, { headers: key() });
    expect(got.status).toBe(404);
  });

  it('is of somebody: anonymous callers learn nothing, not even of mistakes', async () => {
    for (const asked of [query, '{ __schema { types { name } } }', '{ mee { role } }', '{ a']) {
      const answer = await post(plane.url, { query: asked });
      expect([answer.status, answer.body.code]).toEqual([401, 'AUTH_REQUIRED']);
      expect(answer.text).not.toMatch(/Did you mean|Query|role/);
    }
    const known = await ask('{ __schema { queryType { name } } }');
    expect(known.data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  });

  it('by a session proves that it comes from the console', async () => {
    const { email, password } = plane.admin;
    const response = await fetch(`${plane.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    const { csrfToken } = (await response.json()) as { csrfToken: string };
    const cookie = response.headers.get('set-cookie')!.split(';')[0]!;
    expect((await post(plane.url, { query }, { cookie })).body.code).toBe('CSRF_TOKEN_WRONG');
    expect((await post(plane.url, { query }, { cookie, 'x-csrf-token': csrfToken })).data).toEqual({
      me: { role: 'owner' },
    });
  });

  it('sees nothing of another tenant', async () => {
    const id = await submitted();
    const stranger = askerWith(plane.url, await plane.keyOf('owner', 'elsewhere'));
    const answer = await stranger(`{ job(id: "${id}") { id } jobs { items { id } } }`);
    expect(answer.data).toEqual({ job: null, jobs: { items: [] } });
    expect(answer.codes).toEqual(['JOB_NOT_FOUND']);
    const client = createClient({ url: plane.url, apiKey: plane.admin.apiKey });
    expect((await client.call(api.jobs.get, { params: { id } })).id).toBe(id);
  });
});
