/** The edge against a small controller of its own: parsing, permissions, problems, bounds, listeners. */
import { Controller, Get, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { endpoint, Problem } from '@casare/shared/api';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Fault } from '../errors.ts';
import { refuse } from '../refusal.ts';
import { AUTHENTICATOR, type Authenticator, type Caller } from './caller.ts';
import { Handles, type Call } from './handles.ts';
import { openTestEdge, sendRaw, type TestEdge } from './testing.ts';

const echo = endpoint({
  id: 'test.echo',
  method: 'POST',
  path: '/echo/{id}',
  summary: 'Gives back what it got.',
  permission: 'jobs:write',
  params: z.object({ id: z.uuid() }),
  query: z.object({ n: z.coerce.number().int().optional() }),
  body: z.union([z.string(), z.strictObject({ value: z.json() })]),
  textBodies: ['application/yaml'],
  status: 201,
  answer: { json: z.object({ body: z.json(), tenant: z.string() }) },
});
const lies = endpoint({
  id: 'test.lies',
  method: 'GET',
  path: '/lies',
  summary: 'Answers otherwise than declared.',
  permission: 'public',
  answer: { json: z.object({ n: z.number() }) },
});
const fails = endpoint({
  id: 'test.fails',
  method: 'GET',
  path: '/fails/{how}',
  summary: 'Fails.',
  permission: 'signedIn',
  params: z.object({ how: z.enum(['refusal', 'fault', 'error']) }),
  answer: 'nothing',
});
const file = endpoint({
  id: 'test.file',
  method: 'GET',
  path: '/file',
  summary: 'Sends a file.',
  permission: 'public',
  answer: 'bytes',
});
const ticks = endpoint({
  id: 'test.ticks',
  method: 'GET',
  path: '/ticks',
  summary: 'Sends events.',
  permission: 'public',
  answer: 'events',
});
const knock = endpoint({
  id: 'test.knock',
  method: 'POST',
  path: '/enrol/knock',
  summary: 'On the enrol listener.',
  permission: 'public',
  answer: 'nothing',
});

let streamEnded: () => void;
const streamWasEnded = new Promise<void>((resolve) => (streamEnded = resolve));

@Controller()
class TestController {
  @Handles(echo)
  async echo(call: Call<typeof echo>) {
    return { body: call.body, tenant: call.caller.tenant };
  }
  @Handles(lies)
  async lies() {
    return { n: 'not a number' as unknown as number };
  }
  @Handles(fails)
  async fails({ params }: Call<typeof fails>) {
    if (params.how === 'refusal') return refuse('conflict', 'TEST_CONFLICT', 'Somebody was first.');
    if (params.how === 'fault') throw new Fault({ code: 'TEST_FAULT', what: 'It is away', status: 503 });
    throw new Error('the password is hunter2');
  }
  @Handles(file)
  async file() {
    return { stream: Readable.from(['%PDF']), mediaType: 'text/html', bytes: 4, name: 'a/"b".html' };
  }
  @Handles(ticks)
  async ticks({ signal }: Call<typeof ticks>) {
    return (async function* () {
      yield { id: '1', event: 'tick', data: { text: 'a\nb' } };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      streamEnded();
    })();
  }
  @Handles(knock, { prefix: '' })
  async knock() {}
}

const callers: Record<string, Caller> = {};
for (const role of ['owner', 'viewer'] as const) {
  const base = { tenant: 'acme', accountId: crypto.randomUUID(), email: null, role, actor: role };
  callers[role] = { ...base, scopes: null, via: 'apiKey', credential: role, csrfToken: null };
  callers[`session-${role}`] = { ...base, scopes: null, via: 'session', credential: role, csrfToken: 'csrf-1' };
}
const authenticator: Authenticator = {
  authenticate: async ({ apiKey, sessionToken }) => callers[apiKey ?? `session-${sessionToken}`] ?? null,
  stillIn: async (open) => new Map(open.map((caller) => [caller.credential, caller])),
};

@Module({
  imports: [DiscoveryModule],
  controllers: [TestController],
  providers: [{ provide: AUTHENTICATOR, useValue: authenticator }],
})
class TestModule {}

let edge: TestEdge;
let enrolEdge: TestEdge;
beforeAll(async () => {
  edge = await openTestEdge(TestModule);
  enrolEdge = await openTestEdge(TestModule, 'enrol');
});
afterAll(async () => {
  await edge.close();
  await enrolEdge.close();
});

