/**
 * Attacks 31 and 33, on every operation of the API's one table: what a role may not do, what another tenant may not do, and
 * values that mean harm. Nothing here names an operation: whoever adds one adds its thing to `two-tenants.ts`, or this fails.
 */
import { allows, API_PREFIX, ENDPOINTS, Role, type Endpoint } from '@casare/shared/api';
import { request } from 'node:http';
import { afterAll, beforeAll, expect } from 'vitest';
import { attack } from './attack.ts';
import { keysOf, openTwoTenants, OTHER, type TwoTenants } from './two-tenants.ts';

/** Requests under way at once. */
const AT_ONCE = 4;
let two: TwoTenants;
let own: Map<Role, string>;
let others: Map<Role, string>;
beforeAll(async () => {
  two = await openTwoTenants();
  own = await keysOf(two.plane, Role.options);
  others = await keysOf(two.plane, Role.options, OTHER);
});
afterAll(() => two.plane.close());

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
}

async function call(endpoint: Endpoint, path: string, key: string | null, body?: string): Promise<Answer> {
  const stop = new AbortController();
  const response = await fetch(`${two.plane.url}${API_PREFIX}${path}`, {
    method: endpoint.method,
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), 'content-type': 'application/json' },
    signal: stop.signal,
    ...(endpoint.method === 'GET' || body === undefined ? {} : { body }),
  });
  // A stream of events has no end.
  const text = endpoint.answer === 'events' && response.ok ? '' : await response.text();
  stop.abort();
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json');
  return { status: response.status, code: isProblem ? (JSON.parse(text) as { code: string }).code : undefined, text };
}

/** Does `work` for each, some at once; what it says is wrong, all of it. */
async function wrongOf<T>(items: readonly T[], work: (item: T) => Promise<string | null>): Promise<string[]> {
  const wrong: string[] = [];
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      const said = await work(item);
      if (said !== null) wrong.push(said);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return wrong;
}

/** A failure of ours; that somebody else's server cannot be reached is none. */
const hasFailed = ({ status, code }: Answer) => status >= 500 && code !== 'OUTBOUND_FAILED';
const said = ({ id }: Endpoint, who: string, { status, code, text }: Answer) =>
  `${id} as ${who}: ${status} ${code ?? text.slice(0, 200)}`;
const may = (role: Role, { permission }: Endpoint) => allows({ role, scopes: null }, permission);
// What shows comes before what changes: nobody is shown what they have sent themselves.
const inOrder = ENDPOINTS.toSorted((a, b) => Number(a.method !== 'GET') - Number(b.method !== 'GET'));
const each = inOrder.flatMap((endpoint) => Role.options.map((role) => ({ endpoint, role })));

attack(
  31,
  'without a key, or with a wrong one: nothing but what is public',
  [
    {
      file: 'control-plane/src/platform/http/guard.ts',
      find: 'if (caller === null) {',
      replace: 'if (caller === null) return null as never;\n    if (caller === undefined) {',
    },
  ],
  async () => {
    const wrongKey = `${own.get('owner')!.slice(0, -4)}AAAA`;
    const wrong = await wrongOf(ENDPOINTS, async (endpoint) => {
      for (const key of [null, wrongKey]) {
        const answer = await call(endpoint, two.pathTo(endpoint), key, '{}');
        const isRefused = answer.status === 401 && answer.code === 'AUTH_REQUIRED';
        if (isRefused === (endpoint.permission === 'public')) return said(endpoint, 'nobody', answer);
      }
      return null;
    });
    expect(wrong).toEqual([]);
  },
);

