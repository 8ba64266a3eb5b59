/** Answers that become files, over real servers: what arrives whole is there under its name, and nothing else ever is. */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '@casare/shared/protocol';
import { newRunFolder, removeRunFolders, type RunSetup } from '../../engine/engine-for-tests.ts';
import { StepFailure, type StepPolicy } from '../../engine/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { createStepRegistry } from '../index.ts';
import { json, runHttp, serve, type TestServer } from './server-for-tests.ts';
import { createTransport, type Transport } from './transport.ts';

/** More than an answer that becomes an output may have. */
const REPORT = randomBytes(6_000_000);
let server: TestServer;
let other: TestServer;
let raw: Server;
let rawOrigin: string;

/** Writes bytes as they stand, for answers that no honest server gives. */
const HOSTILE: Readonly<Record<string, (socket: Socket) => void>> = {
  '/cut': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n' + 'x'.repeat(50_000), () => socket.destroy());
  },
  '/cut-chunk': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nff\r\nhal', () => socket.end());
  },
  '/endless': (socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`));
    };
    socket.on('drain', more);
    more();
  },
  '/wrong-length': (socket) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 12, 13\r\n\r\nhello world!');
  },
  '/vast': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nx');
  },
};

beforeAll(async () => {
  other = await serve((_asked, response) => void response.end('elsewhere'));
  server = await serve(({ path, headers, method }, response) => {
    if (path === '/report')
      return void response.writeHead(200, { 'content-type': 'application/vnd.ms-excel', etag: '"7"' }).end(REPORT);
    if (path === '/zipped')
      return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a;b\n1;2\n'));
    if (path === '/half-zipped')
      return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(REPORT).subarray(0, 3_000_000));
    if (path === '/echo') return void response.writeHead(200).end(`${'-'.repeat(70_000)}${headers['x-key'] as string}`);
    if (path === '/key') return void response.writeHead(200).end(headers['x-key']);
    if (path === '/accept') return void response.writeHead(200).end(headers.accept);
    if (path === '/none') return void response.writeHead(204).end();
    if (path === '/empty') return void response.writeHead(200).end();
    if (path === '/same') return void response.writeHead(304).end();
    if (path === '/login' && headers.authorization === undefined)
      return void response.writeHead(401, { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' }).end('no');
    if (path === '/login') return void response.writeHead(200).end('in');
    if (path === '/moved') return void response.writeHead(302, { location: '/report' }).end('not this');
    if (path === '/away') return void response.writeHead(302, { location: `${other.origin}/x` }).end('not this');
    if (path === '/made') return void response.writeHead(201).end(method);
    return json(response, { why: 'ENOSPC, says the server' }, Number(path.slice(1)));
  });
  raw = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (head: Buffer) => HOSTILE[head.toString().split(' ')[1] ?? '']?.(socket));
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  rawOrigin = `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await server.close();
  await other.close();
  await new Promise((resolve) => raw.close(resolve));
  removeRunFolders();
});

const task = (path: string, more = '', saveAs = 'reports/may.xls', method = 'get'): string =>
  `do:\n  - a: { call: http, with: { method: ${method}, endpoint: '${path}'${more} }, metadata: { rpa: { saveAs: ${saveAs} } } }`;

/** Runs it; what lies in the run's files afterwards. */
async function run(yaml: string, origin = server.origin, setup: RunSetup = {}) {
  const runFolder = setup.runFolder ?? newRunFolder();
  const ran = await runHttp(yaml, origin, { ...setup, runFolder });
  const root = join(runFolder, 'files');
  const files = existsSync(root)
    ? readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((one) => (one.isFile() ? [one.name] : []))
    : [];
  return { ...ran, files, runFolder };
}
const errorIn = (ending: unknown) => (ending as { error?: { code?: string; status?: number; detail?: string } }).error;

