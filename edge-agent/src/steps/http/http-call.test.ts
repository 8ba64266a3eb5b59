import { createServer as createHttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, createServer } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StepFailure, type StepPolicy } from '../../engine/index.ts';
import { createTestPki } from '../../identity/pki-for-tests.ts';
import { unrestricted } from '../../policy/index.ts';
import { type Asked, json, runHttp, serve, type TestServer } from './server-for-tests.ts';

let server: TestServer;
let other: TestServer;
beforeAll(async () => {
  other = await serve((asked, response) => json(response, { headers: asked.headers, body: asked.body }));
  server = await serve((asked, response) => {
    const path = asked.path.split('?')[0];
    if (path === '/echo')
      return json(response, { method: asked.method, path: asked.path, headers: asked.headers, body: asked.body });
    if (path === '/text')
      return void response
        .writeHead(200, { 'content-type': 'text/plain; charset=latin1' })
        .end(Buffer.from('Zürich', 'latin1'));
    if (path === '/bytes')
      return void response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([1, 2, 255]));
    if (path === '/form')
      return void response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' }).end('a=1&b=x+y&a=2');
    if (path === '/empty') return void response.writeHead(204).end();
    if (path === '/broken')
      return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"a": secret');
    if (path === '/deep')
      return void response.writeHead(200, { 'content-type': 'application/json' }).end('['.repeat(100_000));
    if (path === '/gzip')
      return void response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync('{"zipped":true}'));
    if (path === '/br')
      return void response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'br' })
        .end(brotliCompressSync('{"zipped":true}'));
    if (path === '/bomb')
      return void response
        .writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(50_000_000)));
    if (path === '/status') return json(response, { why: 'no such thing' }, Number(asked.path.split('=')[1]));
    if (path === '/away') return void response.writeHead(302, { location: `${other.origin}/there?x=1` }).end();
    if (path === '/away307') return void response.writeHead(307, { location: `${other.origin}/there` }).end();
    if (path === '/home') return void response.writeHead(303, { location: '/echo' }).end();
    if (path === '/circle') return void response.writeHead(302, { location: '/circle' }).end();
    if (path === '/hang') return;
    return json(response, {}, 404);
  });
});
afterAll(async () => {
  await server.close();
  await other.close();
});
beforeEach(() => {
  server.asked.length = 0;
  other.asked.length = 0;
});

let tunnelled = 0;
/** Carries connections on, as a proxy of a company does. */
function createProxy(): ReturnType<typeof createHttpServer> {
  return createHttpServer().on('connect', (request, client) => {
    tunnelled += 1;
    const [host = '', port] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    for (const one of [client, onward]) one.on('error', () => onward.destroy());
  });
}

const call = (args: string, more = '') => `do:\n  - a: { call: http, with: { ${args} }${more} }`;
const last = (): Asked => server.asked.at(-1)!;
async function outputOf(args: string, setup = {}, more = ''): Promise<unknown> {
  const { ending } = await runHttp(call(args, more), server.origin, setup);
  if (ending.type !== 'run.completed') throw new Error(JSON.stringify(ending));
  return ending.output;
}
async function errorOf(args: string, setup = {}) {
  const { ending, bodies } = await runHttp(call(args), server.origin, setup);
  if (ending.type === 'run.suspended') return { suspended: ending.reason, bodies };
  if (ending.type !== 'run.failed') throw new Error(JSON.stringify(ending));
  return { ...ending.error, bodies };
}

