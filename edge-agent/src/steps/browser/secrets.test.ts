/** Secrets typed into a page show up in no trace, no screenshot, no message. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StepFailure } from '../../engine/index.ts';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const SECRET = 'p&ss "w0rd" <käse>';
const OTHER_SECRET = 'another one: 4 U';
const COOKIE = 'session-token-4711';
// Square, so that its cover leaves no corner of it to be seen.
const INLINE = `<style>input { border: 0; border-radius: 0; outline: 0; height: 20px }</style><form method="post" action="/welcome"><label>Key <input name="key"></label><button>Send</button></form>
  <p id="echo"></p><script>document.querySelector('input').oninput = (event) => {
    document.querySelector('#echo').textContent = event.target.value; };</script>`;
const STYLED = `<link rel="stylesheet" href="/style.css"><h1>Welcome</h1><script>fetch('/api', { method: 'POST',
  headers: { authorization: 'Bearer ${COOKIE}' }, body: 'posted-body' })</script>`;

let browser: SharedBrowser;
let site: TestSite;
let run: TestRun;

beforeAll(async () => {
  browser = await shareBrowser();
  site = await serve({
    '/': INLINE,
    '/welcome': welcome,
    '/style.css': (_, response) => response.writeHead(200, { 'content-type': 'text/css' }).end('h1 { color: teal }'),
    '/api': (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"answer":"body"}'),
  });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  run = await browser.newRun();
});
afterEach(() => run.end());

function welcome(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': `id=${COOKIE}; HttpOnly` });
  response.end(`<!doctype html><title>Welcome</title>${STYLED}`);
}

async function typeSecret(): Promise<void> {
  await run.call('browser.open', { url: `${site.url}/` });
  await run.call('browser.fill', { target: 'textbox "Key"', value: SECRET }, { usesSecret: true });
}

async function fail(): Promise<StepFailure> {
  return failureOf(run.call('browser.click', { target: 'button "Nowhere"' }, { timeoutMs: 1_500 }));
}

async function lastPicture(): Promise<Buffer> {
  return readFile(run.artifacts.findLast((artifact) => artifact.kind === 'screenshot')?.path ?? '');
}

/** Every entry of the trace as text. */
async function traceTexts(): Promise<string[]> {
  const trace = run.artifacts.find((artifact) => artifact.kind === 'trace');
  const entries = trace === undefined ? {} : unzipSync(await readFile(trace.path));
  return Object.entries(entries).map(([name, bytes]) => `${name}\n${strFromU8(bytes, true)}`);
}

describe('secrets', () => {
  test('while a page still holds a secret nothing is recorded, and the screenshot covers it', async () => {
    await typeSecret();
    await fail();
    expect(run.artifacts.map(({ kind }) => kind)).toEqual(['screenshot']);
    const covered = await lastPicture();
    await run.call('browser.fill', { target: 'textbox "Key"', value: OTHER_SECRET }, { usesSecret: true });
    await fail();
    // Covered pictures of two different secrets are the same picture; uncovered ones are not.
    expect((await lastPicture()).equals(covered)).toBe(true);
    await run.call('browser.fill', { target: 'textbox "Key"', value: 'public' });
    await fail();
    expect((await lastPicture()).equals(covered)).toBe(false);
  });

  test('once the page has gone the trace goes on, without the form, cookies, credentials or bodies', async () => {
    await typeSecret();
    await run.call('browser.click', { target: 'button "Send"', expect: { visible: 'heading "Welcome"' } });
    await run.call('browser.goto', { url: `${site.url}/welcome` });
    await fail();
    const texts = await traceTexts();
    expect(texts.join()).toContain('Welcome');
    expect(texts.join()).toContain('color: teal');
    const forms = [SECRET, JSON.stringify(SECRET).slice(1, -1), encodeURIComponent(SECRET), 'w0rd', COOKIE];
    for (const hidden of [...forms, 'posted-body', '"answer"']) {
      expect(texts.filter((text) => text.includes(hidden))).toEqual([]);
    }
  });

  test('a failed step that uses a secret names it nowhere', async () => {
    await run.call('browser.open', { url: `${site.url}/` });
    const options = { usesSecret: true, timeoutMs: 1_500 };
    const failure = await failureOf(run.call('browser.fill', { target: 'textbox "Kye"', value: SECRET }, options));
    expect(failure).toMatchObject({ code: 'SELECTOR_NO_MATCH' });
    expect(`${JSON.stringify(failure)} ${run.logs.join()}`).not.toContain('w0rd');
    expect(run.artifacts.map(({ kind }) => kind)).toEqual(['screenshot']);
  });
});
