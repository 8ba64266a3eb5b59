/**
 * Attack 40 in a browser: a page of an allowed site that leads elsewhere, by redirects, frames, popups, scripts, requests of its
 * own and a file that is fetched again. The forbidden site is a real server that counts what reaches it.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import { stepPolicyOf } from '../../edge-agent/src/policy/index.ts';
import { shareBrowser, type SharedBrowser } from '../../edge-agent/src/steps/browser/run-for-tests.ts';
import { attack } from './attack.ts';

const LISTING = process.env['CASARE_SECURITY_LIST'] !== undefined;
let browser: SharedBrowser;
let allowed: Server;
let forbidden: Server;
let far = '';
let reached: string[] = [];

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
async function listening(answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

beforeAll(async () => {
  if (LISTING) return;
  browser = await shareBrowser();
  forbidden = await listening((request, response) => {
    reached.push(request.url ?? '');
    response
      .writeHead(200, { 'content-type': 'text/html', 'access-control-allow-origin': '*' })
      .end('<h1>Reached</h1>');
  });
  far = `http://127.0.0.1:${portOf(forbidden)}`;
  let served = 0;
  allowed = await listening((request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/to/')) return void response.writeHead(307, { location: far + path }).end();
    if (path === '/twice') {
      served += 1;
      if (served % 2 === 0) return void response.writeHead(302, { location: `${far}/file` }).end();
      return void response.writeHead(200, { 'content-type': 'text/plain' }).end('a text');
    }
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Here</title><h1>Here</h1>
      <a href="/to/link">Link</a> <a href="/twice">File</a> <a href="${far}/popup" target="_blank">Popup</a>
      <form method="post" action="/to/form"><input name="a" value="1"><button>Send</button></form>
      <button onclick="load()">Load</button><script>function load() {
        document.body.insertAdjacentHTML('beforeend', '<iframe src="/to/frame"></iframe><img src="/to/image">');
        new WebSocket('${far.replace('http', 'ws')}/socket').onerror = () => fetch('/to/fetch').finally(() => {
          navigator.sendBeacon('/to/beacon', 'x'); document.title = 'loaded'; });
      }</script>`);
  });
});
afterAll(async () => {
  if (LISTING) return;
  await browser.close();
  await Promise.all([closed(allowed), closed(forbidden)]);
});

/** Goes every way that leads from the allowed site; the codes of what failed. */
async function goEveryWay(restricted: boolean): Promise<string[]> {
  const here = `http://127.0.0.1:${portOf(allowed)}/`;
  const policy = stepPolicyOf(restricted ? { domains: { allow: [new URL(here).host] } } : {});
  const run = await browser.newRun();
  const codes: string[] = [];
  const call = async (name: string, args: unknown): Promise<void> => {
    await run.call(name, args, { policy, timeoutMs: 6_000 }).catch((error: unknown) => {
      codes.push((error as { code: string }).code);
    });
  };
  reached = [];
  try {
    for (const [target, step] of [
      ['link "Link"', 'browser.click'],
      ['button "Send"', 'browser.click'],
      ['link "File"', 'browser.download'],
      ['link "Popup"', 'browser.click'],
    ] as const) {
      await call('browser.open', { url: here });
      await call(step, step === 'browser.click' ? { target } : { target, saveAs: 'file.txt' });
      if (target === 'link "Popup"') await call('browser.tab.waitFor', { expect: { visible: 'heading' } });
      else if (step === 'browser.click') await call('browser.waitFor', { visible: 'heading "Reached"' });
    }
    await call('browser.open', { url: here });
    await call('browser.click', { target: 'button "Load"' });
    const loaded = async () => ((await run.call('browser.tab.list', {}, { policy })) as { title: string }[])[0]?.title;
    await expect.poll(loaded, { timeout: 10_000 }).toBe('loaded');
  } finally {
    await run.end();
  }
  return codes;
}

attack(
  40,
  'a page of an allowed site leads a browser to a forbidden one in no way',
  [
    {
      file: 'edge-agent/src/steps/browser/open.ts',
      find: '...(guard === null ? {} : { proxy: guard.proxy }),',
    },
    {
      file: 'edge-agent/src/browser/policy-proxy.ts',
      find: `  try {
    await check(url);
    return null;`,
      replace: `  try {
    return null;`,
    },
  ],
  async () => {
    const codes = await goEveryWay(true);
    expect(reached).toEqual([]);
    expect(codes.filter((code) => code === 'POLICY_DOMAIN_REFUSED').length).toBeGreaterThanOrEqual(3);
    // The control: without such a policy each way is open.
    await goEveryWay(false);
    const ways = ['/to/link', '/to/form', '/file', '/popup', '/to/frame', '/to/image', '/to/fetch', '/to/beacon'];
    expect(reached).toEqual(expect.arrayContaining(ways));
  },
);
