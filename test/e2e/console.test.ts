/**
 * The console in a real Chromium against a real control plane: signing in and out, the list of jobs, one job, all as
 * the person at the screen meets them. Whatever a test does, no page may trip its own content security policy.
 */
import type { Job } from '@casare/shared/api';
import { api, createClient, type Client } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane, type RunningControlPlane } from '../../control-plane/dist/main.js';
import { readConfig } from '../../control-plane/dist/platform/config.js';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { ROOT } from '../support/program.ts';

const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
/** Needs what no agent has, so that its jobs stay pending until a test moves them. */
const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'greet', version: '1.0.0' },
  do: [{ greet: { set: { hello: 'world' } } }],
};

let home: string;
let plane: RunningControlPlane;
let client: Client;
let chromium: StartedBrowser;
let violations: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'casare-console-'));
  plane = await start('0');
  client = createClient({ url: plane.admin.url, apiKey: plane.admin.apiKey });
  const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
  chromium = await startBrowser({ home: cache, env: process.env, platform: process.platform });
  await client.call(api.workflows.push, { body: WORKFLOW });
});
afterAll(async () => {
  await chromium.close();
  await plane.stop();
  await rm(home, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(chromium.browser.contexts().map((context) => context.close()));
  expect(violations).toEqual([]);
  violations = [];
});

describe('signing in', () => {
  test('by a one-time link: the code leaves the address bar, and works once', async () => {
    const { url, code } = await client.call(api.auth.createSignInCode);
    const page = await openPage(url);
    await heading(page, 'Jobs');
    expect(page.url()).toBe(`${plane.urls.web}/`);
    expect(await page.goBack()).toBeNull();
    expect(page.url()).not.toContain(code);

    const second = await openPage(url);
    await second.getByRole('alert').getByText('used already').waitFor();
    expect(second.url()).not.toContain(code);
    await heading(second, 'Sign in to Casare');
  });

  test('a second link in the same tab is used too', async () => {
    const page = await openPage(`${plane.urls.web}/login#code=wrong`);
    await page.getByRole('alert').getByText('used already').waitFor();
    const { url } = await client.call(api.auth.createSignInCode);
    await page.goto(url); // Only the fragment differs: the page is not loaded again.
    await heading(page, 'Jobs');
  });

  test('a wrong password is said in words; the right one leads to where the person wanted to go', async () => {
    const job = await submit();
    const page = await openPage(`${plane.urls.web}/jobs/${job.id}`);
    await page.getByLabel('E-mail address').fill(plane.admin.email);
    await page.getByLabel('Password').fill('not it');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
    await page.getByLabel('Password').fill(plane.admin.password!);
    await page.keyboard.press('Enter');
    await heading(page, 'test/greet');
  });

  test('signing out ends the session, also for the page before', async () => {
    const page = await signedIn('/');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(page, 'Sign in to Casare');
    await page.goBack();
    await heading(page, 'Sign in to Casare');
    expect((await page.request.get(`${plane.urls.web}/api/v1/auth/me`)).status()).toBe(401);
  });

  test('a session that ended elsewhere is noticed', async () => {
    const page = await signedIn('/');
    await page.context().clearCookies();
    await page.getByLabel('State').selectOption('failed');
    await page.getByRole('alert').getByText('Your session has ended').waitFor();
  });
});

describe('the list of jobs', () => {
  test('a submitted job appears by itself; its link leads to it and the heading takes the focus', async () => {
    const page = await signedIn('/');
    const job = await submit();
    const row = rowOf(page, job);
    await row.getByText('Pending').waitFor();
    await client.call(api.jobs.cancel, { params: { id: job.id } });
    await row.getByText('Cancelled').waitFor();
    await row.getByRole('link').click();
    await heading(page, 'test/greet');
    expect(page.url()).toContain(`/jobs/${job.id}`);
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await page.goBack();
    await heading(page, 'Jobs');
  });

  test('older jobs are shown on demand; a job that leaves the chosen state leaves the list', async () => {
    const { ids } = await client.call(api.jobs.submitBulk, {
      body: { jobs: Array.from({ length: 60 }, () => ({ workflow: 'test/greet' })) },
    });
    const page = await signedIn('/?state=pending');
    const rows = page.locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(50);
    await page.getByRole('button', { name: 'Show older jobs' }).click();
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(60);
    const oldest = ids.toSorted()[0]!;
    await page.getByTitle(oldest).waitFor();
    await client.call(api.jobs.cancel, { params: { id: oldest } });
    await page.getByTitle(oldest).waitFor({ state: 'detached' });
    await page.getByLabel('State').selectOption('cancelled');
    await page.getByTitle(oldest).waitFor();
    expect(page.url()).toContain('?state=cancelled');
  });

  test('text of others stays text (hostile names put into the answers: the API would refuse them)', async () => {
    const job = await submit({ [HOSTILE]: HOSTILE });
    const page = await openPage();
    await page.route('**/api/v1/jobs**', async (route) => {
      const answer = await route.fetch();
      const text = (await answer.text()).replaceAll('"name":"greet"', `"name":${JSON.stringify(HOSTILE)}`);
      const agent = `"agent":{"id":"${job.id}","name":${JSON.stringify(HOSTILE)}}`;
      await route.fulfill({ response: answer, body: text.replaceAll('"agent":null', agent) });
    });
    await signIn(page, '/');
    await rowOf(page, job).getByRole('cell', { name: HOSTILE, exact: true }).waitFor();
    await rowOf(page, job)
      .getByRole('link', { name: `test/${HOSTILE}` })
      .click();
    await heading(page, `test/${HOSTILE}`);
    await page.locator('pre', { hasText: HOSTILE.slice(0, 12) }).waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await page.title()).toBe(`test/${HOSTILE} · Casare`);
    // An answer that is being rewritten when the page goes would be nobody's.
    await page.unrouteAll({ behavior: 'wait' });
  });
});

