/** Signing in with a provider, people and second factors, in a real Chromium, as the people of a tenant meet them. */
import { api, createClient, type Client } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestProvider, type TestProvider } from '../../control-plane/src/accounts/oidc-provider-for-tests.ts';
import { codeOfStep, stepAt } from '../../control-plane/dist/accounts/totp.js';
import { startControlPlane, type RunningControlPlane } from '../../control-plane/dist/main.js';
import { readConfig } from '../../control-plane/dist/platform/config.js';
import { startMailServer, type MailServerForTests } from '../../control-plane/src/platform/mail/testing.ts';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { ROOT } from '../support/program.ts';

let home: string;
let mail: MailServerForTests;
let plane: RunningControlPlane;
let client: Client;
let chromium: StartedBrowser;
beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'casare-people-'));
  mail = await startMailServer({});
  const env = {
    ...{ CASARE_SMTP_URL: mail.url, CASARE_MAIL_FROM: 'casare@acme.example' },
    ...{ CASARE_HOME: home, CASARE_LOG_LEVEL: 'silent', CASARE_OUTBOUND_ALLOW: 'http://127.0.0.1' },
    ...{ CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' },
  };
  plane = await startControlPlane(readConfig(env));
  client = createClient({ url: plane.admin.url, apiKey: plane.admin.apiKey });
  const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
  chromium = await startBrowser({ home: cache, env: process.env, platform: process.platform });
});
afterAll(async () => {
  await chromium.close();
  await plane.stop();
  await mail.close();
  await rm(home, { recursive: true, force: true });
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
async function openPage(url: string): Promise<Page> {
  const page = await (await chromium.browser.newContext()).newPage();
  await page.goto(url);
  return page;
}

test('one signs in with a provider, and out of both; without a listed group one is told why', async () => {
  const idp = await startTestProvider(plane.urls.web);
  try {
    await signOnTest(idp);
  } finally {
    await idp.close();
  }
});

async function signOnTest(idp: TestProvider): Promise<void> {
  const { issuer, clientId, clientSecret } = idp;
  const roles = [{ group: 'staff', role: 'viewer' }] as const;
  const body = { kind: 'oidc', name: 'Acme', issuer, clientId, clientSecret, scopes: 'openid email groups' } as const;
  const { id } = await client.call(api.providers.create, { body: { ...body, roles: [...roles] } });
  idp.people.set('pia', { email: 'pia@acme.example', email_verified: true, groups: ['staff'] });
  idp.people.set('eve', { email: 'eve@acme.example', email_verified: true, groups: ['others'] });

  idp.who = 'pia';
  const page = await openPage(`${plane.urls.web}/`);
  await page.getByRole('button', { name: 'Sign in with Acme' }).click();
  await heading(page, 'Jobs');
  await page.getByText('pia@acme.example').waitFor();
  expect(page.url()).toBe(`${plane.urls.web}/`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${issuer}/session/end**`);
  expect((await page.request.get(`${plane.urls.web}/api/v1/auth/me`)).status()).toBe(401);

  idp.who = 'eve';
  const other = await openPage(`${plane.urls.web}/login`);
  await other.getByRole('button', { name: 'Sign in with Acme' }).click();
  await other.getByRole('alert').getByText('You have no access to Casare.').waitFor();
  // What came back is not in the address bar, so not in a bookmark or a picture either.
  expect(other.url()).toBe(`${plane.urls.web}/login`);
  await client.call(api.providers.remove, { params: { id } });
}

const PASSWORD = 'four words make one';
const signedIn = async () => openPage((await client.call(api.auth.createSignInCode)).url);

test('one invites by mail, and changes and disables whom one may', async () => {
  const page = await signedIn();
  await page.getByRole('link', { name: 'People' }).click();
  await heading(page, 'People');
  await page.getByLabel('E-mail address of who is invited').fill('ann@acme.example');
  await page.getByLabel('Their role').selectOption('developer');
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByText('An invitation was sent to ann@acme.example.').waitFor();
  // Who invites does not see the link.
  expect(await page.content()).not.toContain('#token=');
  const letter = mail.letters.find(({ to }) => to.includes('ann@acme.example'))!;
  const link = /http\S+#token=[\w-]+/.exec(letter.text.replaceAll('=\r\n', '').replaceAll('=3D', '='))![0];

  const theirs = await openPage(link);
  await theirs.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await theirs.getByLabel('The same password again').fill(PASSWORD);
  await theirs.keyboard.press('Enter');
  await heading(theirs, 'Jobs');
  // A developer may not see accounts.
  expect(await theirs.getByRole('link', { name: /People|Identity providers/ }).count()).toBe(0);

  await page.getByLabel('Role of ann@acme.example').selectOption('operator');
  await page.getByText('ann@acme.example is operator now.').waitFor();
  const ann = async () => (await client.call(api.accounts.list, {})).items.find((one) => one.email.startsWith('ann@'))!;
  expect((await ann()).role).toBe('operator');
  // Nobody disables themselves.
  expect(await page.getByRole('button', { name: `Disable ${plane.admin.email}` }).count()).toBe(0);

  await enrolFactor(theirs);
  await page.reload();
  await page.getByRole('button', { name: 'Reset the second factor of ann@acme.example' }).click();
  await page.getByText('The second factor of ann@acme.example is taken away.').waitFor();
  expect((await ann()).secondFactor).toBe(false);
  await page.getByRole('button', { name: 'Disable ann@acme.example' }).click();
  await page.getByText('ann@acme.example is disabled.').waitFor();
  expect((await theirs.request.get(`${plane.urls.web}/api/v1/auth/me`)).status()).toBe(401);
});

test('who changes what somebody else has changed meanwhile is told, and sees it; an account is deleted when one is sure', async () => {
  const email = 'eli@acme.example';
  const { account } = await client.call(api.accounts.invite, { body: { email, role: 'viewer' } });
  const params = { id: account.id };
  const page = await signedIn();
  await page.getByRole('link', { name: 'People' }).click();
  const role = page.getByLabel(`Role of ${email}`);
  await role.waitFor();
  await client.call(api.accounts.setRole, { params, body: { role: 'security' } });
  await role.selectOption('operator');
  await page.getByRole('alert').getByText('Somebody else changed this meanwhile, and nothing was done.').waitFor();
  expect((await client.call(api.accounts.get, { params })).role).toBe('security');
  // It is shown as it is now, and so the second try is of who knows.
  await expect.poll(() => role.inputValue()).toBe('security');
  await role.selectOption('operator');
  await page.getByText(`${email} is operator now.`).waitFor();
  await expect.poll(() => role.inputValue()).toBe('operator');

  // Between the look and the change too: the server is the one who says so.
  await page.route('**/api/v1/accounts/*/disable', async (route) => {
    await client.call(api.accounts.setRole, { params, body: { role: 'viewer' } });
    await route.continue();
  });
  await page.getByRole('button', { name: `Disable ${email}` }).click();
  await page.getByRole('alert').getByText('PRECONDITION_FAILED').waitFor();
  await expect.poll(() => role.inputValue()).toBe('viewer');

  await page.getByRole('button', { name: `Delete ${email}` }).click();
  const dialog = page.getByRole('dialog', { name: `Delete ${email}?` });
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: `Delete ${email}` }).click();
  await dialog.getByRole('button', { name: 'Delete the account' }).click();
  await page.getByText(`${email} is deleted.`).waitFor();
  await role.waitFor({ state: 'detached' });
  await expect(client.call(api.accounts.get, { params })).rejects.toMatchObject({
    problem: { code: 'ACCOUNT_NOT_FOUND' },
  });
  // Nobody deletes themselves.
  expect(await page.getByRole('button', { name: `Delete ${plane.admin.email}` }).count()).toBe(0);
});

test('where mail does not get through, the link is shown once', async () => {
  mail.broken = true;
  const page = await signedIn();
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByLabel('E-mail address of who is invited').fill('ben@acme.example');
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByText('Give this link to ben@acme.example alone').waitFor();
  await page.locator('code', { hasText: '#token=' }).waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  expect(await page.content()).not.toContain('#token=');
  mail.broken = false;
});

/** As who is signed in on the page; the recovery codes are seen once. */
async function enrolFactor(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Your account' }).click();
  await page.getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Set up a second factor' }).click();
  const picture = page.getByRole('img', { name: 'QR code of the second factor' });
  await picture.waitFor();
  // Made here: the page asked nobody for it.
  expect(await picture.locator('path').getAttribute('d')).toMatch(/^M\d+ \d+h1v1h-1z/);
  const secret = (await page
    .locator('code')
    .filter({ hasText: /^[A-Z2-7]{32}$/ })
    .textContent())!;
  const bits = [...secret].map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'));
  const bytes = bits
    .join('')
    .match(/.{8}/g)!
    .map((byte) => Number.parseInt(byte, 2));
  await page.getByLabel('Code of your authenticator').fill(codeOfStep(Uint8Array.from(bytes), stepAt(new Date())));
  await page.getByRole('button', { name: 'Turn it on' }).click();
  await page.getByRole('list', { name: 'Recovery codes' }).waitFor();
  expect(await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').count()).toBe(10);
  await page.getByRole('button', { name: 'I have them' }).click();
  await page.getByText('10 recovery codes are left').waitFor();
  expect(await page.getByRole('list', { name: 'Recovery codes' }).count()).toBe(0);
}

test('an owner adds a provider, changes and removes it; who comes second is told', async () => {
  const idp = await startTestProvider(plane.urls.web);
  try {
    await providersTest(idp);
  } finally {
    await idp.close();
  }
});

async function providersTest({ issuer, clientId, clientSecret }: TestProvider): Promise<void> {
  const page = await signedIn();
  await page.getByRole('link', { name: 'Identity providers' }).click();
  await page.getByText('There is none: people sign in by e-mail and password.').waitFor();
  await page.getByText(`${plane.urls.web}/login/callback`).waitFor();
  const form = page.getByRole('form', { name: 'New provider' });
  await form.getByLabel('Name').fill('Acme');
  await form.getByLabel('Client id').fill(clientId);
  await form.getByLabel('Client secret').fill(clientSecret);
  await form.getByLabel('Roles by group').fill('staff');
  await form.getByLabel('Issuer').fill('http://127.0.0.1:9');
  await form.getByRole('button', { name: 'Add the provider' }).click();
  await form.getByText('“staff” is not group = role.').waitFor();
  await form.getByLabel('Roles by group').fill('staff = viewer\nleads = operator');
  await form.getByRole('button', { name: 'Add the provider' }).click();
  // Nobody is there.
  await expect.poll(() => form.getByLabel('Issuer').getAttribute('aria-invalid')).toBe('true');
  await form.getByLabel('Issuer').fill(issuer);
  await form.getByRole('button', { name: 'Add the provider' }).click();
  const row = page.getByRole('table', { name: 'Identity providers' }).getByRole('row').nth(1);
  await row.getByText('leads: operator').waitFor();
  expect(await page.content()).not.toContain(clientSecret);

  await page.getByRole('button', { name: 'Edit Acme' }).click();
  const change = page.getByRole('form', { name: 'Change Acme' });
  const [provider] = (await client.call(api.providers.list, {})).items;
  const params = { id: provider!.id };
  await client.call(api.providers.change, { params, body: { roles: [{ group: 'staff', role: 'viewer' }] } });
  await change.getByLabel('Name').fill('Acme people');
  await change.getByRole('button', { name: 'Save' }).click();
  const alert = page.getByRole('alert');
  await alert.getByText('Somebody else changed this provider after you opened it (roles).').waitFor();
  await alert.getByRole('button', { name: 'Start again from theirs' }).click();
  expect(await change.getByLabel('Roles by group').inputValue()).toBe('staff = viewer');
  await change.getByLabel('Name').fill('Acme people');
  await change.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('Acme people is changed.').waitFor();
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  await page.getByRole('button', { name: 'Delete Acme people' }).click();
  await page.getByRole('button', { name: 'Delete the provider' }).click();
  await page.getByText('There is none: people sign in by e-mail and password.').waitFor();
}

test('a role and a key hold at sites alone; who is limited makes join tokens for theirs', async () => {
  const page = await signedIn();
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByLabel('E-mail address of who is invited').fill('sid@acme.example');
  await page.getByLabel('Their role').selectOption('security');
  await page.getByRole('textbox', { name: 'Only at these sites' }).fill('hamburg\nbremen');
  await page.getByRole('button', { name: 'Invite' }).click();
  const row = page.getByRole('row').filter({ hasText: 'sid@acme.example' });
  await row.getByText('hamburg, bremen').waitFor();
  await row.getByRole('button', { name: 'Sites of sid@acme.example' }).click();
  const dialog = page.getByRole('dialog', { name: 'At which sites is sid@acme.example security?' });
  await dialog.getByLabel('Only at these sites').fill('hamburg');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').getByText('sid@acme.example is security at hamburg now.').waitFor();

  const letter = mail.letters.find(({ to }) => to.includes('sid@acme.example'))!;
  const link = /http\S+#token=[\w-]+/.exec(letter.text.replaceAll('=\r\n', '').replaceAll('=3D', '='))![0];
  const theirs = await openPage(link);
  await theirs.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await theirs.getByLabel('The same password again').fill(PASSWORD);
  await theirs.keyboard.press('Enter');
  await heading(theirs, 'Jobs');
  await theirs.getByRole('link', { name: 'Your account' }).click();
  await theirs.getByLabel('Name of a new key').fill('press');
  await theirs.getByRole('button', { name: 'Make the key' }).click();
  await theirs.getByText('at hamburg alone').waitFor();

  await theirs.getByRole('link', { name: 'Join tokens' }).click();
  await theirs.getByText('Make one below to add an agent.').waitFor();
  const form = theirs.getByRole('form', { name: 'New join token' });
  await form.getByLabel('For how many agents').fill('0');
  await form.getByRole('button', { name: 'Make the token' }).click();
  await form.getByText('It must be 1 or more.').waitFor();
  await form.getByLabel('For how many agents').fill('3');
  await form.getByLabel('Site').selectOption('hamburg');
  await form.getByRole('button', { name: 'Make the token' }).click();
  await theirs.getByText('Copy the token now').waitFor();
  await theirs.getByRole('button', { name: 'I have it' }).click();
  const token = theirs.getByRole('table', { name: 'Join tokens, newest first' }).getByRole('row').nth(1);
  await token.getByText('hamburg').waitFor();
  await token.getByText('3 more agents').waitFor();
  await token.getByRole('button', { name: 'Revoke the token' }).click();
  await theirs.getByRole('button', { name: 'Revoke the token', exact: true }).click();
  await token.getByText('Revoked').waitFor();
  // What keeps to no site is not offered.
  expect(await theirs.getByRole('link', { name: /Schedules|Secrets|People|Maintenance/ }).count()).toBe(0);
  await theirs.goto(`${plane.urls.web}/maintenance`);
  await theirs.getByText('It is about all sites of the tenant').waitFor();
});