attack(
  31,
  'each operation by each role of its tenant: let through or denied as the one table of permissions says',
  [
    {
      file: 'control-plane/src/platform/http/guard.ts',
      find: 'if (!mayCall(caller, endpoint)) throw',
      replace: 'if (false) throw',
    },
  ],
  async () => {
    const nothing = '0198a7c0-0000-7000-8000-000000000000';
    const wrong = await wrongOf(each, async ({ endpoint, role }) => {
      // Who only reads sees the real thing; what changes names nothing, so that all find the same.
      const real = two.pathTo(endpoint);
      const path =
        endpoint.method === 'GET' || real === endpoint.path ? real : real.replace(idIn(endpoint, real), nothing);
      const answer = await call(endpoint, path, own.get(role)!, '{}');
      const isDenied = answer.status === 403 && answer.code === 'PERMISSION_DENIED';
      if (!may(role, endpoint)) return isDenied ? null : said(endpoint, role, answer);
      const isRight =
        endpoint.method === 'GET'
          ? answer.status === 200 ||
            ['ARTIFACT_FILE_MISSING', 'ARTIFACT_LINK_INVALID', 'OPERATOR_ONLY'].includes(answer.code ?? '')
          : answer.status < 500 && answer.status !== 401 && !isDenied && answer.code !== 'ROUTE_NOT_FOUND';
      return isRight ? null : said(endpoint, role, answer);
    });
    expect(wrong).toEqual([]);
  },
);

/** What the tenant in each statement stands before: either of the two is enough, and the prover sees both. */
const ROW_SECURITY = {
  file: 'control-plane/migrations/0028_row_security.sql',
  find: `EXECUTE format('CREATE POLICY tenant ON %s TO casare_app USING (%I = current_setting(''casare.tenant'', true))', relation, key);`,
  replace: `EXECUTE format('CREATE POLICY tenant ON %s TO casare_app USING (true)', relation);`,
};

attack(
  31,
  'each operation by each role of another tenant, about the real things of this one: nothing is seen, nothing changes',
  [
    {
      file: 'control-plane/src/jobs/dead-letter.store.ts',
      find: 'WHERE j.tenant_id = $1 AND j.id = $2 AND j.dead_letter IS NOT NULL`',
      replace: 'WHERE $1::text IS NOT NULL AND j.id = $2 AND j.dead_letter IS NOT NULL`',
      behind: [ROW_SECURITY],
    },
    {
      file: 'control-plane/src/accounts/people.store.ts',
      find: '`SELECT ${PERSON} FROM account WHERE tenant_id = $1 AND id = $2`',
      replace: '`SELECT ${PERSON} FROM account WHERE $1::text IS NOT NULL AND id = $2`',
      behind: [ROW_SECURITY],
    },
  ],
  async () => {
    // The control: to its own tenant, the mark is shown.
    const shown = await call(endpointOf('accounts.list'), '/accounts', own.get('owner')!);
    expect(two.foreign.some((text) => shown.text.includes(text))).toBe(true);
    const before = await two.rows();
    const wrong = await wrongOf(each, async ({ endpoint, role }) => {
      const path = two.pathTo(endpoint);
      const body = two.bodyOf(endpoint);
      const answer = await call(endpoint, path, others.get(role)!, body);
      if (!may(role, endpoint)) return answer.code === 'PERMISSION_DENIED' ? null : said(endpoint, role, answer);
      // A name may stand for another thing in each tenant.
      const names = path !== endpoint.path && !endpoint.path.includes('{name}');
      const isHidden = [404, 403].includes(answer.status) && answer.code !== 'ROUTE_NOT_FOUND';
      // An answer may repeat what the caller has sent.
      const seen = two.foreign.some((text) => answer.text.includes(text) && !`${path} ${body}`.includes(text));
      return (names ? isHidden : !hasFailed(answer)) && !seen
        ? null
        : said(endpoint, `${role} of another tenant`, answer);
    });
    expect(wrong).toEqual([]);
    expect(await two.rows()).toEqual(before);
  },
);

/** What no body may be, and no value in a body where something else is expected. */
const HOSTILE: readonly unknown[] = [{ toString: 'x' }, ['a'], 'a\u0000b', '\ud800', -1e308];

attack(
  33,
  'an object where a scalar is expected, NUL bytes, half a surrogate pair, absurd numbers: refused, on every operation',
  [
    {
      file: 'control-plane/src/platform/http/parse.ts',
      find: 'throw invalid(parsed.error.issues.flatMap((issue) => problemsOf(name, issue)));',
      replace: 'return value;',
    },
  ],
  async () => {
    const wrong = await wrongOf(ENDPOINTS, async (endpoint) => {
      for (const [what, path, body] of hostileRequests(endpoint)) {
        const answer = await call(endpoint, path, own.get('owner')!, body);
        if (hasFailed(answer)) return said(endpoint, `owner with ${what}`, answer);
      }
      return null;
    });
    expect(wrong).toEqual([]);
  },
);

