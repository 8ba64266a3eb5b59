/** ETags and If-Match: who changes what somebody else has changed meanwhile is told, and of two at once one wins. */
import { api, API_PREFIX, BODY_EXAMPLES, ENDPOINTS } from '@casare/shared/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

let plane: TestControlPlane;
let schedule: string;
let account: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  const { client } = plane;
  const document = { dsl: '1.0.3', namespace: 'a', name: 'tagged', version: '1.0.0' };
  await client.call(api.workflows.push, { body: { ...(BODY_EXAMPLES['workflows.push'] as object), document } });
  schedule = `/schedules/${(await client.call(api.schedules.create, { body: terms(0) })).id}`;
  const invited = await client.call(api.accounts.invite, { body: { email: 'a@example.com', role: 'viewer' } });
  account = `/accounts/${invited.account.id}`;
}, 60_000);
afterAll(() => plane.close());

const terms = (n: number) => ({ name: `n ${n}`, cron: '0 6 * * *', job: { workflow: 'a/tagged' }, enabled: false });

interface Answer {
  readonly status: number;
  readonly tag: string | null;
  readonly code: string | undefined;
}

async function ask(method: string, path: string, more: Record<string, string> = {}, body?: object): Promise<Answer> {
  const response = await fetch(`${plane.url}${API_PREFIX}${path}`, {
    method,
    headers: { authorization: `Bearer ${plane.admin.apiKey}`, 'content-type': 'application/json', ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const { code } = (text === '' ? {} : JSON.parse(text)) as { code?: string };
  return { status: response.status, tag: response.headers.get('etag'), code };
}

const tagOf = async (path: string): Promise<string> => (await ask('GET', path)).tag!;

it('a thing has the same strong tag until it changes', async () => {
  const before = await tagOf(schedule);
  expect(before).toMatch(/^"[\w-]{32}"$/);
  expect(await tagOf(schedule)).toBe(before);
  await ask('POST', schedule, {}, terms(1));
  expect(await tagOf(schedule)).not.toBe(before);
});

it('what the caller has already is not sent again', async () => {
  const path = '/tenant';
  expect((await ask('GET', path)).status).toBe(200);
  const workflow = (await plane.client.call(api.workflows.list)).items[0]!.id;
  const { tag } = await ask('GET', `/workflows/${workflow}`);
  const known = (header: string) => ask('GET', `/workflows/${workflow}`, { 'if-none-match': header });
  expect([(await known(tag!)).status, (await known(`"x", W/${tag!}`)).status, (await known('*')).status]).toEqual([
    304, 304, 304,
  ]);
  expect((await known('"x"')).status).toBe(200);
});

it('an update with the tag of an earlier look is refused, and nothing is done', async () => {
  const old = await tagOf(schedule);
  expect((await ask('POST', schedule, { 'if-match': old }, terms(2))).status).toBe(200);
  const now = await tagOf(schedule);
  const late = { status: 412, code: 'PRECONDITION_FAILED' };
  expect(await ask('POST', schedule, { 'if-match': old }, terms(3))).toMatchObject(late);
  expect(await ask('POST', `${schedule}/enable`, { 'if-match': old })).toMatchObject(late);
  expect(await ask('DELETE', schedule, { 'if-match': old })).toMatchObject(late);
  expect(await ask('DELETE', schedule, { 'if-match': `W/${now}` })).toMatchObject(late);
  expect(await tagOf(schedule)).toBe(now);
  expect(await ask('POST', `${account}/role`, { 'if-match': old }, { role: 'operator' })).toMatchObject(late);
  const role = { 'if-match': `"x", ${await tagOf(account)}` };
  expect((await ask('POST', `${account}/role`, role, { role: 'operator' })).status).toBe(200);
  expect(await ask('POST', `${account}/disable`, role)).toMatchObject(late);
  expect((await ask('POST', `${account}/disable`, { 'if-match': '*' })).status).toBe(200);
});

it.each(['schedule', 'account'])('of many updates of one %s with the same tag exactly one is done', async (kind) => {
  const path = kind === 'schedule' ? schedule : account;
  const tag = { 'if-match': await tagOf(path) };
  const roles = ['admin', 'developer', 'security', 'viewer'] as const;
  const all = await Promise.all(
    roles.map((role, n) =>
      kind === 'schedule' ? ask('POST', path, tag, terms(10 + n)) : ask('POST', `${path}/role`, tag, { role }),
    ),
  );
  expect(all.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
});

it('an operation that would not look at If-Match refuses it', async () => {
  const answer = await ask('POST', '/join-tokens', { 'if-match': '"x"' }, {});
  expect(answer).toMatchObject({ status: 400, code: 'IF_MATCH_NOT_TAKEN' });
});

it('who takes If-Match names the operation that shows the thing, of the same path', () => {
  for (const { id, path, ifMatch } of ENDPOINTS.filter((endpoint) => endpoint.ifMatch !== undefined)) {
    const get = ENDPOINTS.find((endpoint) => endpoint.id === ifMatch);
    expect([id, get?.method, path.startsWith(get?.path ?? '-')]).toEqual([id, 'GET', true]);
  }
});
