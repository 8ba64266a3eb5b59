/**
 * Every operation that changes something leaves an entry in the audit log, and so does every sign-in, one that fails too.
 * Nothing here names an operation but those that are excepted, or that need more than this test can set up: whoever adds one
 * finds it here.
 */
import { API_PREFIX, ENDPOINTS, type Endpoint } from '@casare/shared/api';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { openTwoTenants, OTHER, type TwoTenants } from './two-tenants.ts';

const written = sql<{ n: number }, []>('testAuditWritten', 'SELECT count(*)::int AS n FROM audit_event');
const refused = sql<{ tenant: string; subject: string; detail: object }, []>(
  'testAuditRefused',
  `SELECT tenant_id AS tenant, subject, detail FROM audit_event WHERE action = 'session.refused' ORDER BY seq`,
);

/** Done, and no entry: why that is right. */
const EXCEPTED: Readonly<Record<string, string>> = {
  'auth.logout': 'by an API key there is no session to be closed; of a session: below',
  'signOn.leave': 'the same',
  'accounts.resetSecondFactor': 'there is none to be reset: second-factor.test.ts',
  'workflows.validate': 'changes nothing',
  'jobs.submit': 'the job itself says by whom and when; what becomes of it is its run record',
  'jobs.submitBulk': 'the same',
  'schedules.preview': 'changes nothing',
};

/** Refused here: what it needs stands in the test that shows its entry. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'auth.login': 'a password: below',
  'auth.acceptInvitation': 'an invitation: people.test.ts',
  'auth.changePassword': 'a session: auth.test.ts',
  'secondFactor.begin': 'a session: second-factor.test.ts',
  'secondFactor.confirm': 'the same',
  'secondFactor.newRecoveryCodes': 'the same',
  'providers.create': 'a provider that answers: sign-on.test.ts',
  'signOn.begin': 'the same',
  'signOn.complete': 'the same',
  'workflows.sign': 'a signature: signing.test.ts',
  'jobs.review': 'a job that waits for a person: jobs.test.ts',
  'schedules.create': 'its workflow: firing.test.ts',
  'schedules.update': 'the same',
  'rotations.start': 'no rotation under way: the one that is was started, and audited, when the tenants were made',
  'authorities.import': 'a request: offline-roots.test.ts',
  'sessions.end': 'a session that is open: sessions.test.ts',
  'secondFactor.remove': 'a second factor: second-factor.test.ts',
  'secrets.seal': 'an agent with that key: secrets/sealed.test.ts',
  'secrets.deleteVersion': 'a secret: it was deleted before',
};

/** Examples that would change nothing as they are. */
const BODIES: Readonly<Record<string, object>> = {
  'accounts.setPlatform': { platform: true },
  'deadLetters.purge': { filter: {} },
};

/** What has to be done for it: a tenant is deleted when it is suspended, a job cancelled while it is not over. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  'tenants.delete': ['tenants.suspend'],
  'jobs.cancel': ['jobs.retry'],
  'jobs.pause': ['jobs.retry'],
  'jobs.resume': ['jobs.retry', 'jobs.pause'],
};

const failAgain = sql<never, [job: string]>(
  'testAuditFailAgain',
  `WITH ready AS (DELETE FROM job_ready WHERE job_id = $1), waiting AS (DELETE FROM job_waiting WHERE job_id = $1)
   UPDATE job SET state = 'failed', dead_letter = 'permanent', ended_at = now() WHERE id = $1`,
);

let two: TwoTenants;
beforeAll(async () => {
  two = await openTwoTenants();
  await two.plane.keyOf('viewer', OTHER);
});
afterAll(() => two.plane.close());

const entries = async (): Promise<number> => (await two.plane.database.db.query(written()))[0]!.n;

/** With the other tenant, which may be suspended and deleted, and an action that changes something. */
function pathTo(endpoint: Endpoint): string {
  const path = two
    .pathTo(endpoint)
    .replace(/\/approve$/, '/pause')
    .replace(`/tenants/${two.plane.admin.tenant}`, `/tenants/${OTHER}`);
  return endpoint.id === 'tenants.delete' ? `${path}?confirm=${OTHER}` : path;
}

async function call(endpoint: Endpoint): Promise<number> {
  const response = await fetch(`${two.plane.url}${API_PREFIX}${pathTo(endpoint)}`, {
    method: endpoint.method,
    headers: { authorization: `Bearer ${two.plane.admin.apiKey}`, 'content-type': 'application/json' },
    body:
      endpoint.id in BODIES
        ? JSON.stringify(BODIES[endpoint.id])
        : (two.bodyOf(endpoint) ?? '{}').replace('"dryRun":true', '"dryRun":false'),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Those that take something away come last, so that it is there before. */
function weight({ id, method }: Endpoint): number {
  const tenants = ['tenants.suspend', 'tenants.resume', 'tenants.delete'].indexOf(id);
  if (tenants >= 0) return 2 + tenants;
  return method === 'DELETE' || /revoke|remove|disable|cancel|purge/i.test(id) ? 1 : 0;
}

it('every operation that changes something', async () => {
  const changing = ENDPOINTS.filter(({ method }) => method !== 'GET').sort((a, b) => weight(a) - weight(b));
  const silent: string[] = [];
  const notDone: string[] = [];
  for (const endpoint of changing) {
    await two.plane.database.owner.execute(failAgain(two.things.get('/jobs/')!));
    for (const before of BEFORE[endpoint.id] ?? []) await call(changing.find(({ id }) => id === before)!);
    const before = await entries();
    const status = await call(endpoint);
    if (status >= 300) notDone.push(endpoint.id);
    else if ((await entries()) === before) silent.push(endpoint.id);
  }
  expect({ silent: silent.sort(), notDone: notDone.sort() }).toEqual({
    silent: Object.keys(EXCEPTED).sort(),
    notDone: Object.keys(ELSEWHERE).sort(),
  });
});

it('every sign-in, one that fails too, whether or not there is such an account', async () => {
  const { plane } = two;
  const { email, password } = JSON.parse(await readFile(path.join(plane.home, 'admin.json'), 'utf8')) as Record<
    string,
    string
  >;
  const logIn = async (body: object): Promise<number> =>
    (
      await fetch(`${plane.url}${API_PREFIX}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    ).status;
  const before = (await plane.database.db.query(refused())).length;
  expect(await logIn({ email, password: 'wrong' })).toBe(401);
  expect(await logIn({ email: 'nobody@example.com', password: 'wrong' })).toBe(401);
  expect((await plane.database.db.query(refused())).slice(before)).toMatchObject([
    { tenant: plane.admin.tenant, detail: { why: 'password' } },
    { tenant: '_installation', subject: expect.stringContaining('address:') as string },
  ]);
  const opened = await entries();
  const signedIn = await fetch(`${plane.url}${API_PREFIX}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  expect(signedIn.status).toBe(200);
  expect(await entries()).toBe(opened + 1);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const { csrfToken } = (await signedIn.json()) as { csrfToken: string };
  const headers = { cookie, 'x-csrf-token': csrfToken, 'content-type': 'application/json' };
  const left = await fetch(`${plane.url}${API_PREFIX}/auth/logout`, { method: 'POST', headers, body: '{}' });
  expect(left.status).toBeLessThan(300);
  expect(await entries()).toBe(opened + 2);
});