describe('call: http, the request', () => {
  it('has method, filled address, query, headers and a JSON body', async () => {
    const input = { id: 'a/b', tags: ['x', 'y z'] };
    await outputOf(
      "method: post, endpoint: 'ORIGIN/echo?id={id}', query: { tag: '${ .tags }', n: 1, none: null }, headers: { X-One: '1' }, body: { id: '${ .id }' }",
      { input },
    );
    expect(last()).toMatchObject({ method: 'POST', path: '/echo?id=a%2Fb&tag=x&tag=y+z&n=1', body: '{"id":"a/b"}' });
    expect(last().headers).toMatchObject({ 'x-one': '1', 'content-type': 'application/json', 'user-agent': 'Casare' });
    expect(last().headers.accept).toMatch(/^application\/json/);
  });

  it.each([
    ['text', "body: 'plain words'", 'text/plain; charset=utf-8', 'plain words'],
    [
      'a form',
      "headers: { content-type: application/x-www-form-urlencoded }, body: { a: 1, b: 'x y' }",
      'application/x-www-form-urlencoded',
      'a=1&b=x+y',
    ],
    [
      'own JSON',
      'headers: { Content-Type: application/merge-patch+json }, body: { a: null }',
      'application/merge-patch+json',
      '{"a":null}',
    ],
    ['text of a type', "headers: { content-type: application/xml }, body: '<a/>'", 'application/xml', '<a/>'],
  ])('sends %s by its content type', async (_what, args, type, body) => {
    await outputOf(`method: PUT, endpoint: ORIGIN/echo, ${args}`);
    expect(last()).toMatchObject({ body, headers: { 'content-type': type } });
  });

  it.each([
    [
      'an object as XML',
      'method: post, endpoint: ORIGIN/echo, headers: { content-type: application/xml }, body: { a: 1 }',
      'HTTP_BODY_INVALID',
    ],
    [
      'a host of its own',
      'method: get, endpoint: ORIGIN/echo, headers: { Host: other.example }',
      'HTTP_HEADER_REFUSED',
    ],
    [
      'a line end in a header',
      'method: get, endpoint: ORIGIN/echo, headers: { x-a: "1\\r\\nx-b: 2" }',
      'HTTP_HEADER_INVALID',
    ],
    ['no address', 'method: get, endpoint: nowhere', 'HTTP_ADDRESS_INVALID'],
    ['a file', "method: get, endpoint: 'file:///etc/passwd'", 'HTTP_ADDRESS_INVALID'],
    ['credentials in the address', "method: get, endpoint: 'http://anna:pw@127.0.0.1/'", 'HTTP_ADDRESS_INVALID'],
    ['CONNECT', 'method: connect, endpoint: ORIGIN/echo', 'STEP_ARGUMENTS_INVALID'],
  ])('is not sent with %s', async (_what, args, code) => {
    expect(await errorOf(args)).toMatchObject({ code, status: 400 });
    expect(server.asked).toEqual([]);
  });

  it('goes through the proxy of the environment', async () => {
    const env = { HTTP_PROXY: server.origin, NO_PROXY: '127.0.0.2' };
    await runHttp(call('method: get, endpoint: http://shop.invalid/echo'), '', { env });
    expect(last()).toMatchObject({ path: 'http://shop.invalid/echo', headers: { host: 'shop.invalid' } });
  });

  it('asks the policy first, and is not sent when it refuses', async () => {
    const asked: string[] = [];
    const policy: StepPolicy = {
      ...unrestricted,
      checkUrl: (url) => {
        asked.push(url);
        return Promise.reject(
          new StepFailure({ type: 'authorization', code: 'POLICY_URL_REFUSED', title: 'No', certain: true }),
        );
      },
    };
    expect(await errorOf('method: post, endpoint: ORIGIN/echo', { policy })).toMatchObject({
      code: 'POLICY_URL_REFUSED',
      status: 403,
    });
    expect([asked, server.asked]).toEqual([[`${server.origin}/echo`], []]);
  });
});

