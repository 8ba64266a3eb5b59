/**
 * Agents in the console, in a real Chromium against a real control plane. The agents are light ones: they enrol and talk as the
 * product does, and record what the test tells them instead of running a job.
 */
import type { Agent } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { narrowWidth, navigation, startConsole, type ConsoleForTests } from '../support/console.ts';
import { enrolLightAgent, type LightAgent } from '../support/light-agents.ts';

const WORKFLOW = {
  document: { dsl: '1.0.3', namespace: 'test', name: 'press', version: '1.0.0' },
  do: [{ pressOrder: { set: { pressed: true } } }],
};
/** It does not end: the job stays with its agent. */
const RUNS_ON = [{ type: 'run.log', level: 'info', message: 'it presses' }] as const;

let shown: ConsoleForTests;
let folder: string;
const light: LightAgent[] = [];
/** One that works, one that waits for approval, and one that belongs to another site. */
let press: Agent;
let stock: Agent;
let far: Agent;
beforeAll(async () => {
  shown = await startConsole();
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-agents-'));
  await shown.client.call(api.workflows.push, { body: WORKFLOW });
  press = await enrolled('press-1', { site: 'plant-1', tags: ['line=7'], autoApprove: true });
  stock = await enrolled('stock-1', { site: 'plant-1' });
  far = await enrolled('far-1', { site: 'plant-2', autoApprove: true });
});
afterAll(async () => {
  for (const agent of light) await agent.stop();
  await shown.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => expect(await shown.closePages()).toEqual([]));

async function enrolled(name: string, terms: object): Promise<Agent> {
  const { token } = await shown.client.call(api.joinTokens.create, { body: terms });
  const place = { folder: path.join(folder, name), url: shown.plane.urls.enrol };
  const agent = await enrolLightAgent({ ...place, token, name, record: RUNS_ON });
  light.push(agent);
  agent.start();
  await vi.waitFor(() => expect(agent.state, agent.log.join('\n')).toBe('live'), { timeout: 15_000 });
  return now(agent.agentId);
}
const now = (id: string) => shown.client.call(api.agents.get, { params: { id } });
const act = (id: string, action: 'pause' | 'resume') => shown.client.call(api.agents.act, { params: { id, action } });
const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });
const known = (page: Page) => page.getByLabel('What is known');
const title = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
const form = (page: Page) => page.getByRole('form', { name: 'Change the agent' });

describe('the list', () => {
  test('shows how each stands, and finds by name, site, label and state', async () => {
    const page = await shown.signedIn('/');
    await navigation(page).getByRole('link', { name: 'Agents' }).click();
    await title(page, 'Agents');
    await row(page, 'press-1').getByText('Active').waitFor();
    await row(page, 'press-1').getByText('connected since').waitFor();
    await row(page, 'press-1').getByText('line=7').waitFor();
    await row(page, 'press-1').getByText('0.1.0').waitFor();
    await row(page, 'stock-1').getByText('Waits for approval').waitFor();

    await page.getByLabel('Name contains').fill('STOCK');
    await row(page, 'press-1').waitFor({ state: 'detached' });
    await page.getByLabel('Name contains').fill('');
    await page.getByLabel('Site').fill('plant-2');
    await row(page, 'press-1').waitFor({ state: 'detached' });
    await row(page, 'far-1').waitFor();
    await page.getByLabel('Site').fill('');
    await page.getByLabel('Label').fill('line=7');
    await row(page, 'far-1').waitFor({ state: 'detached' });
    await page.getByLabel('Label').fill('');
    await page.getByLabel('State').selectOption('pending');
    await row(page, 'press-1').waitFor({ state: 'detached' });
    expect(page.url()).toContain('/agents?state=pending');
    await page.getByLabel('State').selectOption('suspect');
    await page.getByText('No agent is like that.').waitFor();
  });

  test('follows what others do', async () => {
    const page = await shown.signedIn('/agents');
    await row(page, 'far-1').getByText('Active').waitFor();
    await act(far.id, 'pause');
    await row(page, 'far-1').getByText('Paused').waitFor({ timeout: 5_000 });
    await act(far.id, 'resume');
    await row(page, 'far-1').getByText('Active').waitFor({ timeout: 5_000 });
  });

  test('fits a width of 360 pixels, and so does an agent', async () => {
    const page = await shown.signedIn('/agents');
    await row(page, 'press-1').waitFor();
    expect(await narrowWidth(page)).toBe(360);
    await page.goto(`${shown.plane.urls.web}/agents/${press.id}`);
    await known(page).waitFor();
    expect(await narrowWidth(page)).toBe(360);
  });
});

