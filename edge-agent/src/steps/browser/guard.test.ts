/**
 * Under a policy that names hosts, nothing of a session reaches another one: not by a link, a redirect, a form, a script, a
 * frame, a popup, a sub-resource, a WebSocket, nor by the download that is fetched again. Allowed and refused sites are real
 * servers; the refused one counts what reaches it.
 */
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startPolicyProxy } from '../../browser/index.ts';
import type { StepPolicy } from '../../engine/index.ts';
import { stepPolicyOf } from '../../policy/index.ts';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

let browser: SharedBrowser;
let site: TestSite;
let elsewhere: Server;
let reached: string[] = [];
let run: TestRun;
let far = '';
let policy: StepPolicy;

beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    reached.push(request.url ?? '');
    response
      .writeHead(200, { 'content-type': 'text/html', 'access-control-allow-origin': '*' })
      .end('<h1>Elsewhere</h1>');
  });
  elsewhere.on('connection', () => reached.push('a connection'));
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  far = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  const page = `<h1>Here</h1><a href="${far}/link">Link</a> <a href="/redirect">Redirect</a>
    <a href="/deep">Deep</a> <a href="${far}/popup" target="_blank">Popup</a>
    <form method="post" action="/post"><button>Send</button></form>
    <button onclick="setTimeout(() => { location.href = '${far}/script'; }, 0)">Script</button>
    <button onclick="fetch('${far}/fetch').then(() => { document.title = 'fetched'; },
      () => { document.title = 'refused'; })">Fetch</button>
    <button onclick="new WebSocket('${far.replace('http', 'ws')}/socket').onerror = () => { document.title = 'no socket'; }">Socket</button>
    <button onclick="document.body.insertAdjacentHTML('beforeend', '<iframe title=Far src=${far}/frame></iframe><img src=${far}/image>')">Frame</button>
    <button onclick="fetch('/onward').catch(() => { document.title = 'not onward'; })">Onward</button>`;
  const to = (path: string, status = 302) =>
    ((_, response) => response.writeHead(status, { location: `${far}${path}` }).end()) as Parameters<
      typeof serve
    >[0][string];
  browser = await shareBrowser();
  site = await serve({
    '/': page,
    '/next': '<h1>Next</h1>',
    '/redirect': to('/redirected'),
    '/post': to('/posted', 307),
    '/onward': to('/onward'),
    '/deep': (_, response) => response.writeHead(302, { location: '/redirect' }).end(),
  });
  policy = stepPolicyOf({ domains: { allow: [new URL(site.url).host] } });
});
afterAll(async () => {
  await browser.close();
  await site.close();
  elsewhere.closeAllConnections();
  await new Promise((resolve) => elsewhere.close(resolve));
});
beforeEach(async () => {
  run = await browser.newRun();
  reached = [];
});
afterEach(() => run.end());

const call = (name: string, args: unknown, under = policy): Promise<unknown> =>
  run.call(name, args, { policy: under, timeoutMs: 5_000 });
const open = (under = policy): Promise<unknown> => call('browser.open', { url: `${site.url}/` }, under);

