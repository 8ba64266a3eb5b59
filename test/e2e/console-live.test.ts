/** The console while a real agent runs the example job: steps as they happen, files, a failed step with its screen. */
import { api } from '@casare/shared/client';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { Gate } from '../support/gate.ts';
import { ROOT } from '../support/program.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** Fails at once on a page that has no such button. */
const FAILING = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'no-such-button', version: '1.0.0' },
  input: { schema: { document: { type: 'object' } } },
  do: [
    { open: { call: 'browser.open:1.0.0', with: { url: '${ .portalUrl }' } } },
    {
      press: {
        timeout: { after: { seconds: 2 } },
        call: 'browser.click:1.0.0',
        with: { target: 'button "No such button"' },
      },
    },
  ],
};

let stack: Stack;
let gate: Gate;
let chromium: StartedBrowser;

beforeAll(async () => {
  gate = new Gate(2);
  stack = await startStack(gate);
  const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
  chromium = await startBrowser({ home: cache, env: process.env, platform: process.platform });
});
afterEach(async () => {
  await Promise.all(chromium.browser.contexts().map((context) => context.close()));
});
afterAll(async () => {
  gate.open();
  await chromium.close();
  await stack.stop();
});

test('steps and files appear while the job runs; a file is downloaded as it was stored', async () => {
  const page = await signedIn();
  const job = await stack.submit();
  await page
    .getByRole('row')
    .filter({ has: page.getByTitle(job.id) })
    .getByRole('link')
    .click();
  await gate.held();
  const saves = page.locator('.step', { has: page.getByText('browser.download:1.0.0') });
  await saves.nth(2).getByText('Running', { exact: true }).waitFor();
  await saves.nth(0).getByText('Done', { exact: true }).waitFor();
  gate.open();
  await page.locator('.head').getByText('Succeeded', { exact: true }).waitFor();
  await expect.poll(() => page.locator('.step').getByText('Running', { exact: true }).count()).toBe(0);

  const [file] = (await stack.files(job.id)).filter(({ kind }) => kind === 'output');
  const link = page.getByRole('link', { name: file!.name, exact: true });
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  expect(await readFile(await download.path())).toEqual(await stack.bytes(file!.id));
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Jobs' }).click();
  await page
    .getByRole('row')
    .filter({ has: page.getByTitle(job.id) })
    .getByText('Succeeded')
    .waitFor();
});

test('a failed step shows its error and its screenshot', async () => {
  const page = await signedIn();
  const { id: workflow } = await stack.client.call(api.workflows.push, { body: FAILING });
  const body = { workflow, input: { portalUrl: stack.portal.url } };
  const job = await stack.client.call(api.jobs.submit, { body });
  await page.goto(`${stack.url}/jobs/${job.id}`);
  await page.locator('.head').getByText('Failed', { exact: true }).waitFor();
  const step = page.locator('.step', { has: page.getByText('browser.click:1.0.0') });
  await step.getByText('Failed', { exact: true }).waitFor();
  await step.locator('.error').waitFor();
  const image = step.getByRole('img', { name: 'The screen when “press” failed' });
  await image.waitFor();
  const width = () => image.evaluate((node: { naturalWidth?: number }) => node.naturalWidth ?? 0);
  await expect.poll(width).toBeGreaterThan(300);
  // What it was called with is loaded when somebody looks.
  await step.locator('summary').click();
  await step.getByRole('region', { name: 'Input' }).getByText('No such button').waitFor();
  await step.getByText('It must not be done twice.').waitFor();
});

/** A new browser, signed in by a link, on the list of jobs and live. */
async function signedIn(): Promise<Page> {
  const { url } = await stack.client.call(api.auth.createSignInCode);
  const page = await (await chromium.browser.newContext()).newPage();
  await page.goto(url);
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
  return page;
}