describe('an answer that is a file', () => {
  it('is streamed whole, and the output says what it is', async () => {
    const { ending, files, runFolder } = await run(task('ORIGIN/report'));
    const sha256 = createHash('sha256').update(REPORT).digest('hex');
    expect(ending).toMatchObject({
      type: 'run.completed',
      output: {
        request: { method: 'GET', uri: `${server.origin}/report` },
        statusCode: 200,
        headers: { etag: '"7"' },
        file: { path: 'reports/may.xls', bytes: REPORT.length, sha256, mediaType: 'application/vnd.ms-excel' },
      },
    });
    expect(files).toEqual(['may.xls']);
    expect(readFileSync(join(runFolder, 'files/reports/may.xls')).equals(REPORT)).toBe(true);
    // Without the file it would be an output, and for that it is too large.
    const plain = await run("do:\n  - a: { call: http, with: { method: get, endpoint: 'ORIGIN/report' } }");
    expect(errorIn(plain.ending)).toMatchObject({
      code: 'HTTP_CONTENT_TOO_LARGE',
      detail: expect.stringContaining('saveAs') as string,
    });
  });

  it('is named by an expression, decompressed, and asked for as anything', async () => {
    const named = await run(task('ORIGIN/zipped', '', `'\${ .month + ".csv" }'`), undefined, {
      input: { month: 'may' },
    });
    expect(named.ending).toMatchObject({ output: { file: { path: 'may.csv', bytes: 8, mediaType: 'text/csv' } } });
    expect(readFileSync(join(named.runFolder, 'files/may.csv'), 'utf8')).toBe('a;b\n1;2\n');
    const { runFolder } = await run(task('ORIGIN/accept', '', 'a.txt'));
    expect(readFileSync(join(runFolder, 'files/a.txt'), 'utf8')).toBe('*/*');
  });

  it('is the answer behind a challenge and a redirect, not what led there', async () => {
    const digest = '{ uri: ORIGIN/login, authentication: { digest: { username: anna, password: pw } } }';
    const login = await run(
      `do:\n  - a: { call: http, with: { method: get, endpoint: ${digest} }, metadata: { rpa: { saveAs: a } } }`,
    );
    expect(readFileSync(join(login.runFolder, 'files/a'), 'utf8')).toBe('in');
    const moved = await run(task('ORIGIN/moved', ', redirect: true'));
    expect(moved.ending).toMatchObject({ output: { statusCode: 200, file: { bytes: REPORT.length } } });
  });

  it.each([
    ['an answer without content', '/none', '', 204],
    ['nothing new', '/same', ', redirect: true', 304],
  ])('is not there for %s, and an earlier one stays', async (_what, path, more, statusCode) => {
    const runFolder = newRunFolder();
    await run(task('ORIGIN/zipped'), undefined, { runFolder });
    const { ending, files } = await run(task(`ORIGIN${path}`, more), undefined, { runFolder });
    expect(ending).toMatchObject({ type: 'run.completed', output: { statusCode, file: null } });
    expect(files).toEqual(['may.xls']);
  });

  it('may be empty', async () => {
    expect((await run(task('ORIGIN/empty'))).ending).toMatchObject({ output: { file: { bytes: 0 } } });
  });
});

/** As the agent's, with a file of at most 100,000 bytes. */
const narrow: Transport = (request, limits) =>
  createTransport({})(request, {
    ...limits,
    receiver: limits.receiver && { ...limits.receiver, maxBytes: 100_000 },
  });