describe('a policy that names hosts', () => {
  test('the allowed site works, and the control: without a policy every way leads elsewhere', async () => {
    await open();
    await call('browser.goto', { url: `${site.url}/next`, expect: { visible: 'heading "Next"' } });
    const free = stepPolicyOf({});
    for (const link of ['Link', 'Redirect', 'Deep']) {
      await open(free);
      await call('browser.click', { target: `link "${link}"`, expect: { visible: 'heading "Elsewhere"' } }, free);
    }
    expect(reached).toEqual(expect.arrayContaining(['/link', '/redirected', '/redirected']));
  });

  test('an address is refused before anything is asked', async () => {
    const opened = await failureOf(call('browser.open', { url: `${far}/` }));
    expect(opened).toMatchObject({ code: 'POLICY_DOMAIN_REFUSED', type: 'authorization', certain: true });
    await open();
    expect(await failureOf(call('browser.goto', { url: `${far}/` }))).toMatchObject({ code: 'POLICY_DOMAIN_REFUSED' });
    await expect(call('browser.goto', { url: `${site.url}/redirect` })).rejects.toMatchObject({
      code: 'POLICY_DOMAIN_REFUSED',
      certain: true,
    });
    await expect(call('browser.goto', { url: `${site.url}/deep` })).rejects.toMatchObject({
      code: 'POLICY_DOMAIN_REFUSED',
    });
    expect(reached).toEqual([]);
  });

  test.each([
    ['a link', 'link "Link"'],
    ['a redirect', 'link "Redirect"'],
    ['a redirect to a redirect', 'link "Deep"'],
    ['a form', 'button "Send"'],
    ['a script', 'button "Script"'],
  ])('%s that leads elsewhere fails the step, in doubt, with what the policy says', async (_, target) => {
    await open();
    const failure = await failureOf(call('browser.click', { target, expect: { visible: 'heading "Elsewhere"' } }));
    expect(failure).toMatchObject({ code: 'POLICY_DOMAIN_REFUSED', type: 'authorization', certain: false });
    expect(failure.detail).toContain(new URL(far).host);
    expect(reached).toEqual([]);
    // The session is usable: a refusal is told once.
    await call('browser.goto', { url: `${site.url}/next`, expect: { visible: 'heading "Next"' } });
  });

  test('a popup is refused, and its opener goes on', async () => {
    await open();
    await call('browser.click', { target: 'link "Popup"' }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'POLICY_DOMAIN_REFUSED' });
    });
    await failureOf(call('browser.tab.waitFor', { expect: { visible: 'heading "Elsewhere"' } }));
    await call('browser.tab.switch', { index: 1 }).catch(() => call('browser.tab.switch', { index: 1 }));
    expect(await call('browser.text', { target: 'heading' })).toBe('Here');
    expect(reached).toEqual([]);
  });

  test('what a page only wants to load, and what a redirect of it leads to, is left out; the page goes on', async () => {
    await open();
    const title = async (button: string, url: string): Promise<void> => {
      await call('browser.click', { target: `button "${button}"` });
      await expect
        .poll(async () => (await call('browser.tab.list', {})) as { title: string }[])
        .toMatchObject([{ title: url }]);
    };
    await title('Fetch', 'refused');
    await title('Socket', 'no socket');
    await title('Onward', 'not onward');
    await call('browser.click', { target: 'button "Frame"', expect: { visible: 'frame "Far"' } });
    expect(await call('browser.exists', { target: 'frame "Far" >> heading "Elsewhere"' })).toBe(false);
    expect(reached).toEqual([]);
    await failureOf(call('browser.text', { target: 'heading "Nowhere"' }));
    expect(run.logs.join('\n')).toContain(`the agent's policy refused ${new URL(far).host}`);
  });
});

describe('the proxy itself', () => {
  test('tunnels and forwards what is allowed, refuses the rest, and closes with everything in it', async () => {
    const refused: string[] = [];
    const proxy = await startPolicyProxy({
      check: async (url) => {
        if (!url.includes(`:${new URL(far).port}`)) throw new Error('no');
      },
      refused: (url) => refused.push(url),
      env: {},
    });
    const say = (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1', () => socket.write(text));
        let answer = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
        socket.once('error', reject).once('close', () => resolve(answer));
      });
    const host = new URL(far).host;
    const through = `CONNECT ${host} HTTP/1.1\r\nhost: ${host}\r\n\r\nGET /tunnelled HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
    expect(await say(through)).toMatch(/^HTTP\/1\.1 200 [^]*Elsewhere/);
    expect(await say(`GET ${far}/forwarded HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)).toContain(
      'Elsewhere',
    );
    expect(await say('CONNECT other.example:443 HTTP/1.1\r\nhost: other.example\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /);
    expect(await say('GET http://other.example/ HTTP/1.1\r\nhost: other.example\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    expect(await say('GET /not-a-proxy-request HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    expect(refused).toEqual(['https://other.example:443/', 'http://other.example/']);
    expect(reached).toEqual(expect.arrayContaining(['/tunnelled', '/forwarded']));
    await proxy.close();
    await expect(say('x')).rejects.toThrow('ECONNREFUSED');
  });

  test('goes through the proxy that the environment names', async () => {
    const asked: string[] = [];
    const upstream = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers['proxy-authorization'] ?? ''}`);
      response.end('by upstream');
    });
    upstream.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url ?? ''}`);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const address = `http://me:pw@127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const env = { HTTP_PROXY: address, HTTPS_PROXY: address, NO_PROXY: 'near.example' };
    const proxy = await startPolicyProxy({ check: () => Promise.resolve(), refused: () => undefined, env });
    const port = Number(new URL(proxy.url).port);
    const say = (text: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        let answer = '';
        socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
        socket.once('close', () => resolve(answer));
      });
    expect(await say('GET http://far.example/a HTTP/1.1\r\nhost: far.example\r\nconnection: close\r\n\r\n')).toContain(
      'by upstream',
    );
    expect(await say('CONNECT far.example:443 HTTP/1.1\r\nhost: far.example\r\n\r\n')).toMatch(/^HTTP\/1\.1 502 .*407/);
    const basic = Buffer.from('me:pw').toString('base64');
    expect(asked).toEqual([`GET http://far.example/a Basic ${basic}`, 'CONNECT far.example:443']);
    await proxy.close();
    upstream.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
  });
});
