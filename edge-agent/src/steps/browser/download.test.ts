/** Downloads of every kind a site may start. */
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { TEST_BROWSER } from '../../browser/browser-for-tests.ts';
import { createStepRegistry } from '../index.ts';
import { newRun, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const PAGE = `<h1>Files</h1><a href="/attachment">Attachment</a> <a href="/attachment" target="_blank">Tab</a>
  <a href="/text">Text</a> <a href="/pdf">Document</a> <a href="/missing-file">Missing</a> <a href="/gone" target="_blank">Gone</a>
  <a href="/nothing" onclick="return false">Nothing</a> <a href="/broken">Broken</a> <a href="/attached-error">Attached error</a>
  <a href="/mine">Mine</a> <a href="/endless">Endless</a>
  <button onclick="load('/attachment')">Script</button> <button onclick="load('/limited')">Limited</button>
  <button onclick="twice()">Twice</button><form method="post" action="/posted"><button>Form</button></form>
  <script>
    async function load(url) {
      const answer = await fetch(url);
      if (!answer.ok) return false;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await answer.blob());
      link.download = 'named.bin';
      link.click();
      return true;
    }
    async function twice() { await load('/limited'); await load('/attachment'); }
  </script>`;
const BYTES = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
const asAttachment = {
  'content-type': 'application/octet-stream',
  'content-disposition': 'attachment; filename="a.bin"',
};

let browser: SharedBrowser;
let site: TestSite;
let run: TestRun;
/** The answer that goes on. */
let endless: ServerResponse | undefined;

beforeAll(async () => {
  browser = await shareBrowser();
  const attachment = (_: unknown, response: ServerResponse): unknown =>
    response.writeHead(200, asAttachment).end(BYTES);
  const status =
    (code: number) =>
    (_: unknown, response: ServerResponse): unknown =>
      response.writeHead(code, { 'content-type': 'text/html' }).end('<title>Error</title>No');
  site = await serve({
    '/': PAGE,
    '/attachment': attachment,
    '/posted': (request, response) => (request.method === 'POST' ? attachment : status(405))(request, response),
    '/text': (_, response) =>
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('a;b\n1;2\n'),
    '/pdf': (_, response) => response.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF-1.4 not really'),
    '/mine': ({ headers }, response) =>
      response
        .writeHead(200, { 'content-type': 'text/plain' })
        .end(`${headers.cookie ?? 'nobody'} ${headers['user-agent'] ?? ''}`),
    '/endless': (_, response) => {
      endless = response.writeHead(200, asAttachment);
      const fill = (): void => {
        while (response.write(BYTES));
      };
      response.on('drain', fill);
      fill();
    },
    '/missing-file': status(404),
    '/gone': status(410),
    '/limited': status(429),
    '/attached-error': (_, response) => response.writeHead(500, asAttachment).end('no'),
    '/broken': (_, response) => {
      response.writeHead(200, { ...asAttachment, 'content-length': BYTES.length });
      response.write(BYTES.subarray(0, 40_000), () => response.destroy());
    },
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

const download = (target: string, timeoutMs = 10_000): Promise<unknown> =>
  run.call('browser.download', { target, saveAs: 'in/file.bin' }, { timeoutMs });
const stored = (): Promise<Buffer> => readFile(join(run.folder, 'files/in/file.bin'));

describe('browser.download', () => {
  test.each(['link "Attachment"', 'link "Tab"', 'button "Script"', 'button "Form"'])(
    '%s is stored byte for byte and the page stays',
    async (target) => {
      expect(await download(target)).toMatchObject({ path: 'in/file.bin', bytes: BYTES.length });
      expect((await stored()).equals(BYTES)).toBe(true);
      expect(await run.call('browser.exists', { target: 'heading "Files"' })).toBe(true);
    },
  );

  test('a file that the browser shows instead of saving it is stored too, and the page comes back', async () => {
    expect(await download('link "Text"')).toMatchObject({ mediaType: 'text/plain' });
    expect((await stored()).toString()).toBe('a;b\n1;2\n');
    expect(await download('link "Document"')).toMatchObject({ mediaType: 'application/pdf' });
    expect((await stored()).toString()).toBe('%PDF-1.4 not really');
    expect(await run.call('browser.exists', { target: 'heading "Files"' })).toBe(true);
  });

  test('a file that the browser shows is asked for as whom the browser is, with what the site knows it by', async () => {
    await run.call('browser.cookies.set', { url: `${site.url}/`, name: 'who', value: 'me' });
    await download('link "Mine"');
    expect((await stored()).toString()).toMatch(/^who=me Mozilla.*Chrome/);
  });

  test.each([
    ['link "Missing"', 404],
    ['link "Gone"', 410],
    ['button "Limited"', 429],
    ['link "Attached error"', 500],
  ])('%s is refused with the answer’s own status', async (target, status) => {
    await expect(download(target)).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED', status });
    await expect(stat(join(run.folder, 'files/in/file.bin'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(run.artifacts.filter(({ kind }) => kind === 'output')).toEqual([]);
    expect(await run.call('browser.exists', { target: 'heading "Files"' })).toBe(true);
  });

  test('a script that asks again after an error is waited for', async () => {
    expect(await download('button "Twice"')).toMatchObject({ bytes: BYTES.length });
  });

  test('a download that breaks off is not stored', async () => {
    await expect(download('link "Broken"')).rejects.toMatchObject({ code: 'DOWNLOAD_BROKEN', status: 502 });
    await expect(stored()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a click that starts nothing ends with the step’s time', async () => {
    await expect(download('link "Nothing"', 1_500)).rejects.toMatchObject({
      code: 'DOWNLOAD_NOT_STARTED',
      status: 408,
    });
  });
});

describe('what a page downloads beyond the bounds', () => {
  const registry = createStepRegistry({ ...TEST_BROWSER, downloadBytes: 1_000_000 });
  let bounded: TestRun;
  const leftOf = ({ folder }: TestRun): Promise<string[]> => readdir(join(folder, 'downloads'));

  beforeEach(async () => {
    endless = undefined;
    bounded = await newRun(registry);
    // As a browser leaves it that is killed.
    await mkdir(join(bounded.folder, 'downloads'));
    await writeFile(join(bounded.folder, 'downloads/left'), Buffer.alloc(2_000_000));
    await bounded.call('browser.open', { url: `${site.url}/` });
  });
  afterEach(() => bounded.end());

  test('is not stored: the step says so, and nothing of it is left', async () => {
    const call = bounded.call('browser.download', { target: 'link "Endless"', saveAs: 'in/file.bin' });
    await expect(call).rejects.toMatchObject({ code: 'DOWNLOAD_TOO_LARGE', status: 413 });
    await expect(stat(join(bounded.folder, 'files/in/file.bin'))).rejects.toMatchObject({ code: 'ENOENT' });
    await vi.waitFor(async () => expect(await leftOf(bounded)).toEqual([]), 10_000);
    expect(
      await bounded.call('browser.download', { target: 'link "Attachment"', saveAs: 'in/file.bin' }),
    ).toMatchObject({
      bytes: BYTES.length,
    });
    expect(await leftOf(bounded)).toEqual([]);
  });

  test('is thrown away also where no step asked for it, and told', async () => {
    await bounded.call('browser.click', { target: 'link "Endless"' });
    await vi.waitFor(() => expect(endless).toBeDefined(), 10_000);
    if (endless?.closed === false) await once(endless, 'close');
    await vi.waitFor(async () => expect(await leftOf(bounded)).toEqual([]), 10_000);
    await bounded.call('browser.exists', { target: 'heading "Files"' });
    expect(bounded.logs).toEqual([
      expect.stringMatching(/^warn: what the page downloads was thrown away: it had more than 1000000 bytes /),
    ]);
  });
});