describe('one job', () => {
  test('changes while it is looked at: cancelled through the API', async () => {
    const job = await submit();
    const page = await signedIn(`/jobs/${job.id}`);
    const state = page.getByRole('status');
    await state.getByText('Pending').waitFor();
    await page.getByRole('heading', { name: 'Why it waits' }).waitFor();
    await client.call(api.jobs.cancel, { params: { id: job.id } });
    await state.getByText('Cancelled').waitFor();
    await page.getByRole('heading', { name: 'Why it waits' }).waitFor({ state: 'detached' });
  });

  test('is cancelled and run again by its buttons, by keyboard too', async () => {
    const job = await submit();
    const page = await signedIn(`/jobs/${job.id}`);
    await page.getByRole('button', { name: 'Cancel job' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Cancel this job?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await stateOf(job)).toBe('pending');
    await page.getByRole('button', { name: 'Cancel job' }).click();
    await dialog.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByRole('status').getByText('Cancelled').waitFor();
    expect(await stateOf(job)).toBe('cancelled');
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('status').getByText('Pending').waitFor();
    await page.getByText('generation 2').waitFor();
  });

  test('that does not exist is said in words', async () => {
    const page = await signedIn('/jobs/0198a7c0-0000-7000-8000-000000000000');
    await page.getByRole('alert').getByText('There is no job').first().waitFor();
  });
});

test('pages fit a width of 360 pixels', async () => {
  const job = await submit({ long: 'x'.repeat(500) });
  for (const where of ['/', `/jobs/${job.id}`, '/login']) {
    const page = where === '/login' ? await openPage(`${plane.urls.web}/login`) : await signedIn(where);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  }
});

test('a restart of the control plane is survived: the page says so and goes on live', async () => {
  const page = await signedIn('/');
  const { port } = new URL(plane.urls.web);
  await plane.stop();
  await page.getByRole('status').getByText('Not live').waitFor();
  plane = await start(port);
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
  await rowOf(page, await submit())
    .getByText('Pending')
    .waitFor();
});

function start(port: string): Promise<RunningControlPlane> {
  const rest = { CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0', CASARE_LOG_LEVEL: 'silent' };
  return startControlPlane(readConfig({ CASARE_HOME: home, CASARE_WEB_PORT: port, ...rest }));
}

function submit(input: Job['input'] = {}): Promise<Job> {
  return client.call(api.jobs.submit, { body: { workflow: 'test/greet', input } });
}

async function stateOf({ id }: Job): Promise<string> {
  return (await client.call(api.jobs.get, { params: { id } })).state;
}

/** A page of a browser that knows nothing, at `url` when given. */
async function openPage(url?: string): Promise<Page> {
  const context = await chromium.browser.newContext();
  const page = await context.newPage();
  await page.exposeFunction('violated', (what: string) => violations.push(what));
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (e) => violated(e.effectiveDirective + ' ' + e.blockedURI))`,
  );
  page.on('pageerror', (error) => violations.push(String(error)));
  if (url !== undefined) await page.goto(url);
  return page;
}

async function signedIn(where: string): Promise<Page> {
  const page = await openPage();
  await signIn(page, where);
  return page;
}

/** Signs in by a link, goes to `where` and waits until the page follows live. */
async function signIn(page: Page, where: string): Promise<void> {
  const { url } = await client.call(api.auth.createSignInCode);
  await page.goto(url);
  await heading(page, 'Jobs');
  if (where !== '/') await page.goto(plane.urls.web + where);
  await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
}

async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

function rowOf(page: Page, job: Job) {
  return page.getByRole('row').filter({ has: page.getByTitle(job.id) });
}
