/** What serves a run record on loopback: who gets in, and that nothing of a record is ever a page. */
import { RECORD_FILES, type RunRecord } from '@casare/shared/record';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunArchive } from './archive.ts';
import { browserCommand } from './open-browser.ts';
import { serveRun, type RunView } from './server.ts';

const POLICY = "default-src 'none'; script-src 'sha256-x'";
const VIEWER = `<head><meta http-equiv="Content-Security-Policy" content="${POLICY}" /></head>`;
const NAME = '<b>ä "report".html';
const files = new Map([
  [RECORD_FILES.steps, '[]'],
  ['artifacts/1/report.html', '<script>alert(1)</script>'],
]);
const archive: RunArchive = {
  run: {
    artifacts: [
      { name: `steps/${NAME}`, file: 'artifacts/1/report.html' },
      { name: 'gone', file: null },
    ],
  } as RunRecord,
  open: (name) => {
    const content = files.get(name);
    return Promise.resolve(content === undefined ? null : { bytes: content.length, stream: Readable.from([content]) });
  },
  close: () => undefined,
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let view: RunView;
let cookie: string;
beforeAll(async () => {
  view = await serveRun(archive, VIEWER);
  const entered = await get(pathOf(view.url), { cookie: '' });
  expect(entered).toMatchObject({ status: 303, headers: { location: '/' } });
  cookie = String(entered.headers['set-cookie']).split(';', 1)[0]!;
  expect(String(entered.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
});
afterAll(() => view.close());

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

/** As the browser that came first, unless the headers say otherwise; the path is sent as it is. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(view.url);
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ hostname, port, path, method, headers: { cookie, ...headers } }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode!, headers: response.headers, body }), reject);
    });
    asked.once('error', reject).end();
  });
}

describe('a record that is served', () => {
  test('is for the browser that opens its address first', async () => {
    expect((await get('/')).status).toBe(200);
    for (const path of ['/', '/steps.json', '/artifacts/0', pathOf(view.url), '/?key=wrong', '/?key=']) {
      const answer = await get(path, { cookie: 'casare_run=wrong' });
      expect(answer, path).toMatchObject({ status: 403, headers: { 'content-type': 'text/plain; charset=utf-8' } });
    }
  });

  test('is not given to a page that found another name for this machine, nor to anything but GET', async () => {
    expect((await get('/', { host: 'evil.test' })).status).toBe(421);
    expect((await get('/', { host: `localhost:${new URL(view.url).port}` })).status).toBe(421);
    expect((await get('/', {}, 'POST')).status).toBe(405);
  });

  test('has one page, which is the viewer under its own policy, and which nothing may frame', async () => {
    const page = await get('/');
    expect(page.body).toBe(VIEWER);
    expect(page.headers['content-security-policy']).toBe(`${POLICY}; frame-ancestors 'none'`);
    expect(page.headers['x-frame-options']).toBe('DENY');
    const data = await get('/steps.json');
    expect(data).toMatchObject({ status: 200, body: '[]', headers: { 'content-type': 'application/json' } });
  });

  test('gives artifacts as downloads, whatever they are', async () => {
    const { headers, status, body } = await get('/artifacts/0');
    expect({ status, body }).toEqual({ status: 200, body: '<script>alert(1)</script>' });
    expect(headers).toMatchObject({
      ...{ 'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff' },
      'content-security-policy': "sandbox; default-src 'none'",
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(NAME)}`,
    });
  });

  test.each(['/artifacts/1', '/artifacts/2', '/artifacts/-1', '/../../etc/passwd', '/log.jsonl'])(
    'has nothing at %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

test('a browser is opened only where somebody could see it', () => {
  const on = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv) => browserCommand('http://x/', { platform, env });
  expect(on('linux', {})).toBeNull();
  expect(on('linux', { DISPLAY: ':0' })).toEqual(['xdg-open', ['http://x/']]);
  expect(on('linux', { WAYLAND_DISPLAY: 'w' })?.[0]).toBe('xdg-open');
  expect(on('darwin', {})?.[0]).toBe('open');
  expect(on('win32', {})?.[0]).toBe('rundll32');
});
