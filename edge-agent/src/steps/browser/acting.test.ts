/** Typing, hovering, uploading, lists, answers of the network, PDF, several downloads, scripts. */
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stepPolicyOf } from '../../policy/index.ts';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const PAGE = `<label>City <input oninput="this.dataset.keys = (this.dataset.keys ?? '') + this.value.at(-1)"></label>
  <div onmouseenter="document.title='over'" role="button" aria-label="Menu">Menu</div>
  <label>Invoice <input type="file" multiple></label><button onclick="picker.click()">Attach</button>
  <input id="picker" type="file" hidden onchange="document.title = picker.files[0].name">
  <button onclick="document.title='nothing'">Silent</button>
  <ul aria-label="Open"><li>One <b>1</b></li><li>Two<ul><li>inner</li></ul></li><li hidden>Three</li></ul>
  <ol aria-label="Late"></ol><script>setTimeout(() => { document.querySelector('ol').innerHTML = '<li>came</li>'; }, 300)</script>
  <button onclick="fetch('/api?x=1', { method: 'POST' })">Ask</button>
  <button onclick="for (const n of [1, 2, 3]) { const a = document.createElement('a'); a.href = '/file?' + n;
    a.download = n === 3 ? '../a.csv' : 'a.csv'; a.click(); }">All</button>`;

let browser: SharedBrowser;
let site: TestSite;
let run: TestRun;

beforeAll(async () => {
  browser = await shareBrowser();
  site = await serve({
    '/': PAGE,
    '/api': (_, response) => response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":7}'),
    '/file': (request, response) => response.writeHead(200, { 'content-type': 'text/csv' }).end(request.url),
  });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  run = await browser.newRun();
  await run.call('browser.open', { url: `${site.url}/` });
});
afterEach(() => run.end());

const failing = (name: string, args: unknown) => failureOf(run.call(name, args, { timeoutMs: 1_500 }));

async function writeRunFile(name: string, text: string): Promise<void> {
  await mkdir(join(run.folder, 'files'), { recursive: true });
  await writeFile(join(run.folder, 'files', name), text);
}

test('types key by key, in a field and where the focus is', async () => {
  const target = 'textbox "City"';
  await run.call('browser.type', { target, text: 'Vi' });
  await run.call('browser.type', { text: 'en' });
  expect(await run.call('browser.value', { target })).toBe('Vien');
  expect(await run.call('browser.attribute', { target, name: 'data-keys' })).toBe('Vien');
});

test('hovers', async () => {
  expect(await run.call('browser.hover', { target: 'button "Menu"' })).toMatchObject({ title: 'over' });
});

describe('uploads', () => {
  test('files go to a field, and to a button that asks for them', async () => {
    await writeRunFile('a.pdf', 'four');
    await writeRunFile('b.pdf', 'eleven');
    expect(await run.call('browser.upload', { target: 'button "Invoice"', files: ['a.pdf', 'b.pdf'] })).toEqual({
      files: [
        { name: 'a.pdf', bytes: 4 },
        { name: 'b.pdf', bytes: 6 },
      ],
    });
    await run.call('browser.upload', { target: 'button "Attach"', files: 'b.pdf' });
    expect(run.seen.page?.title).toBe('b.pdf');
  });

  test('a file that is not there, outside the run, or a button that asks for none: nothing is given', async () => {
    const target = 'button "Invoice"';
    expect(await failing('browser.upload', { target, files: 'none.pdf' })).toMatchObject({
      code: 'FILE_NOT_FOUND',
      certain: true,
    });
    expect(await failing('browser.upload', { target, files: '../../etc/passwd' })).toMatchObject({
      code: 'FILE_NAME_REFUSED',
    });
    expect(await failing('browser.upload', { target, files: '/etc/passwd' })).toMatchObject({
      code: 'POLICY_FILE_REFUSED',
    });
    await writeRunFile('a.pdf', 'four');
    const silent = await failing('browser.upload', { target: 'button "Silent"', files: 'a.pdf' });
    expect(silent).toMatchObject({ code: 'FILE_DIALOG_NOT_OPENED', certain: false });
  });
});

