/**
 * What operations does in the console, in a real Chromium against a real control plane: jobs that wait for a person,
 * dead letters, what is closed for a time. The agents are light ones: they enrol and talk as the product does, and record what the test
 * tells them instead of running a job.
 */
import type { Job } from '@casare/shared/api';
import { api, createClient, type Client } from '@casare/shared/client';
import type { RunEventBody } from '@casare/shared/protocol';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startControlPlane, type RunningControlPlane } from '../../control-plane/dist/main.js';
import { readConfig } from '../../control-plane/dist/platform/config.js';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { enrolLightAgent, type LightAgent } from '../support/light-agents.ts';
import { ROOT } from '../support/program.ts';

const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'press', version: '1.0.0' },
  do: [{ pressOrder: { set: { pressed: true } } }],
};
const where = { path: '/do/0/pressOrder', position: '/do/0/pressOrder' };
const SUSPENDED: readonly RunEventBody[] = [
  {
    ...{ type: 'step.started', ...where, name: 'pressOrder', task: 'call', call: 'browser.click:1.0.0' },
    ...{ effect: 'unsafe', onRestart: 'suspend' },
  },
  { type: 'run.suspended', position: where.position, reason: 'The click may have ordered.' },
];
const FAILED: readonly RunEventBody[] = [
  { type: 'run.failed', error: { type: 'urn:test', status: 500, code: 'NO_STOCK', title: 'Nothing is in stock.' } },
];

const POLL = { timeout: 15_000 };

