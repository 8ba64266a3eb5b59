/**
 * The record of a real run, from the agent's browser to the viewer: a page with a hostile title is clicked on, what was seen
 * and kept of it crosses the tunnel, the record is fetched by the CLI, and shown where no control plane is any more.
 */
import { api } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openArchive } from '../../control-plane/src/cli/run-view/archive.ts';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { casare } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { ROOT, startProgram, type Program } from '../support/program.ts';
import { startStack, type Stack } from '../support/stack.ts';

const HOSTILE = '<img src=x onerror=alert(1)>';
const PAGE = `<!doctype html><title>${HOSTILE.replaceAll('<', '&lt;')}</title><h1>Orders</h1>
<button onclick="console.log('saved ${HOSTILE.replaceAll('<', '\\u003c')}'); document.body.style.background = 'green'">Save</button>`;

const RECORD = { screenshots: 'always', accessibility: 'always', network: 'always', console: 'always' };
const WORKFLOW = {
  document: {
    ...{ dsl: '1.0.3', namespace: 'test', name: 'recorded', version: '1.0.0' },
    metadata: { rpa: { record: RECORD } },
  },
  do: [
    { open: { call: 'browser.open', with: { url: '${ .url }' } } },
    { press: { call: 'browser.click', with: { target: 'button "Save"' } } },
    { again: { timeout: { after: { seconds: 2 } }, call: 'browser.click', with: { target: 'button "Saev"' } } },
  ],
};

let stack: Stack;
let site: Server;
let chromium: StartedBrowser;
let folder: string;
let viewer: Program | undefined;

beforeAll(async () => {
  site = createServer((_, response) => response.setHeader('content-type', 'text/html').end(PAGE));
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-run-record-'));
  stack = await startStack(new Gate(0));
  const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
  chromium = await startBrowser({ home: cache, env: process.env, platform: process.platform });
});
afterAll(async () => {
  await viewer?.end('SIGTERM');
  await chromium.close();
  await stack.stop();
  site.close();
  await rm(folder, { recursive: true, force: true });
});

test('what the agent saw and kept of a run is in its record, and is shown', async () => {
  const { client } = stack;
  const { id: workflow } = await client.call(api.workflows.push, { body: WORKFLOW });
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  const job = await client.call(api.jobs.submit, { body: { workflow, input: { url } } });
  expect(await stack.over(job.id)).toMatchObject({ state: 'failed' });
  const steps = await stack.steps(job.id);
  expect(steps.find(({ name }) => name === 'press')).toMatchObject({
    input: { target: 'button "Save"' },
    seen: { target: { selector: 'button "Save"', matches: 1 }, page: { url, title: HOSTILE } },
  });

  const file = path.join(folder, 'run.zip');
  expect(await casare(stack, 'job', 'record', job.id, '--out', file)).toMatchObject({ code: 0 });
  const archive = await openArchive(file);
  const kept = await stack.files(job.id);
  expect(archive.run.artifacts.map(({ name, sha256 }) => [name, sha256])).toEqual(
    kept.map(({ name, sha256 }) => [name, sha256]),
  );
  expect(archive.run).toMatchObject({ missing: [], job: { id: job.id, state: 'failed' }, attempts: [{ attempt: 1 }] });
  archive.close();

  viewer = startProgram('control-plane/dist/cli/main.js', ['run-view', file, '--no-open'], process.env, `${file}.log`);
  const page = await (await chromium.browser.newContext({ viewport: { width: 1500, height: 940 } })).newPage();
  await page.goto(await viewer.line(/^http:/));
  await page.locator('.timeline button', { hasText: 'press' }).click();
  const details = page.locator('main .details');
  for (const picture of ['before', 'after']) {
    const image = details.getByRole('img', { name: `The screen ${picture} “press”` });
    const width = () => image.evaluate((node: { naturalWidth?: number }) => node.naturalWidth ?? 0);
    await expect.poll(width).toBeGreaterThan(300);
  }
  await details.getByText(HOSTILE).first().waitFor();
  await details.getByRole('region', { name: 'Console' }).getByText('saved').waitFor();
  await details.getByRole('region', { name: 'Accessibility tree' }).getByText('button "Save"').waitFor();
  await page.locator('.timeline button', { hasText: 'again' }).click();
  await details.getByRole('region', { name: 'Target' }).getByText('button "Save"').waitFor();
  await details.getByRole('link', { name: /trace\.zip$/ }).waitFor();
  expect(await page.locator('img[src="x"]').count()).toBe(0);

  // The page of the job shows the same of a step, by the same components.
  const { url: signIn } = await client.call(api.auth.createSignInCode);
  const jobPage = await (await chromium.browser.newContext()).newPage();
  await jobPage.goto(signIn);
  await jobPage.getByRole('status').getByText('Live', { exact: true }).waitFor();
  await jobPage.goto(`${stack.url}/jobs/${job.id}`);
  const step = jobPage.locator('.step', { has: jobPage.locator('.name', { hasText: /^press$/ }) });
  await step.locator('summary').click();
  await step.getByRole('img', { name: 'The screen after “press”' }).waitFor();
  await step.getByText(HOSTILE).first().waitFor();
  await step.getByRole('region', { name: 'Console' }).getByText('saved').waitFor();
  expect(await jobPage.locator('img[src="x"]').count()).toBe(0);
});