const ID = '0198a7c0-0000-7000-8000-000000000000';
function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  path = `/api/v1/echo/${ID}`,
): Promise<Response> {
  const all = new Headers({ authorization: 'Bearer owner', 'content-type': 'application/json', ...headers });
  if (all.get('authorization') === '') all.delete('authorization');
  return fetch(`${edge.url}${path}`, { method: 'POST', headers: all, body });
}
async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  return Problem.parse(await response.json());
}

describe('parsing', () => {
  test('JSON and declared text bodies arrive, the answer has the declared status', async () => {
    const json = await post('{"value": {"a": [1, "é"]}}');
    expect([json.status, await json.json()]).toEqual([201, { body: { value: { a: [1, 'é'] } }, tenant: 'acme' }]);
    const yaml = await post('value: 1', { 'content-type': 'application/yaml; charset=utf-8' });
    expect(await yaml.json()).toEqual({ body: 'value: 1', tenant: 'acme' });
  });

  test.each([
    ['not JSON', '{"value": ', 400, 'REQUEST_INVALID'],
    ['no body', '', 400, 'REQUEST_INVALID'],
    ['unknown member', '{"value": 1, "x": 2}', 400, 'REQUEST_INVALID'],
    ['__proto__', '{"value": {"__proto__": {"admin": true}}}', 400, 'REQUEST_INVALID'],
    ['constructor', '{"value": {"constructor": {"prototype": {}}}}', 400, 'REQUEST_INVALID'],
    ['NUL in a value', '{"value": "a\\u0000b"}', 400, 'REQUEST_INVALID'],
    ['NUL in a key', '{"value": {"a\\u0000": 1}}', 400, 'REQUEST_INVALID'],
    ['half a surrogate pair', '{"value": "\\ud800"}', 400, 'REQUEST_INVALID'],
    ['depth bomb', `{"value": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, 'REQUEST_INVALID'],
    ['oversized', JSON.stringify({ value: 'x'.repeat(1_048_576) }), 413, 'BODY_TOO_LARGE'],
  ])('%s is refused', async (_, body, status, code) => {
    const response = await post(body);
    expect([response.status, (await problem(response)).code]).toEqual([status, code]);
  });

  test('what cannot be read as a request is a problem too', async () => {
    const large = await sendRaw(edge.port, `GET /api/v1/file?x=${'x'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(large).toMatch(/^HTTP\/1.1 431 .*\r\nContent-Type: application\/problem\+json\r\n/);
    expect(Problem.parse(JSON.parse(large.split('\r\n\r\n')[1]!)).code).toBe('HEAD_TOO_LARGE');
    expect(await sendRaw(edge.port, 'no request\r\n\r\n')).toContain('"code":"REQUEST_UNREADABLE"');
  });

  test('an oversized body without a length is refused too', async () => {
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`;
    const head = `POST /api/v1/echo/${ID} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer owner\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await sendRaw(edge.port, head + chunk.repeat(17))).toMatch(/^HTTP\/1.1 413 /);
  });

  test('bytes that are not UTF-8, an unknown media type, a wrong path and query are refused by name', async () => {
    expect((await post(new Uint8Array([0x22, 0xff, 0x22]))).status).toBe(400);
    expect((await post('<a/>', { 'content-type': 'text/xml' })).status).toBe(415);
    const wrong = await problem(await post('{"value": 1}', {}, '/api/v1/echo/nr-1?n=1'));
    expect(wrong.problems?.[0]?.path).toBe('path/id');
    expect((await problem(await post('{"value": 1}', {}, `/api/v1/echo/${ID}?n=x`))).problems?.[0]?.path).toBe(
      'query/n',
    );
    expect((await problem(await post('{"value": 1}', {}, `/api/v1/echo/${ID}?n=1&n=2`))).detail).toMatch(/given twice/);
  });

  test('a broken or NUL percent-encoding in the path is a problem, not a crash', async () => {
    for (const path of ['/api/v1/echo/%zz', '/api/v1/echo/%00']) {
      const response = await post('{"value": 1}', {}, path);
      expect([path, response.status, (await problem(response)).code]).toEqual([path, 400, 'REQUEST_INVALID']);
    }
  });
});

describe('permissions', () => {
  const status = async (headers: Record<string, string>) =>
    (await post('{"value": 1}', { authorization: '', ...headers })).status;

  test('no key, a wrong key, a role without the right', async () => {
    expect(await status({})).toBe(401);
    expect(await status({ authorization: 'Bearer nobody' })).toBe(401);
    expect(await status({ authorization: 'Basic b3duZXI6' })).toBe(401);
    expect(await status({ authorization: 'Bearer viewer' })).toBe(403);
  });

  test('a session needs its CSRF token to change something; a wrong key is not made up for by a cookie', async () => {
    const cookie = 'other=1; casare_session=owner';
    expect(await status({ cookie })).toBe(403);
    expect(await status({ cookie, 'x-csrf-token': 'csrf-2' })).toBe(403);
    expect(await status({ cookie, 'x-csrf-token': 'csrf-1' })).toBe(201);
    expect(await status({ cookie, 'x-csrf-token': 'csrf-1', authorization: 'Bearer nobody' })).toBe(401);
  });

  test('over TLS a session is known by a cookie that no neighbour can set, and by no other', async () => {
    const secure = await openTestEdge(TestModule, 'web', { https: true });
    const calledBy = async (cookie: string) =>
      (await fetch(`${secure.url}/api/v1/fails/refusal`, { headers: { cookie } })).status;
    expect([await calledBy('__Host-casare_session=owner'), await calledBy('casare_session=owner')]).toEqual([409, 401]);
    await secure.close();
  });

  test('a route without a declaration is a failure at startup', async () => {
    @Controller()
    class Undeclared {
      @Get('/open')
      open() {
        return 'anyone';
      }
    }
    @Module({ imports: [TestModule], controllers: [Undeclared] })
    class Wrong {}
    await expect(openTestEdge(Wrong)).rejects.toThrow('Undeclared.open');
  });
});

describe('answers', () => {
  const get = (path: string) => fetch(`${edge.url}${path}`, { headers: { authorization: 'Bearer owner' } });

  test('refusals and faults keep their code, an unexpected error says nothing', async () => {
    const refusal = await get('/api/v1/fails/refusal');
    expect([refusal.status, (await problem(refusal)).code]).toEqual([409, 'TEST_CONFLICT']);
    const fault = await get('/api/v1/fails/fault');
    expect([fault.status, (await problem(fault)).code, fault.headers.get('retry-after')]).toEqual([
      503,
      'TEST_FAULT',
      '5',
    ]);
    const error = await get('/api/v1/fails/error');
    const text = JSON.stringify(await problem(error));
    expect(error.status).toBe(500);
    expect(text).not.toContain('hunter2');
    expect(text).toContain(error.headers.get('x-request-id'));
  });

  test('an answer that is not as declared never leaves', async () => {
    const response = await get('/api/v1/lies');
    expect([response.status, (await problem(response)).code]).toEqual([500, 'INTERNAL_ERROR']);
  });

  test('bytes are saved, not shown', async () => {
    const response = await get('/api/v1/file');
    expect(await response.text()).toBe('%PDF');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; /);
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
  });

  test('events are framed, and the source ends when the client goes', async () => {
    const client = new AbortController();
    const response = await fetch(`${edge.url}/api/v1/ticks`, { signal: client.signal });
    let text = '';
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    while (!text.includes('data:')) text += (await reader.read()).value ?? '';
    expect(text).toContain('id: 1\nevent: tick\ndata: {"text":"a\\nb"}\n\n');
    client.abort();
    await streamWasEnded;
  });

  test('unknown paths are problems; every answer has the security headers', async () => {
    const response = await get('/api/v1/nothing');
    expect([response.status, (await problem(response)).code]).toEqual([404, 'ROUTE_NOT_FOUND']);
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('x-powered-by')).toBeNull();
  });

  test('health, metrics and the API description need no key', async () => {
    expect((await fetch(`${edge.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${edge.url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${edge.url}/metrics`)).text()).toContain(
      'casare_http_request_seconds_count{operation="test.',
    );
    expect(await (await fetch(`${edge.url}/api/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0' });
    const schema = await (await fetch(`${edge.url}/api/workflow.schema.json`)).json();
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', required: ['document', 'do'] });
  });
});

describe('listeners', () => {
  test.each(['/enrol/knock', '/ENROL/knock', '/enrol'])('the web listener does not serve %s', async (path) => {
    expect((await fetch(`${edge.url}${path}`, { method: 'POST' })).status).toBe(404);
  });

  test('an absolute-form target does not get around it', async () => {
    const answer = await sendRaw(
      edge.port,
      'POST http://x/enrol/knock HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
  });

  test('the enrol listener serves enrolment and nothing else', async () => {
    expect((await fetch(`${enrolEdge.url}/enrol/knock`, { method: 'POST' })).status).toBe(204);
    for (const path of ['/healthz', '/api/v1/ticks', '/']) {
      expect((await fetch(`${enrolEdge.url}${path}`)).status).toBe(404);
    }
  });
});
