/** Signing in with a provider, in a real Chromium, as the people of a tenant meet it. */
import { api } from '@casare/shared/api';
import { createClient, type Client } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestProvider, type TestProvider } from '../../control-plane/src/accounts/oidc-provider-for-tests.ts';
import { startControlPlane, type RunningControlPlane } from '../../control-plane/dist/main.js';
import { readConfig } from '../../control-plane/dist/platform/config.js';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { ROOT } from '../support/program.ts';

let home: string;
let plane: RunningControlPlane;
let client: Client;
let chromium: StartedBrowser;
beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'casare-people-'));
  const env = {
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
