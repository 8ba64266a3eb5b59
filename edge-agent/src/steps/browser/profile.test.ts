/** Kept profiles: what a session left is there for the next, for one at a time, and for nobody else. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimProfile } from '../../browser/index.ts';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestSite } from './run-for-tests.ts';

const PAGE = `<p>nobody</p><button onclick="document.cookie = 'who=ada'; localStorage.setItem('who', 'ada')">Sign in</button>
  <script>document.querySelector('p').textContent = document.cookie + ' ' + localStorage.getItem('who')</script>`;

let home: string;
let browser: SharedBrowser;
let site: TestSite;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'casare-profiles-'));
  browser = await shareBrowser(home);
  site = await serve({ '/': PAGE });
});
afterAll(async () => {
  await browser.close();
  await site.close();
  await rm(home, { recursive: true, force: true });
});

/** What the page of a fresh run with the profile says; signs in afterwards. */
async function visit(profile?: string): Promise<unknown> {
  const run = await browser.newRun();
  try {
    await run.call('browser.open', { url: `${site.url}/`, ...(profile === undefined ? {} : { profile }) });
    const said = await run.call('browser.text', { target: 'css=p' });
    await run.call('browser.click', { target: 'button "Sign in"' });
    return said;
  } finally {
    await run.end();
  }
}

test('cookies of the session and local storage are there again, under that name alone', async () => {
  expect(await visit('portal')).toBe('null');
  expect(await visit('portal')).toBe('who=ada ada');
  expect(await visit('other')).toBe('null');
  expect(await visit()).toBe('null');
  expect((await stat(join(home, 'profiles/portal.json'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'profiles'))).mode & 0o777).toBe(0o700);
});

test('one run at a time has it; who comes second is told, and gets it when the first is through', async () => {
  const [first, second] = [await browser.newRun(), await browser.newRun()];
  const args = { url: `${site.url}/`, profile: 'shared' };
  await first.call('browser.open', args);
  expect(await failureOf(second.call('browser.open', args))).toMatchObject({ code: 'PROFILE_BUSY', certain: true });
  // Opened anew by the run that has it, it is not in its own way.
  await first.call('browser.open', args);
  await first.call('browser.close', {});
  await second.call('browser.open', args);
  await Promise.all([first.end(), second.end()]);
});

test('a damaged profile is said and not overwritten; a name that leads elsewhere is none', async () => {
  claimProfile(home, 'damaged').release();
  await writeFile(join(home, 'profiles/damaged.json'), '{"cookies":');
  const run = await browser.newRun();
  const open = (profile: string): Promise<unknown> => run.call('browser.open', { url: `${site.url}/`, profile });
  expect(await failureOf(open('damaged'))).toMatchObject({ code: 'PROFILE_UNREADABLE', certain: true });
  await expect(open('../outbox')).rejects.toThrow('lower-case');
  expect(() => claimProfile(home, '../outbox')).toThrow(TypeError);
  claimProfile(home, 'damaged2').release();
  await run.end();
});