describe('what is no whole answer leaves no file', () => {
  it.each([
    ['a connection that is cut', '/cut', 'HTTP_BROKEN'],
    ['a chunk that ends early', '/cut-chunk', 'HTTP_BROKEN'],
    ['a length that is two', '/wrong-length', 'HTTP_BROKEN'],
    ['a length beyond the bound', '/vast', 'HTTP_FILE_TOO_LARGE'],
    ['a content that never ends', '/endless', 'HTTP_FILE_TOO_LARGE'],
  ])('%s', async (_what, path, code) => {
    const steps = createStepRegistry({ home: '/nowhere', env: {}, platform: process.platform, transport: narrow });
    const { ending, files } = await run(task(`ORIGIN${path}`), rawOrigin, { steps });
    expect(errorIn(ending)).toMatchObject({ code });
    expect(files).toEqual([]);
  });

  it('a zipped content that ends early', async () => {
    const { ending, files } = await run(task('ORIGIN/half-zipped'));
    expect([errorIn(ending)?.code, files]).toEqual(['HTTP_BROKEN', []]);
  });

  it.each([404, 500, 302])('an answer %i, and the file of an earlier success stays', async (status) => {
    const runFolder = newRunFolder();
    await run(task('ORIGIN/zipped'), undefined, { runFolder });
    const { ending, files } = await run(task(`ORIGIN/${status}`), undefined, { runFolder });
    expect(errorIn(ending)).toMatchObject({ code: 'HTTP_STATUS', status });
    expect(files).toEqual(['may.xls']);
    expect(readFileSync(join(runFolder, 'files/reports/may.xls'), 'utf8')).toBe('a;b\n1;2\n');
  });

  it('a redirect to a host that the policy refuses', async () => {
    const policy: StepPolicy = {
      ...unrestricted,
      checkUrl: (url) =>
        url.startsWith(server.origin)
          ? Promise.resolve()
          : Promise.reject(
              new StepFailure({ type: 'authorization', code: 'POLICY_URL_REFUSED', title: 'No', certain: true }),
            ),
    };
    const away = task('ORIGIN/away', ', redirect: true');
    const refused = await run(away, undefined, { policy });
    expect([errorIn(refused.ending)?.code, refused.files, other.asked]).toEqual(['POLICY_URL_REFUSED', [], []]);
    expect((await run(away)).ending).toMatchObject({ output: { file: { bytes: 9 } } });
  });

  it('an answer that echoes a secret of the call', async () => {
    const yaml = (header: string) =>
      `use: { secrets: [key] }\ndo:\n  - a: { input: { from: '{ k: $secrets.key }' }, call: http, with: { method: get, endpoint: ORIGIN/${header}, headers: { x-key: '\${ .k }' } }, metadata: { rpa: { saveAs: a.txt } } }`;
    const secrets = { key: 'canary-hunter22' };
    const echoed = await run(yaml('echo'), undefined, { secrets });
    expect([errorIn(echoed.ending)?.code, echoed.files]).toEqual(['SECRET_IN_FILE', []]);
    expect((await run(yaml('accept'), undefined, { secrets })).files).toEqual(['a.txt']);
  });

  it('an answer that echoes a secret in pieces', async () => {
    const bytewise: Transport = (request, { receiver, ...limits }) =>
      createTransport({})(request, {
        ...limits,
        receiver: receiver && {
          ...receiver,
          write: async (piece) => {
            for (const byte of piece) await receiver.write(Buffer.of(byte));
          },
        },
      });
    const steps = createStepRegistry({ home: '/nowhere', env: {}, platform: process.platform, transport: bytewise });
    const yaml = (path: string) =>
      `use: { secrets: [key] }\ndo:\n  - a: { input: { from: '{ k: $secrets.key }' }, call: http, with: { method: get, endpoint: ORIGIN/${path}, headers: { x-key: '\${ .k }' } }, metadata: { rpa: { saveAs: a.txt } } }`;
    const secrets = { key: 'canäry-hünter22' };
    const echoed = await run(yaml('key'), undefined, { secrets, steps });
    expect([errorIn(echoed.ending)?.code, echoed.files]).toEqual(['SECRET_IN_FILE', []]);
    expect((await run(yaml('zipped'), undefined, { secrets, steps })).files).toEqual(['a.txt']);
  });

  it.each([
    ['leads out of the run', '\'\${ "../x" }\'', 'STEP_ARGUMENTS_INVALID'],
    ['is a folder', 'taken', 'FILE_NAME_TAKEN'],
  ])('a name that %s', async (_what, saveAs, code) => {
    const runFolder = newRunFolder();
    mkdirSync(join(runFolder, 'files/taken'), { recursive: true });
    const { ending, files } = await run(task('ORIGIN/zipped', '', saveAs), undefined, { runFolder });
    expect([errorIn(ending)?.code, files]).toEqual([code, []]);
  });

  it('nothing is asked where the name is below a file', async () => {
    const runFolder = newRunFolder();
    mkdirSync(join(runFolder, 'files'));
    writeFileSync(join(runFolder, 'files/reports'), 'in the way');
    server.asked.length = 0;
    const { ending } = await run(task('ORIGIN/made', '', 'reports/a', 'post'), undefined, { runFolder });
    expect([errorIn(ending)?.code, server.asked]).toEqual(['FILE_NAME_TAKEN', []]);
  });
});

