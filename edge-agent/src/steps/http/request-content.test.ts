/** Files that are sent, to real servers which read forms by the platform's own parser. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createRawServer, type AddressInfo, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '@casare/shared/protocol';
import { newRunFolder, removeRunFolders, type RunSetup } from '../../engine/engine-for-tests.ts';
import { StepFailure, type StepPolicy } from '../../engine/index.ts';
import { createTestPki } from '../../identity/pki-for-tests.ts';
import { unrestricted } from '../../policy/index.ts';
import { runHttp } from './server-for-tests.ts';

/** More than a socket holds. */
const LARGE = randomBytes(5_000_000);
interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}
const received: Received[] = [];
const server = createServer((request, response) => {
  void buffer(request).then((body) => {
    const { url = '', headers } = request;
    received.push({ path: url, headers, body });
    if (url === '/login' && headers.authorization === undefined)
      return response.writeHead(401, { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' }).end('no');
    if (url === '/moved') return response.writeHead(307, { location: '/there' }).end();
    if (url === '/500') return response.writeHead(500).end();
    return response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
});
let origin: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  removeRunFolders();
});

const task = (rpa: string, args = '', path = '/in', method = 'post'): string =>
  `do:\n  - a: { call: http, with: { method: ${method}, endpoint: ${path.startsWith('{') ? path : `ORIGIN${path}`}${args} }, metadata: { rpa: { ${rpa} } } }`;

async function run(yaml: string, files: Readonly<Record<string, Buffer | string>>, setup: RunSetup = {}) {
  received.length = 0;
  const runFolder = setup.runFolder ?? newRunFolder();
  for (const [name, content] of Object.entries(files)) {
    const path = join(runFolder, 'files', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return runHttp(yaml, origin, { ...setup, runFolder });
}
const code = (ending: unknown) => (ending as { error?: { code?: string } }).error?.code;
/** The form, as the platform reads it. */
const formOf = ({ headers, body }: Received): Promise<FormData> =>
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it reads what this test has sent
  new Response(new Uint8Array(body), { headers: { 'content-type': headers['content-type'] ?? '' } }).formData();
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('a file as the content', () => {
  it('is streamed with its length and its type', async () => {
    const { ending } = await run(task('bodyFrom: reports/may.pdf'), { 'reports/may.pdf': LARGE });
    expect(ending).toMatchObject({ type: 'run.completed', output: { ok: true } });
    expect(received[0]?.headers).toMatchObject({
      'content-length': String(LARGE.length),
      'content-type': 'application/pdf',
    });
    expect(digest(received[0]!.body)).toBe(digest(LARGE));
  });

  it('has the type that a header says, a name by an expression, and may be empty', async () => {
    const header = ', headers: { Content-Type: text/x-mine }';
    await run(task("bodyFrom: '${ .name }'", header), { 'empty.bin': '' }, { input: { name: 'empty.bin' } });
    expect(received[0]).toMatchObject({ headers: { 'content-type': 'text/x-mine', 'content-length': '0' } });
  });

  it.each([
    ['a challenge', '{ uri: ORIGIN/login, authentication: { digest: { username: anna, password: pw } } }', ''],
    ['a redirect that keeps the method', '/moved', ', redirect: true'],
  ])('is sent again after %s', async (_what, path, args) => {
    const { ending } = await run(task('bodyFrom: a.bin', args, path), { 'a.bin': LARGE });
    expect(ending.type).toBe('run.completed');
    expect(received.map(({ body }) => digest(body))).toEqual([digest(LARGE), digest(LARGE)]);
  });
});

describe('a form with files', () => {
  it('has the fields of the body, and files with their names and types', async () => {
    const files = `formFiles: { invoice: 'in/Rechnung "ü".pdf', more: [a.csv, { file: a.csv, name: "b\\r\\n.x", mediaType: text/x-mine }] }`;
    const body = `, body: { month: '2026-05', tags: [x, "y\\r\\n--z"], none: null, 'od"d': 1 }`;
    const { ending } = await run(task(files, body), { 'in/Rechnung "ü".pdf': LARGE, 'a.csv': 'a;b\n' });
    expect(ending).toMatchObject({ type: 'run.completed' });
    const form = await formOf(received[0]!);
    expect([...form.keys()]).toEqual(['month', 'tags', 'tags', 'od"d', 'invoice', 'more', 'more']);
    expect([form.get('month'), form.getAll('tags'), form.get('od"d')]).toEqual(['2026-05', ['x', 'y\r\n--z'], '1']);
    const invoice = form.get('invoice') as File;
    expect([invoice.name, invoice.type]).toEqual(['Rechnung "ü".pdf', 'application/pdf']);
    expect(digest(new Uint8Array(await invoice.arrayBuffer()))).toBe(digest(LARGE));
    const more = form.getAll('more') as File[];
    expect(more.map(({ name, type }) => [name, type])).toEqual([
      ['a.csv', 'text/csv'],
      ['b\r\n.x', 'text/x-mine'],
    ]);
    expect(await more[1]!.text()).toBe('a;b\n');
    expect(Number(received[0]!.headers['content-length'])).toBe(received[0]!.body.length);
  });

  it('may have no file, where the content type asks for a form', async () => {
    const args = ', headers: { content-type: multipart/form-data }, body: { a: 1 }';
    await run(task('', args), {});
    expect([...(await formOf(received[0]!)).entries()]).toEqual([['a', '1']]);
  });
});

describe('nothing is sent', () => {
  it.each([
    ['a file that is not there', 'bodyFrom: b.bin', '', 'FILE_NOT_FOUND'],
    ['a file outside the run', 'bodyFrom: ../../x', '', 'FILE_NAME_REFUSED'],
    ['a folder', 'formFiles: { a: in }', '', 'FILE_NOT_REGULAR'],
    ['a list as fields', 'formFiles: { a: in/a }', ", body: '${ [1] }'", 'HTTP_BODY_INVALID'],
    [
      'a form under another type',
      'formFiles: { a: in/a }',
      ', headers: { content-type: text/csv }',
      'HTTP_BODY_INVALID',
    ],
    ['two contents', 'bodyFrom: in/a', ", body: '${ 1 }'", 'HTTP_BODY_INVALID'],
    ['a type over two lines', 'formFiles: { a: { file: in/a, mediaType: "a\\r\\nb: c" } }', '', 'HTTP_BODY_INVALID'],
  ])('of %s', async (_what, rpa, args, error) => {
    const { ending } = await run(task(rpa, args), { 'in/a': 'x' });
    expect([code(ending), received]).toEqual([error, []]);
  });

  it('of an absolute path that the policy does not open', async () => {
    const outside = join(newRunFolder(), 'outside.txt');
    writeFileSync(outside, 'x');
    const policy: StepPolicy = {
      ...unrestricted,
      checkFile: () =>
        Promise.reject(
          new StepFailure({ type: 'authorization', code: 'POLICY_FILE_REFUSED', title: 'No', certain: true }),
        ),
    };
    const { ending } = await run(task(`bodyFrom: ${outside}`), {}, { policy });
    expect([code(ending), received]).toEqual(['POLICY_FILE_REFUSED', []]);
    expect((await run(task(`bodyFrom: ${outside}`), {})).ending.type).toBe('run.completed');
  });
});

describe('what goes wrong on the way', () => {
  it('a refusal that comes before everything was sent is the answer', async () => {
    const sockets: Socket[] = [];
    const refusing = createRawServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      // It reads the head and no more.
      socket.once('data', () => socket.pause().write('HTTP/1.1 413 No\r\ncontent-length: 2\r\n\r\nno'));
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const there = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}/`;
    const yaml = task('bodyFrom: a.bin').replace('ORIGIN/in', there);
    const { ending } = await run(yaml, { 'a.bin': randomBytes(50_000_000) });
    expect(ending).toMatchObject({ error: { code: 'HTTP_STATUS', status: 413 } });
    // Who reads nothing does not hear that the other side is gone.
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => refusing.close(resolve));
  });

  it('over TLS nothing of a file reaches a server that is not trusted, and all of it one that is', async () => {
    const { gateway, serverRoot } = await createTestPki();
    const bodies: Buffer[] = [];
    const secure = createSecureServer({ key: gateway.privateKeyPem, cert: gateway.chainPem }, (request, response) => {
      void buffer(request).then((body) => {
        bodies.push(body);
        response.end(LARGE);
      });
    });
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const there = `https://127.0.0.1:${(secure.address() as AddressInfo).port}/`;
    const yaml = task('bodyFrom: a.bin, saveAs: b.bin').replace('ORIGIN/in', there);
    const known = getCACertificates('default');
    expect(code((await run(yaml, { 'a.bin': LARGE })).ending)).toBe('HTTP_TLS_UNTRUSTED');
    expect(bodies).toEqual([]);
    setDefaultCACertificates([...known, serverRoot]);
    const { ending } = await run(yaml, { 'a.bin': LARGE });
    setDefaultCACertificates(known);
    expect(ending).toMatchObject({ output: { file: { path: 'b.bin', sha256: digest(LARGE) } } });
    expect(bodies.map(digest)).toEqual([digest(LARGE)]);
    await new Promise((resolve) => secure.close(resolve));
  });

  it('a file that becomes shorter meanwhile leaves the request unfinished', async () => {
    const runFolder = newRunFolder();
    const asked: number[] = [];
    const cutting = createRawServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        truncateSync(join(runFolder, 'files/a.bin'), 10);
        socket.on('data', (piece: Buffer) => asked.push(piece.length));
      });
    });
    await new Promise<void>((resolve) => cutting.listen(0, '127.0.0.1', resolve));
    const yaml = task('bodyFrom: a.bin', '', '/', 'put').replace(
      'ORIGIN',
      `http://127.0.0.1:${(cutting.address() as AddressInfo).port}`,
    );
    const { ending } = await run(yaml, { 'a.bin': randomBytes(50_000_000) }, { runFolder });
    expect(code(ending)).toBe('FILE_CHANGED');
    await new Promise((resolve) => cutting.close(resolve));
  });

  it('a POST that may have arrived is in doubt, a PUT is sent again when the run goes on', async () => {
    const twice = async (method: string) => {
      const runFolder = newRunFolder();
      const journal: RunEvent[] = [];
      const yaml = task('formFiles: { a: a.csv }', '', '/in', method);
      await run(yaml, { 'a.csv': 'x' }, { runFolder });
      await runHttp(yaml, origin, { runFolder, dieAfter: 2 }, journal).catch(() => undefined);
      received.length = 0;
      const { ending } = await runHttp(yaml, origin, { runFolder, journal });
      return [ending.type, received.length];
    };
    expect(await twice('post')).toEqual(['run.suspended', 0]);
    expect(await twice('put')).toEqual(['run.completed', 1]);
    const { ending } = await run(task('bodyFrom: a.csv', '', '/500'), { 'a.csv': 'x' });
    expect(ending.type).toBe('run.suspended');
  });
});
