/** Secrets and tenants in the console, in a real Chromium against a real control plane. */
import { api } from '@casare/shared/client';
import { generateSealingKey, sealTo } from '@casare/shared/sealing';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { narrowWidth, navigation, startConsole, type ConsoleForTests } from '../support/console.ts';
import { enrolLightAgent, type LightAgent } from '../support/light-agents.ts';

let shown: ConsoleForTests;
beforeAll(async () => {
  shown = await startConsole();
});
afterAll(() => shown.stop());
afterEach(async () => expect(await shown.closePages()).toEqual([]));

const heading = (name: string) => ({ level: 1, name }) as const;
const secret = (name: string) => shown.client.call(api.secrets.get, { params: { name } });

describe('secrets', () => {
  test('one is stored, replaced and deleted; its value is nowhere in the page afterwards', async () => {
    const page = await shown.signedIn('/');
    await navigation(page).getByRole('link', { name: 'Secrets' }).click();
    await page.getByRole('link', { name: 'Store the first one' }).click();
    await page.getByRole('heading', heading('New secret')).waitFor();
    const form = page.getByRole('form', { name: 'New secret' });
    await form.getByLabel('Name', { exact: true }).fill('supplier portal');
    await form.getByRole('button', { name: 'Store the secret' }).click();
    await form.getByText('It is no name').waitFor();
    await form.getByLabel('Name', { exact: true }).fill('supplierPortal');
    await form.getByRole('button', { name: 'Store the secret' }).click();
    await form.getByText('Type the value.').waitFor();

    await form.getByRole('radio', { name: /^Named members/ }).check();
    await form.getByLabel('Name of member 1').fill('username');
    await form.getByLabel('Value of member 1').fill('buyer');
    await form.getByLabel('Name of member 2').fill('password');
    await form.getByLabel('Value of member 2').fill('correct horse');
    await form.getByLabel('Only these steps get it').fill('browser.*');
    await form.getByLabel('It goes only to these origins').fill('https://*.example.com\nnowhere');
    await form.getByLabel('Replace after days').fill('90');
    await form.getByRole('button', { name: 'Store the secret' }).click();
    await form.getByText('It is no origin').waitFor();
    expect(await form.getByLabel('It goes only to these origins').getAttribute('aria-invalid')).toBe('true');
    await form.getByLabel('It goes only to these origins').fill('https://*.example.com');
    await form.getByRole('button', { name: 'Store the secret' }).click();
    await page.getByRole('heading', heading('supplierPortal')).waitFor();
    await page.getByLabel('What is known').getByText('https://*.example.com').waitFor();
    await page.getByText('every 90 days').waitFor();
    await nowhere(page, 'correct horse');
    expect(await secret('supplierPortal')).toMatchObject({ version: 1, allowedSteps: ['browser.*'] });

    // Who may write secrets cannot send one elsewhere that they do not know.
    const change = page.getByRole('form', { name: 'Change the secret' });
    await change.getByLabel('It goes only to these origins').fill('');
    await change.getByRole('button', { name: 'Save' }).click();
    await change.getByText('This would let supplierPortal be used for more than before.').waitFor();
    await change.getByLabel('Value', { exact: true }).fill('four words make one');
    await change.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('status').getByText('Version 2 is stored').waitFor();
    await page.getByRole('row').filter({ hasText: 'Version 2' }).getByText('the one that jobs get').waitFor();
    await nowhere(page, 'four words');
    await page.getByRole('button', { name: 'Delete version 1' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the version' }).click();
    await page.getByRole('status').getByText('Version 1 is deleted.').waitFor();

    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete supplierPortal?' });
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Delete');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog.getByRole('button', { name: 'Delete the secret' }).click();
    await page.getByText('No secrets yet.').waitFor();
  });

  test('of a sealed one it is said who opens it and who does not, and how it is sealed; no value can be typed', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'casare-sealed-'));
    const agents: LightAgent[] = [];
    const keys = [await generateSealingKey(), await generateSealingKey()];
    for (const [index, { publicKey }] of keys.entries()) {
      const { token } = await shown.client.call(api.joinTokens.create, { body: { autoApprove: true } });
      const name = `press-${index + 1}`;
      const place = { folder: path.join(folder, name), url: shown.plane.urls.enrol };
      const agent = await enrolLightAgent({ ...place, token, name, sealingKey: publicKey });
      agents.push(agent);
      agent.start();
      await vi.waitFor(() => expect(agent.state, agent.log.join('\n')).toBe('live'), { timeout: 15_000 });
    }
    try {
      const [{ publicKey }, [first]] = [keys[0]!, agents] as const;
      const { agentId } = first!;
      const at = { tenant: 'default', name: 'bankPortal', version: 1, agentId };
      const sealed = await sealTo(publicKey, at, { value: 'of the bank', rules: {} });
      const body = { version: 1, sealed: [{ agentId, publicKey, sealed }] };
      await shown.client.call(api.secrets.seal, { params: { name: 'bankPortal' }, body });

      const page = await shown.signedIn('/secrets');
      await page.getByRole('row').filter({ hasText: 'bankPortal' }).getByText('Sealed').waitFor();
      await page.getByRole('link', { name: 'bankPortal' }).click();
      const recipients = page.getByRole('table', { name: 'Agents that it is sealed to' });
      await recipients.getByRole('row').filter({ hasText: 'press-1' }).getByText('Yes').waitFor();
      await page.getByText('Not sealed to press-2: jobs that use it do not go there.').waitFor();
      await page.getByText('casare secrets reseal bankPortal --agent NAME=FINGERPRINT').waitFor();
      expect(await page.getByLabel('Value', { exact: true }).count()).toBe(0);
      await page.getByLabel('Description').fill('Of the bank');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('status').getByText('It is saved.').waitFor();
      expect(await secret('bankPortal')).toMatchObject({ description: 'Of the bank', version: 1, mode: 'sealed' });
      expect(await narrowWidth(page)).toBeLessThanOrEqual(360);
    } finally {
      await Promise.all(agents.map((agent) => agent.stop()));
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('who changes what somebody else has changed meanwhile is told, and saves over it or not', async () => {
    const store = (value: string) =>
      shown.client.call(api.secrets.set, { params: { name: 'shared' }, body: { value } });
    await store('one');
    const page = await shown.signedIn('/secrets/shared');
    const form = page.getByRole('form', { name: 'Change the secret' });
    await form.getByLabel('Value', { exact: true }).fill('mine');
    await store('theirs');
    await form.getByRole('button', { name: 'Save' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('Somebody else changed this secret after you opened it (version 2).').waitFor();
    expect((await secret('shared')).version).toBe(2);
    await alert.getByRole('button', { name: 'Save mine over it' }).click();
    await page.getByRole('status').getByText('Version 3 is stored').waitFor();

    await page.getByRole('row').filter({ hasText: 'Version 3' }).getByText('the one that jobs get').waitFor();
    await store('theirs again');
    await page.getByRole('button', { name: 'Delete version 2' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete the version' }).click();
    await alert.getByText('Somebody else changed this meanwhile, and nothing was done.').waitFor();
    const { items } = await shown.client.call(api.secrets.versions, { params: { name: 'shared' } });
    expect(items.map(({ version }) => version)).toEqual([4, 3, 2, 1]);
  });

  test('a developer sees names and rules; a viewer is not offered the page', async () => {
    await shown.client.call(api.secrets.set, { params: { name: 'seen' }, body: { value: 'x' } });
    const page = await shown.as('developer', '/secrets/seen');
    await page.getByRole('table', { name: 'Versions, newest first' }).waitFor();
    expect(await page.getByRole('form').count()).toBe(0);
    expect(await page.getByRole('button', { name: /Delete/ }).count()).toBe(0);
    await page.goto(`${shown.plane.urls.web}/new-secret`);
    await page.getByText('It needs secrets:write').waitFor();
    const theirs = await shown.as('viewer', '/');
    expect(await navigation(theirs).getByRole('link', { name: 'Secrets' }).count()).toBe(0);
    await theirs.goto(`${shown.plane.urls.web}/secrets`);
    await theirs.getByRole('heading', heading('This page is not for you')).waitFor();
  });
});

describe('tenants', () => {
  test('one’s own keeps what is over for so many days; who comes second is told, and a viewer changes nothing', async () => {
    const page = await shown.signedIn('/');
    await navigation(page).getByRole('link', { name: 'Your tenant' }).click();
    await page.getByRole('heading', heading('Your tenant')).waitFor();
    const form = page.getByRole('form', { name: 'Change the retention' });
    await form.getByLabel(/^Jobs/).fill('0');
    await form.getByRole('button', { name: 'Change the retention' }).click();
    await expect.poll(() => form.getByLabel(/^Jobs/).getAttribute('aria-invalid')).toBe('true');
    await form.getByLabel(/^Jobs/).fill('90');
    await form.getByRole('button', { name: 'Change the retention' }).click();
    await page.getByRole('status').getByText('The retention is changed.').waitFor();
    await page.getByLabel('Kept', { exact: true }).getByText('90 days').waitFor();

    await form.getByLabel(/^Log lines/).fill('30');
    await shown.client.call(api.tenant.setRetention, { body: { jobsDays: 60 } });
    await form.getByRole('button', { name: 'Change the retention' }).click();
    await page.getByRole('alert').getByText('(jobs)').waitFor();
    await page.getByRole('button', { name: 'Start again from theirs' }).click();
    await form.getByLabel(/^Jobs/).fill('');
    await form.getByRole('button', { name: 'Change the retention' }).click();
    const kept = async () => (await shown.client.call(api.tenant.get)).retention;
    await expect.poll(kept).toEqual({ jobsDays: null, logsDays: null, artifactsDays: null });
    expect(await narrowWidth(page)).toBe(360);

    const viewers = await shown.as('viewer', '/tenant');
    await viewers.getByLabel('Kept', { exact: true }).waitFor();
    expect(await viewers.getByRole('form').count()).toBe(0);
  });

  test('one is made, bounded, suspended, exported and deleted, with the proof that nothing is left', async () => {
    const page = await shown.signedIn('/');
    await navigation(page).getByRole('link', { name: 'Tenants' }).click();
    await page.getByRole('row').filter({ hasText: 'looks after the platform' }).waitFor();
    await page.getByRole('link', { name: 'New tenant' }).click();
    const form = page.getByRole('form', { name: 'New tenant' });
    await form.getByLabel('Id').fill('default');
    await form.getByLabel('Name').fill('Press & Sons');
    await form.getByLabel('E-mail address of its owner').fill('nobody');
    await form.getByRole('button', { name: 'Make the tenant' }).click();
    await form.getByText('It is not an e-mail address.').waitFor();
    await form.getByLabel('E-mail address of its owner').fill('boss@press.example');
    await form.getByRole('button', { name: 'Make the tenant' }).click();
    // There is one of that id.
    await expect.poll(() => form.getByLabel('Id').getAttribute('aria-invalid')).toBe('true');
    await form.getByLabel('Id').fill('press');
    await form.getByLabel('Most agents').fill('3');
    await form.getByRole('button', { name: 'Make the tenant' }).click();
    await page.getByText(/#token=/).waitFor();
    await page.getByRole('button', { name: 'I have it' }).click();

    await page.getByRole('heading', heading('Press & Sons')).waitFor();
    const quotas = page.getByRole('table', { name: 'Quotas and use' });
    await quotas.getByRole('meter', { name: 'Used of agents' }).waitFor();
    await page.getByLabel('Most agents').fill('');
    await page.getByLabel('Most stored files, GB').fill('1.5');
    await page.getByRole('button', { name: 'Change the quotas' }).click();
    await page.getByRole('status').getByText('The quotas are changed.').waitFor();
    await quotas.getByText('1.5 GB').waitFor();
    const now = () => shown.client.call(api.tenants.get, { params: { tenant: 'press' } });
    expect((await now()).quotas).toMatchObject({ agents: null, storedBytes: 1_500_000_000 });

    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByLabel('Why').fill('Has not paid.');
    await page.getByRole('button', { name: 'Suspend the tenant' }).click();
    await page.getByLabel('What is known').getByText('Has not paid.').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export its data' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/press.*\.zip$/);
    await download.cancel();

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByLabel('To confirm, type press').fill('pres');
    await page.getByRole('button', { name: 'Delete the tenant' }).click();
    await page.getByRole('alert').getByText('DELETION_NOT_CONFIRMED').waitFor();
    expect((await now()).state).toBe('suspended');
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByLabel('To confirm, type press').fill('press');
    await page.getByRole('button', { name: 'Delete the tenant' }).click();
    await page.getByRole('status').getByText('It is finished, and nothing is left.').waitFor();
    await page.getByRole('table', { name: 'What was removed' }).getByText('account', { exact: true }).waitFor();
    expect(await narrowWidth(page)).toBeLessThanOrEqual(360);
  });

  test('they are for operators of the platform alone, whatever the role', async () => {
    const page = await shown.as('owner', '/');
    expect(await navigation(page).getByRole('link', { name: 'Tenants' }).count()).toBe(0);
    await page.goto(`${shown.plane.urls.web}/tenants/default`);
    await page.getByRole('heading', heading('This page is not for you')).waitFor();
    await page.getByText('It needs platform:read').waitFor();
  });
});

/** Neither in the page's text nor in a field of it. */
async function nowhere(page: Page, text: string): Promise<void> {
  await expect.poll(() => page.content()).not.toContain(text);
  const typed = "[...document.querySelectorAll('input, textarea')].map((field) => field.value).join('\\n')";
  await expect.poll(() => page.evaluate<string>(typed)).not.toContain(text);
}