describe('after a restart', () => {
  const UNTIL_DONE = 4;

  async function resumed(
    method: string,
    { dieAfter, elsewhere, more = '' }: { dieAfter: number; elsewhere: boolean; more?: string },
  ) {
    const yaml = task('ORIGIN/made', '', 'a.txt', method).replace(/ }$/, `${more} }`) + '\n  - b: { set: { x: 1 } }';
    const first = newRunFolder();
    const journal: RunEvent[] = [];
    await runHttp(yaml, server.origin, { runFolder: first, dieAfter }, journal).catch(() => undefined);
    server.asked.length = 0;
    const runFolder = elsewhere ? newRunFolder() : first;
    const { ending, files } = await run(yaml, undefined, { journal, runFolder, artifacts: ['a.txt'] });
    return { ending: ending.type, files, asked: server.asked.length };
  }

  it('a file that is there is not asked for again, and one that is elsewhere is, if the method may be repeated', async () => {
    const completed = { dieAfter: UNTIL_DONE };
    expect(await resumed('get', { ...completed, elsewhere: false })).toEqual({
      ending: 'run.completed',
      files: ['a.txt'],
      asked: 0,
    });
    expect(await resumed('get', { ...completed, elsewhere: true })).toEqual({
      ending: 'run.completed',
      files: ['a.txt'],
      asked: 1,
    });
    expect(await resumed('post', { ...completed, elsewhere: true })).toEqual({
      ending: 'run.completed',
      files: [],
      asked: 0,
    });
  });

  it('it is known by its name where the document keeps nothing of it', async () => {
    const completed = { dieAfter: UNTIL_DONE, more: ", output: { as: '.statusCode' }" };
    expect(await resumed('get', { ...completed, elsewhere: false })).toMatchObject({ asked: 0 });
    expect(await resumed('get', { ...completed, elsewhere: true })).toMatchObject({ files: ['a.txt'], asked: 1 });
  });

  it('in doubt, a GET is made again and a POST is not', async () => {
    const started = { dieAfter: 2, elsewhere: false };
    expect(await resumed('get', started)).toEqual({ ending: 'run.completed', files: ['a.txt'], asked: 1 });
    expect(await resumed('post', started)).toMatchObject({ ending: 'run.suspended', asked: 0 });
  });
});

const disk = smallDisk();
afterAll(() => disk.end());
describe.skipIf(disk.folder === null)('on a disk that fills up (needs the right to mount one)', () => {
  it('it is told, and no file is left', async () => {
    const runFolder = disk.folder!;
    const { ending, files } = await run(task('ORIGIN/report'), undefined, { runFolder });
    expect([errorIn(ending)?.code, files]).toEqual(['DISK_FULL', []]);
    expect((await run(task('ORIGIN/zipped'), undefined, { runFolder })).files).toEqual(['may.xls']);
  });

  it('a POST that was answered stays in doubt', async () => {
    const { ending } = await run(task('ORIGIN/report', '', 'a', 'post'), undefined, { runFolder: disk.folder! });
    expect(ending).toMatchObject({ type: 'run.suspended', reason: expect.stringContaining('disk') as string });
  });
});

/** A disk of 2 MiB, or null where none can be mounted. */
function smallDisk(): { readonly folder: string | null; end(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'casare-small-disk-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return { folder: null, end: remove };
  }
  return {
    folder,
    end: () => {
      execFileSync('umount', ['-l', folder]);
      remove();
    },
  };
}
