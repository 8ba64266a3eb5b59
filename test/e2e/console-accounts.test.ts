/** An invitation, a second factor, sessions and keys in a real Chromium, as the person who was invited meets them. */
import { Me } from '@casare/shared/api';
import { api, createClient } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeOfStep, stepAt } from '../../control-plane/dist/accounts/totp.js';
import { startControlPlane, type RunningControlPlane } from '../../control-plane/dist/main.js';
import { readConfig } from '../../control-plane/dist/platform/config.js';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { ROOT } from '../support/program.ts';

const PASSWORD = 'four words make one';
const EMAIL = 'ann@acme.example';
let home: string;
let plane: RunningControlPlane;
let chromium: StartedBrowser;
beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'casare-console-'));
  const ports = { CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' };
  plane = await startControlPlane(readConfig({ CASARE_HOME: home, CASARE_LOG_LEVEL: 'silent', ...ports }));
  const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
  chromium = await startBrowser({ home: cache, env: process.env, platform: process.platform });
});
afterAll(async () => {
  await chromium.close();
  await plane.stop();
  await rm(home, { recursive: true, force: true });
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
async function openPage(url: string): Promise<Page> {
  const page = await (await chromium.browser.newContext()).newPage();
  await page.goto(url);
  return page;
}

test('an invited person chooses a password and is in; the link is not in the address bar, and is good once', async () => {
  const client = createClient({ url: plane.admin.url, apiKey: plane.admin.apiKey });
  const { url } = await client.call(api.accounts.invite, { body: { email: EMAIL, role: 'viewer' } });
  const page = await openPage(url!);
  await heading(page, 'Welcome to Casare');
  expect(page.url()).toBe(`${plane.urls.web}/invitation`);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('The same password again').fill('another password');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByRole('alert').getByText('not the same').waitFor();
  await page.getByLabel('The same password again').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Jobs');
  await page.getByText(EMAIL).waitFor();

  const late = await openPage(url!);
  await late.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await late.getByLabel('The same password again').fill(PASSWORD);
  await late.keyboard.press('Enter');
  await late.getByRole('alert').getByText('used already').waitFor();
});

test('with a second factor, the form asks for a code after the password', async () => {
  const secret = await turnOn();
  const page = await openPage(`${plane.urls.web}/`);
  await page.getByLabel('E-mail address').fill(EMAIL);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  const code = page.getByLabel('Code of your authenticator');
  await code.fill('not it');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('The code is wrong').waitFor();
  // The code of this step turned it on and is used up: that of the next one is taken too.
  await code.fill(codeOfStep(secret, stepAt(new Date()) + 1));
  await page.keyboard.press('Enter');
  await heading(page, 'Jobs');
});

test('one sees and ends sessions, and makes, rotates and revokes a key', async () => {
  const client = createClient({ url: plane.admin.url, apiKey: plane.admin.apiKey });
  const link = async () => (await client.call(api.auth.createSignInCode)).url;
  const elsewhere = await openPage(await link());
  await heading(elsewhere, 'Jobs');
  const page = await openPage(await link());
  await page.getByRole('link', { name: 'Your account' }).click();
  await heading(page, 'Your account');
  await page.getByText('this one').waitFor();
  await page.getByRole('button', { name: 'End all others' }).click();
  await page.getByText('All other sessions have ended.').waitFor();
  expect((await elsewhere.request.get(`${plane.urls.web}/api/v1/auth/me`)).status()).toBe(401);
  expect((await page.request.get(`${plane.urls.web}/api/v1/auth/me`)).status()).toBe(200);

  await page.getByLabel('Name of a new key').fill('from the console');
  await page.getByLabel('It may what this role may').selectOption('viewer');
  await page.getByRole('button', { name: 'Make the key' }).click();
  const key = await page.getByRole('status').locator('pre', { hasText: 'csk_' }).textContent();
  const theirs = createClient({ url: plane.admin.url, apiKey: key! });
  expect(await theirs.call(api.auth.me)).toMatchObject({ role: 'viewer' });
  await page.getByRole('button', { name: 'I have it' }).click();
  await page.getByRole('button', { name: 'Rotate the key from the console' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rotate from the console?' });
  await dialog.getByLabel('How long the old one still works').selectOption('A day');
  await dialog.getByRole('button', { name: 'Rotate the key' }).click();
  const fresh = await page.getByRole('status').locator('pre', { hasText: 'csk_' }).textContent();
  await page.getByText('It was rotated: its grace runs out.').waitFor();
  for (const one of [key!, fresh!]) {
    const caller = createClient({ url: plane.admin.url, apiKey: one });
    expect(await caller.call(api.auth.me)).toMatchObject({ role: 'viewer' });
  }
  await page.getByRole('button', { name: 'I have it' }).click();
  await page
    .getByRole('row')
    .filter({ hasText: 'It was rotated' })
    .getByRole('button', { name: /^Revoke/ })
    .click();
  await page.getByText('The key from the console is revoked.').waitFor();
  await expect(theirs.call(api.auth.me)).rejects.toMatchObject({ problem: { code: 'AUTH_REQUIRED' } });
});

/** Turns the person's second factor on, over the API; its secret. */
async function turnOn(): Promise<Uint8Array> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ email: EMAIL, password: PASSWORD });
  const response = await fetch(`${plane.urls.web}/api/v1/auth/login`, { method: 'POST', headers, body });
  const cookie = response.headers.get('set-cookie')!.split(';')[0]!;
  const { csrfToken } = Me.parse(await response.json());
  const client = createClient({
    url: plane.urls.web,
    csrfToken: () => csrfToken,
    fetch: (to, init) => fetch(to, { ...init, headers: { ...(init?.headers as Record<string, string>), cookie } }),
  });
  const { secret } = await client.call(api.secondFactor.begin, { body: { password: PASSWORD } });
  const bits = [...secret].map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'));
  const bytes = Uint8Array.from(
    bits
      .join('')
      .match(/.{8}/g)!
      .map((byte) => Number.parseInt(byte, 2)),
  );
  await client.call(api.secondFactor.confirm, { body: { code: codeOfStep(bytes, stepAt(new Date())) } });
  return bytes;
}
