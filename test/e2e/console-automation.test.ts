/** Schedules and alerts in the console, in a real Chromium against a real control plane. */
import { api } from '@casare/shared/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { narrowWidth, navigation, startConsole, type ConsoleForTests } from '../support/console.ts';

const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'acme', name: 'report', version: '1.0.0' },
  input: { schema: { document: { type: 'object', properties: { region: { type: 'string' } } } } },
  do: [{ write: { set: { written: true } } }],
};

let shown: ConsoleForTests;
beforeAll(async () => {
  shown = await startConsole();
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
