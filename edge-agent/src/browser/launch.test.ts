import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Browser } from 'playwright-core';
import { describe, expect, test, vi } from 'vitest';
import { listBrowsers, TEST_BROWSER } from './browser-for-tests.ts';
import type { BrowserCandidate } from './find.ts';
import { startBrowser, startFirst } from './launch.ts';

/** True while a process of the group runs; one that has ended and waits to be collected by init does not. */
function groupAlive(group: number): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        // Fields after the program's name in parentheses: state, parent, process group (proc(5)).
        const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        return Number(pgrp) === group && state !== 'Z';
      } catch {
        return false;
      }
    });
}

/** The process that leads the browser's process group. */
async function leaderOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.find((process) => process.type === 'browser')?.id ?? 0;
}

describe.skipIf(process.platform !== 'linux')('startBrowser (its processes are read from /proc)', () => {
  test('starts a browser that renders, and leaves none of its processes behind', async () => {
    const started = await startBrowser(TEST_BROWSER);
    expect(started.version).toMatch(/^\d+\.\d+/);
    const page = await started.browser.newPage();
    await page.setContent('<h1>Hello</h1>');
    expect(await page.locator('h1').innerText()).toBe('Hello');
    const pid = await leaderOf(started.browser);
    expect(groupAlive(pid)).toBe(true);
    await started.close();
    await vi.waitFor(() => expect(groupAlive(pid)).toBe(false));
    await started.close();
  });

  test('uses the sandbox except as root', async () => {
    const started = await startBrowser(TEST_BROWSER);
    await started.close();
    if (process.getuid?.() === 0) expect(started.sandbox).toBe(false);
  });

  test('passes over a browser that does not start', async () => {
    const broken: BrowserCandidate = { path: '/bin/false', origin: 'installed', env: {} };
    const working = await listBrowsers(TEST_BROWSER);
    const started = await startFirst([broken, ...working], { env: process.env, timeoutMs: 20_000 });
    await started.close();
    expect(started.candidate.path).toBe(working[0]?.path);
  });

  test('names every browser it tried when none starts, and says when there is none', async () => {
    const broken: BrowserCandidate = { path: '/bin/false', origin: 'installed', env: {} };
    await expect(startFirst([broken], { env: process.env, timeoutMs: 20_000 })).rejects.toMatchObject({
      code: 'BROWSER_NOT_STARTED',
      message: expect.stringContaining('/bin/false') as string,
    });
    await expect(startFirst([], { env: process.env })).rejects.toMatchObject({ code: 'BROWSER_NOT_FOUND' });
  });

  test('does not hand the agent’s settings to the browser', async () => {
    const started = await startBrowser({
      ...TEST_BROWSER,
      env: { ...process.env, CASARE_DATABASE_URL: 'postgres://secret', NODE_OPTIONS: '--no-warnings' },
    });
    const pid = await leaderOf(started.browser);
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    await started.close();
    expect(environment).toContain('PATH=');
    expect(environment).not.toMatch(/CASARE_|NODE_OPTIONS/);
  });

  test('the browser ends when the process that drives it is killed', async () => {
    const script = `
      const { chromium } = await import('playwright-core');
      const [path, env] = JSON.parse(process.argv[1]);
      const browser = await chromium.launch({ executablePath: path, env: { ...process.env, ...env } });
      const session = await browser.newBrowserCDPSession();
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      console.log(processInfo.find((one) => one.type === 'browser').id);`;
    const [candidate] = await listBrowsers(TEST_BROWSER);
    const argument = JSON.stringify([candidate?.path, candidate?.env]);
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, argument], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const pid = Number(line);
      expect(groupAlive(pid)).toBe(true);
      child.kill('SIGKILL');
      await vi.waitFor(() => expect(groupAlive(pid)).toBe(false), { timeout: 10_000 });
    }
  });
});