let home: string;
let plane: RunningControlPlane;
let client: Client;
let chromium: StartedBrowser;
const agents: LightAgent[] = [];
let faults: string[] = [];

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'casare-console-'));
  const rest = { CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0', CASARE_LOG_LEVEL: 'silent' };
  plane = await startControlPlane(readConfig({ CASARE_HOME: path.join(home, 'control-plane'), ...rest }));
  client = createClient({ url: plane.admin.url, apiKey: plane.admin.apiKey });
  const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
  chromium = await startBrowser({ home: cache, env: process.env, platform: process.platform });
  await client.call(api.workflows.push, { body: WORKFLOW });
  await startAgent('press-1', SUSPENDED);
  await startAgent('stock-1', FAILED);
});
afterAll(async () => {
  await chromium.close();
  await Promise.all(agents.map((agent) => agent.stop()));
  await plane.stop();
  await rm(home, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(chromium.browser.contexts().map((context) => context.close()));
  expect(faults).toEqual([]);
  faults = [];
});

describe('a job that waits for a person', () => {
  test('shows whose attempt it is, the last record and the step in doubt; the decision settles it', async () => {
    const job = await submit('press-1');
    const page = await signedIn(`/jobs/${job.id}`);
    await page.getByRole('status').getByText('Needs review').waitFor();
    await page.getByText('The click may have ordered.').waitFor();
    const known = page.getByLabel('What is known');
    await known.getByText('press-1').waitFor();
    await known.getByText('it is connected').waitFor();
    await known.getByText('run.suspended').waitFor();
    await known.getByText('browser.click:1.0.0').waitFor();
    await known.getByText('It must not be done twice.').waitFor();

    await page.getByRole('radio', { name: 'Mark as succeeded' }).check();
    await page.getByLabel('Reason').fill('The order is in the system.');
    await page.getByRole('button', { name: 'Save the decision' }).click();
    await page.getByRole('status').getByText('Succeeded').waitFor();
    await known.waitFor({ state: 'detached' });
  });

  test('that is started again has two attempts, each with its agent and its end', async () => {
    const job = await submit('press-1');
    await state(job, 'needs_review');
    const page = await signedIn(`/jobs/${job.id}`);
    const attempts = page.getByRole('table', { name: 'Attempts, oldest first' });
    await attempts.getByRole('row').nth(1).waitFor();
    await page.getByRole('radio', { name: 'Start again' }).check();
    await page.getByLabel('Reason').fill('Nothing was ordered.');
    await page.getByRole('button', { name: 'Save the decision' }).click();
    // The row of the head, and one for each attempt.
    const second = attempts.getByRole('row').nth(2);
    await second.getByText('press-1').waitFor();
    await second.getByText('generation 2').waitFor();
    await page.getByRole('status').getByText('Needs review').waitFor();
  });

  test('has no attempt before an agent had it', async () => {
    const job = await submit('nobody');
    const page = await signedIn(`/jobs/${job.id}`);
    await page.getByText('No agent has had it yet.').waitFor();
    await client.call(api.jobs.cancel, { params: { id: job.id } });
  });
});

describe('dead letters', () => {
  test('are found in the navigation, told with their error, run again and put away, by keyboard too', async () => {
    const [first, second] = [await submit('stock-1'), await submit('stock-1')];
    for (const job of [first, second]) await state(job, 'failed');
    const page = await signedIn('/');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Dead letters' }).click();
    await page.getByRole('heading', { level: 1, name: 'Dead letters' }).waitFor();
    const row = (job: Job) => page.getByRole('row').filter({ has: page.getByTitle(job.id) });
    await row(first).getByText('Nothing is in stock.').waitFor();
    await row(first).getByText('NO_STOCK').waitFor();
    await row(first).getByText('stock-1').waitFor();
    expect(await page.getByRole('button', { name: 'Run again' }).isDisabled()).toBe(true);

    await row(first).getByRole('checkbox').focus();
    await page.keyboard.press('Space');
    await page.getByRole('status').getByText('1 chosen').waitFor();
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('status').getByText('1 run again.').waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    await expect.poll(async () => (await client.call(api.jobs.get, { params: { id: first.id } })).generation).toBe(2);

    await row(second).getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Put away' }).click();
    const dialog = page.getByRole('dialog', { name: 'Put 1 job away?' });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await row(second).waitFor();
    await page.getByRole('button', { name: 'Put away' }).click();
    await dialog.getByRole('button', { name: 'Put away' }).click();
    await row(second).waitFor({ state: 'detached' });
    const left = await client.call(api.deadLetters.list, {});
    expect(left.items.map(({ id }) => id)).not.toContain(second.id);
  });

  test('are counted by workflow, those with the most first', async () => {
    const [one, other] = [await submit('stock-1'), await submit('stock-1')];
    for (const job of [one, other]) await state(job, 'failed');
    const { workflows, total } = await client.call(api.deadLetters.counts, {});
    const page = await signedIn('/dead-letters');
    await page.getByRole('heading', { name: `${total} in all` }).waitFor();
    const row = page.getByRole('table', { name: 'Dead letters by workflow' }).getByRole('row').nth(1);
    await row.getByText(workflows[0]!.workflow).waitFor();
    expect(await row.getByRole('meter').getAttribute('value')).toBe(String(workflows[0]!.total));
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360);
  });

  test('are filtered by their reason, in the address too; none is said', async () => {
    const job = await submit('stock-1');
    await state(job, 'failed');
    const page = await signedIn('/dead-letters');
    await page.getByTitle(job.id).waitFor();
    await page.getByLabel('Reason').selectOption('ambiguous');
    await page.getByText('None with the reason').waitFor();
    expect(page.url()).toContain('/dead-letters?reason=ambiguous');
  });

  test('that cannot be loaded are said to be, and tried again by a button', async () => {
    const page = await openPage();
    await page.route('**/api/v1/dead-letters*', (route) => route.abort());
    await signIn(page, '/dead-letters');
    await page.getByRole('alert').waitFor();
    await page.unroute('**/api/v1/dead-letters*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('table', { name: 'Dead letters, newest first' }).waitFor();
  });
});

describe('maintenance', () => {
  test('a route is paused with a reason and resumed; its jobs wait in between', async () => {
    await state(await submit('press-1'), 'needs_review');
    const page = await signedIn('/maintenance');
    await page.getByText('Nothing is closed, now or later.').waitFor();
    const row = page.getByRole('table', { name: 'Routes' }).getByRole('row').filter({ hasText: 'line=press-1' });
    await row.getByRole('button', { name: /^Pause route/ }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Pause this route?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await row.getByText('Open', { exact: true }).waitFor();

    await row.getByRole('button', { name: /^Pause route/ }).click();
    await dialog.getByLabel('Why it is paused').fill('The press is being cleaned.');
    await dialog.getByRole('button', { name: 'Pause the route' }).click();
    await row.getByText('The press is being cleaned.').waitFor();
    const windows = page.getByRole('table', { name: 'Pauses and maintenance windows' });
    await windows.getByText('until it is ended').waitFor();
    await closed('route');
    const job = await submit('press-1');
    const why = () => client.call(api.jobs.whyPending, { params: { id: job.id } });
    await expect.poll(async () => JSON.stringify(await why()), POLL).toContain('The press is being cleaned.');

    await row.getByRole('button', { name: /^Resume route/ }).click();
    await row.getByText('Open', { exact: true }).waitFor();
    await windows.waitFor({ state: 'detached' });
    await state(job, 'needs_review');
  });

  test('who resumes a route that somebody else has resumed at that moment is told', async () => {
    await state(await submit('press-1'), 'needs_review');
    const { id } = (await client.call(api.routes.list, {})).items.find((one) =>
      String(one.capabilities).includes('press-1'),
    )!;
    await client.call(api.routes.act, { params: { id, action: 'pause' } });
    const page = await signedIn('/maintenance');
    await page.route(`**/api/v1/routes/${id}/resume`, async (route) => {
      await client.call(api.routes.act, { params: { id, action: 'resume' } });
      await route.continue();
    });
    await page.getByRole('button', { name: new RegExp(`^Resume route ${id}:`) }).click();
    await page.getByRole('alert').getByText('Somebody else changed this meanwhile, and nothing was done.').waitFor();
    await page.getByRole('button', { name: new RegExp(`^Pause route ${id}:`) }).waitFor();
  });

  test('an agent is closed for a time that is given, and opened by ending the window', async () => {
    const page = await signedIn('/maintenance');
    await page.getByLabel('Which agent').selectOption({ label: 'press-1' });
    await page.getByLabel('From').fill('2026-01-01T00:00');
    await page.getByLabel('To', { exact: true }).fill('2025-01-01T00:00');
    await page.getByLabel('Reason').fill('New gears.');
    await page.getByRole('button', { name: 'Close it' }).click();
    await page.getByRole('alert').getByText('It ends before it begins.').waitFor();
    await page.getByLabel('To', { exact: true }).fill('2099-01-01T00:00');
    await page.getByRole('button', { name: 'Close it' }).click();
    await page.getByRole('status').getByText('It is kept.').waitFor();
    const row = page.getByRole('row').filter({ hasText: 'New gears.' });
    await row.getByText('Agent press-1').waitFor();
    await row.getByText('Closed', { exact: true }).waitFor();
    await row.getByText('2099').waitFor();
    await row.getByText('you just now').waitFor();
    await closed('agent');
    const job = await submit('press-1');
    await row.getByRole('button', { name: 'End: Agent press-1, New gears.' }).click();
    await page.getByRole('status').getByText('Agent press-1 is open again.').waitFor();
    await row.waitFor({ state: 'detached' });
    await state(job, 'needs_review');
  });

  test('a site is closed every week; days are needed', async () => {
    const page = await signedIn('/maintenance');
    await page.getByLabel('What').selectOption('Site');
    await page.getByLabel('Name of the site').fill('hamburg');
    await page.getByLabel('When').selectOption('Every week');
    await page.getByLabel('From').fill('22:30');
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    await page.getByLabel('Reason').fill('Nightly restart.');
    await page.getByRole('button', { name: 'Close it' }).click();
    await page.getByRole('alert').getByText('Choose at least one day.').waitFor();
    await page.getByLabel('Sunday').check();
    await page.getByLabel('Monday').check();
    await page.getByRole('button', { name: 'Close it' }).click();
    await page.getByText('Monday, Sunday at 22:30 for 60 minutes (Europe/Berlin)').waitFor();
    await page.getByText('Site hamburg').waitFor();
  });
});

test('the pages fit a width of 360 pixels', async () => {
  const job = await submit('press-1');
  await state(job, 'needs_review');
  for (const place of ['/dead-letters', `/jobs/${job.id}`, '/maintenance']) {
    const page = await signedIn(place);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('table').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth'), place).toBeLessThanOrEqual(360);
  }
});

/** An agent with its own name as tag, which records `record` for each job. */
async function startAgent(name: string, record: readonly RunEventBody[]): Promise<void> {
  const body = { tags: [`line=${name}`], autoApprove: true };
  const { token } = await client.call(api.joinTokens.create, { body });
  const agent = await enrolLightAgent({ folder: path.join(home, name), url: plane.urls.enrol, token, name, record });
  agents.push(agent);
  agent.start();
  await vi.waitFor(() => expect(agent.state, agent.log.join('\n')).toBe('live'), { timeout: 15_000 });
}

/** A job for the agent of that name. */
function submit(agent: string): Promise<Job> {
  return client.call(api.jobs.submit, { body: { workflow: 'test/press', requires: [`line=${agent}`] } });
}

/** What is closed has reached the claim: the control plane says so itself. */
async function closed(scope: string): Promise<void> {
  const now = async () => (await client.call(api.maintenance.list, {})).items.map((one) => one.closed && one.scope);
  await expect.poll(now, POLL).toContain(scope);
}

async function state({ id }: Job, wanted: string): Promise<void> {
  const now = async () => (await client.call(api.jobs.get, { params: { id } })).state;
  await expect.poll(now, POLL).toBe(wanted);
}

async function openPage(): Promise<Page> {
  const page = await (await chromium.browser.newContext()).newPage();
  page.on('pageerror', (error) => faults.push(String(error)));
  return page;
}

async function signedIn(to: string): Promise<Page> {
  const page = await openPage();
  await signIn(page, to);
  return page;
}

/** Signs in by a link and goes to `to`. */
async function signIn(page: Page, to: string): Promise<void> {
  const { url } = await client.call(api.auth.createSignInCode);
  await page.goto(url);
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  if (to !== '/') await page.goto(plane.urls.web + to);
}