attack(
  33,
  'prototype keys, depth bombs, text that is no JSON and bodies of 10 MB: 4xx, on every operation that takes a body',
  [
    {
      file: 'control-plane/src/platform/http/body.ts',
      find: 'if (isDeeperThan(text, JSON_DEPTH)) return',
      replace: 'if (false) return',
    },
    {
      file: 'control-plane/src/platform/http/body.ts',
      find: "if (Number(request.headers['content-length'] ?? 0) > limit) return tooLarge();",
      replace: '',
    },
  ],
  async () => {
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    const texts = [
      '{"__proto__":{"admin":true}}',
      '{"constructor":{"prototype":{}}}',
      deep,
      '['.repeat(50_000),
      '{',
      '\u0000',
    ];
    const wrong = await wrongOf(
      ENDPOINTS.filter(({ body }) => body !== undefined),
      async (endpoint) => {
        for (const text of texts) {
          const answer = await call(endpoint, two.pathTo(endpoint), own.get('owner')!, text);
          if (answer.status < 400 || answer.status >= 500) {
            // A document that is text is judged as one.
            if (endpoint.id !== 'workflows.validate') return said(endpoint, `owner with ${text.slice(0, 40)}`, answer);
          }
        }
        const { status } = await sendLarge(endpoint);
        return status >= 400 && status < 500 ? null : `${endpoint.id} with 10 MB: ${status}`;
      },
    );
    expect(wrong).toEqual([]);
    expect((await fetch(`${two.plane.url}/readyz`)).status).toBe(200);
  },
);

/** Each scalar of the example replaced by each hostile value, and the same in the path and the query. */
function* hostileRequests(endpoint: Endpoint): Generator<[what: string, path: string, body: string | undefined]> {
  const path = two.pathTo(endpoint);
  const text = two.bodyOf(endpoint);
  if (endpoint.body !== undefined) {
    const example: unknown = JSON.parse(text!);
    for (const value of HOSTILE) {
      for (const at of leavesOf(example))
        yield [`${at.join('/')} = ${JSON.stringify(value)}`, path, JSON.stringify(replaced(example, at, value))];
    }
  }
  if (path !== endpoint.path)
    for (const id of ['%00', "'--", 'x'.repeat(5_000)]) yield [id, path.replace(idIn(endpoint, path), id), text];
  for (const name of Object.keys(endpoint.query?.shape ?? { none: null })) {
    for (const value of ['%00', '-1', '1e309', '[object%20Object]', '%ED%A0%80'])
      yield [`?${name}=${value}`, `${path}?${name}=${value}`, text];
    yield [`?${name}[a]`, `${path}?${name}[a]=1&${name}=1&${name}=2`, text];
  }
}

function leavesOf(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...at]];
  return Object.entries(value).flatMap(([key, member]) => leavesOf(member, [...at, key]));
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

function idIn(endpoint: Endpoint, path: string): string {
  const at = endpoint.path.split('/').findIndex((part) => part.startsWith('{'));
  return at < 0 ? '' : path.split('/')[at]!;
}

function endpointOf(id: string): Endpoint {
  return ENDPOINTS.find((endpoint) => endpoint.id === id)!;
}

const LARGE = Buffer.from(JSON.stringify({ text: 'x'.repeat(10_000_000) }));

/** Announces 10 MB, and sends as many to an operation that takes them. */
function sendLarge(endpoint: Endpoint): Promise<{ status: number }> {
  const body = LARGE;
  return new Promise((resolve, reject) => {
    const sending = request(`${two.plane.url}${API_PREFIX}${two.pathTo(endpoint)}`, {
      method: endpoint.method,
      headers: {
        authorization: `Bearer ${own.get('owner')!}`,
        'content-type': 'application/json',
        'content-length': body.length,
      },
    });
    sending.on('response', (response) => {
      resolve({ status: response.statusCode! });
      response.resume();
      sending.destroy();
    });
    // What is sent on after the refusal is not read.
    sending.on('error', (error: NodeJS.ErrnoException) => {
      if (!['EPIPE', 'ECONNRESET'].includes(error.code ?? '')) reject(error);
    });
    if ((endpoint.bodyBytes ?? 0) > body.length) sending.end(body);
    else sending.write(body.subarray(0, 65_536));
  });
}
