/** A control plane with its console in a real Chromium, for the tests of single pages. */
import type { Role } from '@casare/shared/api';
import { api, createClient, type Client } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { startControlPlane, type RunningControlPlane } from '../../control-plane/dist/main.js';
import { readConfig } from '../../control-plane/dist/platform/config.js';
import { startBrowser } from '../../edge-agent/dist/browser/index.js';
import { ROOT } from './program.ts';

const PASSWORD = 'four words make one';

export interface ConsoleForTests {
  readonly plane: RunningControlPlane;
  /** Calls as the first owner. */
  readonly client: Client;
  /** A page of the first owner, who has gone to `to`. */
  readonly signedIn: (to: string) => Promise<Page>;
  /** A page of somebody new with that role, who has gone to `to`. */
  readonly as: (role: Role, to: string, sites?: readonly string[]) => Promise<Page>;
  /** Closes the pages; what went wrong in their scripts, and what their content policy refused. */
  readonly closePages: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

export async function startConsole(env: Readonly<Record<string, string>> = {}): Promise<ConsoleForTests> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'casare-console-'));
  const ports = { CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' };
  const plane = await startControlPlane(
    readConfig({ CASARE_HOME: home, CASARE_LOG_LEVEL: 'silent', ...ports, ...env }),
  );
  const client = createClient({ url: plane.admin.url, apiKey: plane.admin.apiKey });
  const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
  const chromium = await startBrowser({ home: cache, env: process.env, platform: process.platform });
  let faults: string[] = [];
  let people = 0;
  const open = async (url: string) => {
    const page = await (await chromium.browser.newContext()).newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) faults.push(message.text());
    });
    await page.goto(url);
    return page;
  };
  const goFromJobs = async (page: Page, to: string) => {
    await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
    if (to !== '/') await page.goto(plane.urls.web + to);
    return page;
  };
  return {
    plane,
    client,
    signedIn: async (to) => goFromJobs(await open((await client.call(api.auth.createSignInCode)).url), to),
    as: async (role, to, sites) => {
      const body = { email: `${role}-${(people += 1)}@acme.example`, role, sites: sites ? [...sites] : null };
      const { url } = await client.call(api.accounts.invite, { body });
      const page = await open(url!);
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.getByLabel('The same password again').fill(PASSWORD);
      await page.keyboard.press('Enter');
      return goFromJobs(page, to);
    },
    closePages: async () => {
      await Promise.all(chromium.browser.contexts().map((context) => context.close()));
      const found = faults;
      faults = [];
      return found;
    },
    stop: async () => {
      await chromium.close();
      await plane.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The navigation of a page. */
export function navigation(page: Page) {
  return page.getByRole('navigation', { name: 'Pages' });
}

/** The width that the page needs where it is shown 360 pixels wide. */
export async function narrowWidth(page: Page): Promise<number> {
  await page.setViewportSize({ width: 360, height: 740 });
  return page.evaluate<number>('document.documentElement.scrollWidth');
}
