/** Schedules and alerts in the console, in a real Chromium against a real control plane. */
import { api } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { narrowWidth, navigation, startConsole, type ConsoleForTests } from '../support/console.ts';
import { enrolLightAgent } from '../support/light-agents.ts';

const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'acme', name: 'report', version: '1.0.0' },
  input: { schema: { document: { type: 'object', properties: { region: { type: 'string' } } } } },
  do: [{ write: { set: { written: true } } }],
};

let shown: ConsoleForTests;
beforeAll(async () => {
  shown = await startConsole({ CASARE_OUTBOUND_ALLOW: 'http://127.0.0.1' });
  await shown.client.call(api.workflows.push, { body: WORKFLOW });
});
afterAll(() => shown.stop());
afterEach(async () => expect(await shown.closePages()).toEqual([]));

const makeSchedule = (name: string) =>
  shown.client.call(api.schedules.create, {
    body: { name, cron: '30 6 * * *', timeZone: 'Asia/Tokyo', job: { workflow: 'acme/report', maxAttempts: 3 } },
  });
const heading = (name: string) => ({ level: 1, name }) as const;

describe('schedules', () => {
  test('one is made with its next runs in sight, triggered, disabled and deleted; what is wrong stands at its field', async () => {
    const page = await shown.signedIn('/');
    await navigation(page).getByRole('link', { name: 'Schedules' }).click();
    await page.getByText('No schedules yet.').waitFor();
    await page.getByRole('link', { name: 'Make the first one' }).click();
    await page.getByRole('heading', heading('New schedule')).waitFor();

    await page.getByLabel('When').fill('61 6 * * *');
    await page.getByText('"61 6 * * *" is no cron expression').waitFor();
    await page.getByLabel('When').fill('30 6 * * *');
    await page.getByLabel('Time zone').fill('Mars/Olympus');
    await page.getByText('It is not a time zone').waitFor();
    await page.getByLabel('Time zone').fill('Asia/Tokyo');
    const runs = page.getByRole('table', { name: 'Next runs' });
    await runs.getByRole('columnheader', { name: 'In Asia/Tokyo' }).waitFor();
    // The row of the head, and five times: by the clocks of the schedule, and by those of the reader (UTC here).
    expect(await runs.getByRole('row').count()).toBe(6);
    await runs.getByRole('row').nth(1).getByText(', 06:30').waitFor();
    await runs.getByRole('row').nth(1).getByText(', 21:30').waitFor();

    await page.getByLabel('Workflow').fill('acme/report');
    await page.getByLabel('Input').fill('{"region": 7}');
    await page.getByRole('radio', { name: 'Queue' }).check();
    await page.getByRole('button', { name: 'Make the schedule' }).click();
    // The name is missing: nothing was sent, and the focus is where it is to be typed.
    expect(await page.evaluate('document.activeElement.name')).toBe('name');
    await page.keyboard.type('morning report');
    await page.getByRole('button', { name: 'Make the schedule' }).click();
    await page.getByText("The input does not fit the workflow's schema.").waitFor();
    expect(await page.getByLabel('Input').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Input').fill('{"region": "north"}');
    await page.getByRole('button', { name: 'Make the schedule' }).click();

    await page.getByRole('heading', heading('morning report')).waitFor();
    await page.getByText('The new job waits behind the earlier one.').waitFor();
    await page.getByRole('button', { name: 'Trigger now' }).click();
    await page.getByRole('status').getByText('A job is submitted.').waitFor();
    const firing = page.getByRole('table', { name: 'What became of its times' }).getByRole('row').nth(1);
    await firing.getByText('A person').waitFor();
    await firing.getByRole('link').click();
    await page.getByRole('heading', heading('acme/report')).waitFor();

    await page.goBack();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('There are none while it is disabled.').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete morning report?' });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Delete');
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Delete the schedule' }).click();
    await page.getByText('No schedules yet.').waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  });

  test('who edits what somebody else has changed meanwhile is told, and takes theirs or saves over it', async () => {
    const { id } = await makeSchedule('nightly');
    const now = () => shown.client.call(api.schedules.get, { params: { id } });
    const change = async (cron: string) =>
      shown.client.call(api.schedules.update, {
        params: { id },
        body: { name: 'nightly', cron, timeZone: 'UTC', job: { workflow: 'acme/report', maxAttempts: 3 } },
      });
    const page = await shown.signedIn(`/schedules/${id}`);
    await page.getByRole('button', { name: 'Edit' }).click();
    await change('0 1 * * *');
    await page.getByLabel('Name').fill('every night');
    await page.getByRole('button', { name: 'Save' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('Somebody else changed this schedule after you opened it (cron, time zone).').waitFor();
    expect((await now()).name).toBe('nightly');
    await alert.getByRole('button', { name: 'Start again from theirs' }).click();
    await alert.waitFor({ state: 'detached' });
    expect(await page.getByLabel('When').inputValue()).toBe('0 1 * * *');

    await change('0 2 * * *');
    await page.getByLabel('Name').fill('every night');
    await page.getByRole('button', { name: 'Save' }).click();
    await alert.getByRole('button', { name: 'Save mine over it' }).click();
    await page.getByRole('heading', heading('every night')).waitFor();
    // What the form does not show is kept.
    expect(await now()).toMatchObject({ name: 'every night', cron: '0 1 * * *', job: { maxAttempts: 3 } });
  });

  test('who disables what somebody else has changed at that moment is told, and nothing is done', async () => {
    const { id } = await makeSchedule('in between');
    const page = await shown.signedIn(`/schedules/${id}`);
    await page.getByRole('button', { name: 'Disable' }).waitFor();
    await page.route(`**/api/v1/schedules/${id}/disable`, async (route) => {
      const body = { name: 'changed', cron: '0 1 * * *', timeZone: 'UTC', job: { workflow: 'acme/report' } };
      await shown.client.call(api.schedules.update, { params: { id }, body });
      await route.continue();
    });
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('alert').getByText('PRECONDITION_FAILED').waitFor();
    const now = await shown.client.call(api.schedules.get, { params: { id } });
    expect(now).toMatchObject({ name: 'changed', enabled: true });
    await shown.client.call(api.schedules.remove, { params: { id } });
  });

  test('the list is live, found by name and turned round', async () => {
    const page = await shown.signedIn('/schedules');
    await page.getByRole('status').getByText('Live', { exact: true }).waitFor();
    await makeSchedule('weekly stock');
    await makeSchedule('weekly sales');
    const names = async () =>
      page
        .getByRole('row')
        .getByRole('link', { name: /^weekly/ })
        .allTextContents();
    await expect.poll(names).toEqual(['weekly sales', 'weekly stock']);
    await page.getByLabel('Order').selectOption('Oldest first');
    await expect.poll(names).toEqual(['weekly stock', 'weekly sales']);
    await page.getByLabel('Name contains').fill('sales');
    await expect.poll(names).toEqual(['weekly sales']);
    await page.getByLabel('Name contains').fill('nothing of the kind');
    await page.getByText('No schedule has “nothing of the kind” in its name.').waitFor();
  });

  test('a viewer sees them and changes none; the address of the form says what is missing', async () => {
    const { id } = await makeSchedule('seen');
    const page = await shown.as('viewer', `/schedules/${id}`);
    await page.getByRole('table', { name: 'Next runs' }).waitFor();
    expect(await page.getByRole('button', { name: /Edit|Trigger|Delete|Disable/ }).count()).toBe(0);
    await page.goto(`${shown.plane.urls.web}/schedules/new`);
    await page.getByRole('heading', heading('This page is not for you')).waitFor();
    await page.getByText('It needs schedules:write').waitFor();
  });

  test('the pages fit a width of 360 pixels', async () => {
    const { id } = await makeSchedule('narrow');
    for (const place of ['/schedules', `/schedules/${id}`, '/schedules/new']) {
      const page = await shown.signedIn(place);
      await page
        .getByText(/narrow|next five runs/)
        .first()
        .waitFor();
      expect(await narrowWidth(page), place).toBeLessThanOrEqual(360);
    }
  });
});

describe('alerts', () => {
  test('a channel is added, tried and told of a failed job; a rule is made, disabled and deleted', async () => {
    const receiver = await startReceiver();
    const stopAgent = await startFailingAgent();
    try {
      await alertsTest(receiver.url);
    } finally {
      await stopAgent();
      await receiver.close();
    }
  });

  test('who deletes a rule that somebody else has changed at that moment is told, and it stays', async () => {
    const hook = { kind: 'webhook', name: 'kept', url: 'http://127.0.0.1:1/' } as const;
    const { channel } = await shown.client.call(api.alertChannels.create, { body: hook });
    const { id } = await shown.client.call(api.alertRules.create, {
      body: { kind: 'job.failed', name: 'kept rule', channels: [channel.id] },
    });
    const params = { id };
    const page = await shown.signedIn('/alerts');
    const remove = page.getByRole('button', { name: 'Delete kept rule' });
    await remove.waitFor();
    await page.route(`**/api/v1/alert-rules/${id}`, async (route) => {
      await shown.client.call(api.alertRules.act, { params: { id, action: 'disable' } });
      await route.continue();
    });
    await remove.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the rule' }).click();
    await page.getByRole('alert').getByText('Somebody else changed this meanwhile').waitFor();
    expect(await shown.client.call(api.alertRules.get, { params })).toMatchObject({ enabled: false });
    await shown.client.call(api.alertRules.remove, { params });
    await shown.client.call(api.alertChannels.remove, { params: { id: channel.id } });
  });

  test('mail needs a mail server: that stands at the field', async () => {
    const page = await shown.signedIn('/alerts');
    const form = page.getByRole('form', { name: 'New channel' });
    await form.getByLabel('Name of the channel').fill('ops');
    await form.getByLabel('Addresses').fill('ops@acme.example, nobody');
    await form.getByRole('button', { name: 'Add the channel' }).click();
    await form.getByText('It is not an e-mail address.').waitFor();
    await form.getByLabel('Addresses').fill('ops@acme.example');
    await form.getByRole('button', { name: 'Add the channel' }).click();
    await expect.poll(() => form.getByLabel('Kind').getAttribute('aria-invalid')).toBe('true');
  });

  test('an operator sees them and changes none; a developer is not offered them, and told at their address', async () => {
    const page = await shown.as('operator', '/alerts');
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    expect(await page.getByRole('form').count()).toBe(0);
    expect(await page.getByRole('button', { name: /Test|Delete|Disable/ }).count()).toBe(0);
    const theirs = await shown.as('developer', '/');
    expect(await navigation(theirs).getByRole('link', { name: 'Alerts' }).count()).toBe(0);
    await theirs.goto(`${shown.plane.urls.web}/alerts`);
    await theirs.getByRole('heading', heading('This page is not for you')).waitFor();
    await theirs.getByText('It needs alerts:read').waitFor();
  });
});

async function alertsTest(url: string): Promise<void> {
  const page = await shown.signedIn('/');
  await navigation(page).getByRole('link', { name: 'Alerts' }).click();
  await page.getByText('Add a channel first, then a rule.').waitFor();
  const channel = page.getByRole('form', { name: 'New channel' });
  await channel.getByLabel('Name of the channel').fill('pager');
  await channel.getByLabel('Kind').selectOption('Webhook');
  await channel.getByLabel('Address').fill('pager');
  await channel.getByRole('button', { name: 'Add the channel' }).click();
  await channel.getByText('It is not a web address').waitFor();
  await channel.getByLabel('Address').fill(`${url}/down`);
  await channel.getByRole('button', { name: 'Add the channel' }).click();
  await page.getByText(/^whsec_/).waitFor();
  await page.getByRole('button', { name: 'I have it' }).click();
  expect(await page.getByText(/^whsec_/).count()).toBe(0);
  await page.getByRole('button', { name: 'Test pager' }).click();
  await page.getByRole('status').getByText('It was not taken: it answered with 503').waitFor();
  await page.getByRole('button', { name: 'Delete pager' }).click();
  await page.getByRole('button', { name: 'Delete the channel' }).click();
  await page.getByRole('status').getByText('pager is removed.').waitFor();
  await channel.getByLabel('Name of the channel').fill('desk');
  await channel.getByLabel('Kind').selectOption('Webhook');
  await channel.getByLabel('Address').fill(`${url}/up`);
  await channel.getByRole('button', { name: 'Add the channel' }).click();
  await page.getByRole('button', { name: 'Test desk' }).click();
  await page.getByRole('status').getByText('It was taken.').waitFor();

  const rule = page.getByRole('form', { name: 'New rule' });
  await rule.getByLabel('Name of the rule').fill('reports');
  await rule.getByLabel('Of the workflow').fill('reports');
  await rule.getByLabel('desk').uncheck();
  await rule.getByRole('button', { name: 'Make the rule' }).click();
  await rule.getByText('It is not namespace/name.').waitFor();
  await rule.getByText('It needs at least 1.').waitFor();
  await rule.getByLabel('Of the workflow').fill('acme/report');
  await rule.getByLabel('desk').check();
  await rule.getByRole('button', { name: 'Make the rule' }).click();
  const rules = page.getByRole('table', { name: 'Rules' });
  await rules.getByText('A job failed, of acme/report').waitFor();
  await shown.client.call(api.jobs.submit, { body: { workflow: 'acme/report' } });
  const told = page.getByRole('table', { name: 'Alerts, newest first' }).getByRole('row').nth(1);
  await told.getByText('rule reports').waitFor();
  await told.getByText('desk: delivered').waitFor();
  await told.getByText('Open', { exact: true }).waitFor();

  await rules.getByRole('button', { name: 'Disable reports' }).click();
  await page.getByRole('status').getByText('reports is disabled.').waitFor();
  await rules.getByRole('button', { name: 'Enable reports' }).waitFor();
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Enable');
  await page.getByLabel('Show').selectOption('Open');
  await page.getByText('Nothing is open.').waitFor();
  await rules.getByRole('button', { name: 'Delete reports' }).click();
  await page.getByRole('button', { name: 'Delete the rule' }).click();
  await rules.waitFor({ state: 'detached' });
  expect(await narrowWidth(page)).toBeLessThanOrEqual(360);
  const [left] = (await shown.client.call(api.alertChannels.list, {})).items;
  await shown.client.call(api.alertChannels.remove, { params: { id: left!.id } });
}

/** Takes what comes to `/up`, and nothing else. */
async function startReceiver(): Promise<{ url: string; close: () => Promise<void> }> {
  const server = http.createServer((request, response) => {
    request.resume();
    response.statusCode = request.url === '/up' ? 200 : 503;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}`, close };
}

/** An agent that fails each job. */
async function startFailingAgent(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'casare-alerts-'));
  const { token } = await shown.client.call(api.joinTokens.create, { body: { autoApprove: true } });
  const error = { type: 'urn:test', status: 500, code: 'NO_STOCK', title: 'Nothing is in stock.' };
  const record = [{ type: 'run.failed', error }] as const;
  const agent = await enrolLightAgent({ folder, url: shown.plane.urls.enrol, token, name: 'stock-1', record });
  agent.start();
  await vi.waitFor(() => expect(agent.state, agent.log.join('\n')).toBe('live'), { timeout: 15_000 });
  return async () => {
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