describe('call: http, the answer', () => {
  it.each([
    ['text', '/text', 'Zürich'],
    ['bytes', '/bytes', 'AQL/'],
    ['a form', '/form', { a: ['1', '2'], b: 'x y' }],
    ['nothing', '/empty', null],
    ['gzip', '/gzip', { zipped: true }],
    ['brotli', '/br', { zipped: true }],
  ])('is read by its type: %s', async (_what, path, output) => {
    expect(await outputOf(`method: get, endpoint: ORIGIN${path}`)).toEqual(output);
  });

  it('is base64 as `raw`, and whole as `response`', async () => {
    expect(await outputOf('method: get, endpoint: ORIGIN/text, output: raw')).toBe(
      Buffer.from('Zürich', 'latin1').toString('base64'),
    );
    const basic = '{ uri: ORIGIN/echo, authentication: { basic: { username: anna, password: secret } } }';
    const output = await outputOf(`method: get, endpoint: ${basic}, output: response`);
    expect(output).toMatchObject({
      request: { method: 'GET', uri: `${server.origin}/echo` },
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      content: { method: 'GET' },
    });
    expect(Object.keys((output as { request: { headers: object } }).request.headers)).not.toContain('authorization');
  });

  it('may be large when the document keeps little of it', async () => {
    const body = JSON.stringify(Array.from({ length: 40_000 }, (_, n) => ({ number: n })));
    const large = await serve(
      (_asked, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(body),
    );
    const run = (more: string) => runHttp(call('method: get, endpoint: ORIGIN/', more), large.origin);
    expect((await run(", output: { as: 'length' }")).ending).toEqual({ type: 'run.completed', output: 40_000 });
    expect((await run('')).ending).toMatchObject({ error: { code: 'OUTPUT_TOO_LARGE' } });
    await large.close();
  });

  it.each([
    ['not JSON', '/broken', { code: 'HTTP_CONTENT_INVALID', status: 502 }],
    ['nested too deep', '/deep', { code: 'HTTP_CONTENT_INVALID', detail: expect.stringContaining('nested') as string }],
    ['a bomb', '/bomb', { code: 'HTTP_CONTENT_TOO_LARGE', status: 502 }],
  ])('is refused when it is %s', async (_what, path, error) => {
    const found = await errorOf(`method: get, endpoint: ORIGIN${path}`);
    expect(found).toMatchObject(error);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it.each([400, 404, 500, 503])('is a communication error with status %i', async (status) => {
    const found = await errorOf(`method: get, endpoint: 'ORIGIN/status?code=${status}'`);
    expect(found).toMatchObject({ status, code: 'HTTP_STATUS', instance: '/do/0/a' });
    expect(found).toMatchObject({
      type: expect.stringMatching(/communication$/) as string,
      detail: expect.stringContaining('no such thing') as string,
    });
  });

  it('leaves an unsafe request in doubt where it may have acted, and only there', async () => {
    const post = (path: string) => errorOf(`method: post, endpoint: '${path}'`);
    expect(await post('ORIGIN/status?code=404')).toMatchObject({ status: 404 });
    expect(await post('http://127.0.0.1:1/')).toMatchObject({ code: 'HTTP_UNREACHABLE', status: 503 });
    expect(await post('ORIGIN/status?code=500')).toMatchObject({
      suspended: expect.stringContaining('may have acted') as string,
    });
    expect(await post('ORIGIN/away')).toMatchObject({ suspended: expect.stringContaining('302') as string });
    const cutting = createServer((socket) => socket.once('data', () => socket.destroy()));
    await new Promise<void>((resolve) => cutting.listen(0, '127.0.0.1', resolve));
    const { port } = cutting.address() as { port: number };
    expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({
      suspended: expect.stringContaining('cut') as string,
    });
    expect(await errorOf(`method: get, endpoint: 'http://127.0.0.1:${port}/'`)).toMatchObject({ code: 'HTTP_BROKEN' });
    cutting.close();
  });

  it('of a server whose certificate is not trusted is none, and nothing was sent to it', async () => {
    const { gateway } = await createTestPki();
    let asked = 0;
    const secure = createSecureServer({ key: gateway.privateKeyPem, cert: gateway.chainPem }, () => (asked += 1));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { port } = secure.address() as { port: number };
    const found = await errorOf(`method: post, endpoint: 'https://127.0.0.1:${port}/', body: { a: 1 }`);
    expect(found).toMatchObject({ code: 'HTTP_TLS_UNTRUSTED', status: 502 });
    // The same through a proxy, where nobody can say when the connection stood.
    const proxy = createProxy();
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const env = { HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as { port: number }).port}` };
    expect(await errorOf(`method: get, endpoint: 'https://127.0.0.1:${port}/'`, { env })).toMatchObject({
      code: 'HTTP_TLS_UNTRUSTED',
    });
    expect([asked, tunnelled]).toEqual([0, 1]);
    proxy.close();
    secure.close();
  });

  it('is waited for until the deadline', async () => {
    const yaml = call('method: get, endpoint: ORIGIN/hang', ', timeout: { after: { milliseconds: 50 } }');
    const { systemClock } = await import('../../engine/index.ts');
    const { ending } = await runHttp(yaml, server.origin, { clock: systemClock as never });
    expect(ending).toMatchObject({ error: { status: 408, code: 'TIMED_OUT' } });
  });
});

describe('call: http, redirects', () => {
  it('are errors unless the document follows them', async () => {
    expect(await errorOf('method: get, endpoint: ORIGIN/away')).toMatchObject({
      status: 302,
      detail: expect.stringContaining('redirect: true') as string,
    });
    expect(other.asked).toEqual([]);
  });

  it('take neither credentials nor headers of the document to another origin', async () => {
    const endpoint = '{ uri: ORIGIN/away, authentication: { bearer: { token: t-12345 } } }';
    await outputOf(
      `method: get, endpoint: ${endpoint}, redirect: true, headers: { x-api-key: k-1, cookie: c=1, accept: text/plain }`,
    );
    expect(last().headers).toMatchObject({ authorization: 'Bearer t-12345', 'x-api-key': 'k-1', cookie: 'c=1' });
    expect(other.asked[0]).toMatchObject({ method: 'GET', path: '/there?x=1', headers: { accept: 'text/plain' } });
    for (const name of ['authorization', 'x-api-key', 'cookie']) expect(other.asked[0]!.headers[name]).toBeUndefined();
  });

  it('keep them at home, and a POST becomes a GET without its content', async () => {
    const endpoint = '{ uri: ORIGIN/home, authentication: { bearer: { token: t-12345 } } }';
    await outputOf(`method: post, endpoint: ${endpoint}, redirect: true, body: { a: 1 }`);
    expect(last()).toMatchObject({
      method: 'GET',
      path: '/echo',
      body: '',
      headers: { authorization: 'Bearer t-12345' },
    });
    expect(last().headers['content-type']).toBeUndefined();
  });

  it('are asked of the policy hop by hop', async () => {
    const policy: StepPolicy = {
      ...unrestricted,
      checkUrl: (url) =>
        url.startsWith(server.origin)
          ? Promise.resolve()
          : Promise.reject(
              new StepFailure({ type: 'authorization', code: 'POLICY_URL_REFUSED', title: 'No', certain: true }),
            ),
    };
    expect(await errorOf('method: get, endpoint: ORIGIN/away, redirect: true', { policy })).toMatchObject({
      code: 'POLICY_URL_REFUSED',
    });
    expect(other.asked).toEqual([]);
    // The first hop of a POST has acted: the refusal of the second one says nothing about it.
    expect(await errorOf('method: post, endpoint: ORIGIN/away, redirect: true', { policy })).toMatchObject({
      suspended: expect.any(String) as string,
    });
  });

  it('end after ten, and carry no content with a secret elsewhere', async () => {
    expect(await errorOf('method: get, endpoint: ORIGIN/circle, redirect: true')).toMatchObject({
      code: 'HTTP_REDIRECT_REFUSED',
    });
    expect(server.asked).toHaveLength(11);
    const put = (body: string) =>
      `use: { secrets: [pin] }\ndo:\n  - a: { input: { from: '{ s: $secrets.pin, w: 1 }' }, call: http, with: { method: put, endpoint: ORIGIN/away307, redirect: true, body: { it: '\${ ${body} }' } } }`;
    const secrets = { pin: 'hunter2222' };
    const { ending } = await runHttp(put('.s'), server.origin, { secrets });
    expect(ending).toMatchObject({ type: 'run.failed', error: { code: 'HTTP_REDIRECT_REFUSED' } });
    expect(other.asked).toEqual([]);
    await runHttp(put('.w'), server.origin, { secrets });
    expect(other.asked[0]).toMatchObject({ method: 'PUT', body: '{"it":1}' });
  });
});