test('reads the own items of a list, also those that come late; a heading is no list', async () => {
  expect(await run.call('browser.list', { target: 'list "Open"' })).toEqual(['One 1', 'Two inner']);
  expect(await run.call('browser.list', { target: 'list "Open"', limit: 1 })).toEqual(['One 1']);
  expect(await run.call('browser.list', { target: 'list "Late"' })).toEqual(['came']);
  expect(await failing('browser.list', { target: 'button "Ask"' })).toMatchObject({ code: 'NOT_A_LIST' });
});

describe('answers', () => {
  test('one that the step before caused counts, with its body, though it has come already', async () => {
    await run.call('browser.click', { target: 'button "Ask"' });
    const wanted = { url: '*/api*', method: 'POST', read: 'json' };
    const answer = { url: `${site.url}/api?x=1`, method: 'POST', status: 201, body: { id: 7 } };
    expect(await run.call('browser.waitForResponse', wanted)).toEqual(answer);
  });

  test('one of another status or before the last step does not', async () => {
    await run.call('browser.click', { target: 'button "Ask"' });
    await run.call('browser.waitForResponse', { url: '*/api*' });
    await run.call('browser.exists', { target: 'button "Ask"' });
    const failure = await failing('browser.waitForResponse', { url: '*/api*', status: 201 });
    expect(failure).toMatchObject({ code: 'RESPONSE_NOT_SEEN', status: 408, certain: true });
    await run.call('browser.click', { target: 'button "Ask"' });
    expect((await failing('browser.waitForResponse', { url: '*/api*', status: 500 })).detail).toContain('POST');
  });

  test('waits for the address', async () => {
    expect(await run.call('browser.waitForUrl', { url: '*/' })).toMatchObject({ url: `${site.url}/` });
    expect(await failing('browser.waitForUrl', { url: '*/never' })).toMatchObject({ code: 'EXPECTATION_NOT_MET' });
  });
});

test('prints a PDF, but not while the page shows a secret', async () => {
  expect(await run.call('browser.pdf', { saveAs: 'out/page.pdf', landscape: true })).toMatchObject({
    path: 'out/page.pdf',
    mediaType: 'application/pdf',
  });
  expect((await readFile(join(run.folder, 'files/out/page.pdf'))).subarray(0, 5).toString()).toBe('%PDF-');
  await run.call('browser.fill', { target: 'textbox "City"', value: 'a secret city' }, { usesSecret: true });
  expect(await failing('browser.pdf', { saveAs: 'no.pdf' })).toMatchObject({ code: 'PDF_SHOWS_SECRET' });
});

test('stores several downloads of one click under safe names; too few are said', async () => {
  const stored = await run.call('browser.downloads', { target: 'button "All"', count: 3, into: 'all' });
  const names = (stored as { path: string }[]).map(({ path }) => path);
  expect(new Set(names).size).toBe(3);
  expect(names[0]).toBe('all/a.csv');
  for (const name of names) {
    expect(name).toMatch(/^all\/[\w.() -]+$/);
    expect(String(await readFile(join(run.folder, 'files', name)))).toMatch(/^\/file\?[123]$/);
  }
  const few = await failing('browser.downloads', { target: 'button "Silent"', count: 1, into: 'all' });
  expect(few).toMatchObject({ code: 'DOWNLOADS_MISSING', certain: false });
});

describe('scripts', () => {
  const script = '(names) => names.length + document.querySelectorAll("li").length';

  test('are off unless the policy of the agent says otherwise', async () => {
    expect(await failing('browser.evaluate', { script, argument: [1] })).toMatchObject({
      code: 'POLICY_SCRIPT_REFUSED',
      type: 'authorization',
      certain: true,
    });
    const policy = stepPolicyOf({ browserEvaluate: 'allowed' });
    expect(await run.call('browser.evaluate', { script, argument: ['a'] }, { policy })).toBeGreaterThan(4);
    const onElement = {
      target: 'list "Open"',
      script: '(list, most) => Math.min(list.children.length, most)',
      argument: 2,
    };
    expect(await run.call('browser.evaluate', onElement, { policy })).toBe(2);
    expect(await run.call('browser.evaluate', { script: '() => undefined' }, { policy })).toBeNull();
    const broken = failureOf(run.call('browser.evaluate', { script: '() => nothing.there' }, { policy }));
    expect(await broken).toMatchObject({ code: 'SCRIPT_FAILED', certain: false });
  });
});