describe('one agent', () => {
  test('is approved, and runs the job that waited for it', async () => {
    const job = await shown.client.call(api.jobs.submit, { body: { workflow: 'test/press', agent: stock.id } });
    const page = await shown.signedIn('/agents');
    await page.getByRole('link', { name: 'stock-1' }).click();
    await title(page, 'stock-1');
    await known(page).getByText('gets no job before somebody approves it').waitFor();
    await page.getByText('Nothing now.').waitFor();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('status').getByText('It is approved.').waitFor();
    await row(page, job.id.slice(-6)).getByText('Running').waitFor();
    await known(page).getByText('plain 1 of').waitFor();
    await page.getByText('os=linux', { exact: true }).waitFor();
    await row(page, 'generation 1').getByText('current').waitFor();
    await shown.client.call(api.jobs.cancel, { params: { id: job.id } });
  });

  test('gets another name, site and grants, by keyboard too; what is wrong stands at its field', async () => {
    const page = await shown.signedIn(`/agents/${press.id}`);
    await form(page).getByLabel('Grants').fill('line=7\nNot A Label');
    await form(page).getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => form(page).getByLabel('Grants').getAttribute('aria-invalid')).toBe('true');
    await form(page).getByLabel('Grants').fill('line=7\nerp');
    await form(page).getByLabel('Site').fill('plant-3');
    await form(page).getByLabel('Name').fill('press-7');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('It is saved.').waitFor();
    await title(page, 'press-7');
    expect(await now(press.id)).toMatchObject({ name: 'press-7', site: 'plant-3', grants: ['line=7', 'erp'] });
    await form(page).getByLabel('Site').fill('');
    await form(page).getByRole('button', { name: 'Save' }).click();
    await expect.poll(async () => (await now(press.id)).site).toBeNull();
  });

  test('who comes second is told who came first, and chooses', async () => {
    const page = await shown.signedIn(`/agents/${press.id}`);
    await form(page).getByLabel('Name').fill('mine');
    const theirs = { params: { id: press.id }, body: { name: 'theirs', addGrants: ['b'] } };
    await shown.client.call(api.agents.update, theirs);
    await form(page).getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText('PRECONDITION_FAILED').waitFor();
    await page.getByRole('alert').getByText('(name, grants)').waitFor();
    await page.getByText(/Last changed by .*: agent\.updated/).waitFor();
    expect(await now(press.id)).toMatchObject({ name: 'theirs' });
    await page.getByRole('button', { name: 'Save mine over it' }).click();
    await expect.poll(async () => (await now(press.id)).name).toBe('mine');
  });

  test('an action comes too late after somebody else’s, and nothing is done', async () => {
    const page = await shown.signedIn(`/agents/${far.id}`);
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    // Between the look and the click: nothing tells the page.
    await page.route('**/api/v1/events*', (route) => route.abort());
    await page.route(`**/api/v1/agents/${far.id}/pause`, async (route) => {
      await shown.client.call(api.agents.update, { params: { id: far.id }, body: { addGrants: ['late'] } });
      await route.continue();
    });
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('alert').getByText('Somebody else changed this meanwhile').waitFor();
    await page.getByText(/Last changed by .*: agent\.updated/).waitFor();
    expect(await now(far.id)).toMatchObject({ state: 'active', grants: ['late'] });
  });

  test('is paused, resumed, drained, locked and unlocked', async () => {
    const page = await shown.signedIn(`/agents/${far.id}`);
    const click = (name: string) => page.getByRole('button', { name, exact: true }).click();
    const badge = (name: string) => known(page).getByText(name, { exact: true }).waitFor();
    await click('Pause');
    await badge('Paused');
    await click('Resume');
    await badge('Active');
    await click('Drain');
    await badge('Draining');
    await click('Resume');
    await badge('Active');
    await click('Lock');
    await page.getByRole('dialog').getByRole('button', { name: 'Let it be' }).click();
    await click('Lock');
    await page.getByRole('dialog').getByRole('button', { name: 'Lock the agent' }).click();
    await badge('Locked');
    await click('Unlock');
    await badge('Active');
  });

  test('is decommissioned by typing the word and by nothing else', async () => {
    const gone = await enrolled('gone-1', { autoApprove: true });
    const page = await shown.signedIn(`/agents/${gone.id}`);
    await page.getByRole('button', { name: 'Decommission' }).click();
    const dialog = page.getByRole('dialog', { name: 'Send gone-1 away for good?' });
    await dialog.getByLabel('To confirm').fill('yes');
    await dialog.getByRole('button', { name: 'Decommission the agent' }).click();
    expect((await now(gone.id)).state).toBe('active');
    await dialog.getByLabel('To confirm').fill('decommission');
    await dialog.getByRole('button', { name: 'Decommission the agent' }).click();
    await known(page).getByText('Decommissioned', { exact: true }).waitFor();
    expect((await now(gone.id)).state).toBe('decommissioned');
    await form(page).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: /Lock|Approve|Decommission/ }).count()).toBe(0);
  });
});

describe('who may less', () => {
  test('a viewer sees and does nothing', async () => {
    const page = await shown.as('viewer', `/agents/${press.id}`);
    await known(page).waitFor();
    expect(await page.getByRole('button', { name: /Pause|Lock|Decommission|Save/ }).count()).toBe(0);
    expect(await page.getByRole('heading', { name: 'Certificates' }).count()).toBe(0);
  });

  test('an operator of one site sees its agents alone, and moves none to another one', async () => {
    const here = await enrolled('here-1', { site: 'plant-9', autoApprove: true });
    const page = await shown.as('operator', '/agents', ['plant-9']);
    await row(page, 'here-1').waitFor();
    expect(await row(page, 'far-1').count()).toBe(0);
    await page.goto(`${shown.plane.urls.web}/agents/${far.id}`);
    await page.getByRole('alert').getByText('AGENT_NOT_FOUND').waitFor();
    await page.goto(`${shown.plane.urls.web}/agents/${here.id}`);
    await form(page).getByLabel('Site').fill('plant-2');
    await form(page).getByRole('button', { name: 'Save' }).click();
    await form(page).getByText('You may make nothing at the site plant-2.').waitFor();
    expect((await now(here.id)).site).toBe('plant-9');
  });

  test('whose rights were taken away meanwhile is told by the control plane', async () => {
    const page = await shown.as('operator', `/agents/${far.id}`);
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    const people = await shown.client.call(api.accounts.list, {});
    for (const person of people.items.filter(({ role }) => role === 'operator')) {
      await shown.client.call(api.accounts.setRole, { params: { id: person.id }, body: { role: 'viewer' } });
    }
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('alert').getByText('PERMISSION_DENIED').waitFor();
    expect((await now(far.id)).state).toBe('active');
  });
});
