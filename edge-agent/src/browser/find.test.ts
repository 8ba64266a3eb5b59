import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listBrowsers } from './browser-for-tests.ts';
import type { Environment } from './environment.ts';
import { installedPaths, type BrowserCandidate } from './find.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casare-find-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function find(env: Environment, platform: NodeJS.Platform): Promise<BrowserCandidate[]> {
  return listBrowsers({ home: folder, env, platform });
}

describe('findBrowsers', () => {
  test('takes the browser the owner named, and only that', async () => {
    const path = join(folder, 'my-browser');
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, 0o755);
    expect(await find({ CASARE_BROWSER: path }, 'linux')).toEqual([{ path, origin: 'configured', env: {} }]);
  });

  test('refuses a named browser that is missing, a folder, or relative, and names the setting', async () => {
    for (const CASARE_BROWSER of [join(folder, 'nothing-here'), folder, 'chrome']) {
      await expect(find({ CASARE_BROWSER }, 'linux')).rejects.toMatchObject({
        code: 'BROWSER_PATH_INVALID',
        message: expect.stringContaining(`CASARE_BROWSER is ${JSON.stringify(CASARE_BROWSER)}`) as string,
      });
    }
  });

  test('carries no browser for systems the carried one is not made for', async () => {
    expect(await find({}, 'win32')).toEqual([]);
  });
});

describe('installedPaths', () => {
  test('prefers Chrome to Edge, in the program folders of Windows that are set and where the registry has them', () => {
    const env = { ProgramFiles: 'C:\\Program Files', LocalAppData: 'C:\\Users\\a\\AppData\\Local' };
    const registered = ['D:\\Chrome\\chrome.exe', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'];
    const inRegistry = (program: string) => (program === 'chrome.exe' ? registered : []);
    expect(installedPaths('win32', env, inRegistry)).toEqual([
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      'C:\\Users\\a\\AppData\\Local\\Google\\Chrome\\Application\\chrome.exe',
      'D:\\Chrome\\chrome.exe',
      'C:\\Program Files\\Microsoft\\Edge\\Application\\msedge.exe',
      'C:\\Users\\a\\AppData\\Local\\Microsoft\\Edge\\Application\\msedge.exe',
      'C:\\Program Files\\Chromium\\Application\\chrome.exe',
      'C:\\Users\\a\\AppData\\Local\\Chromium\\Application\\chrome.exe',
    ]);
  });

  test('looks for Chrome, then Edge, then Chromium on Linux', () => {
    const order = installedPaths('linux', {}).map((path) => /google|microsoft|msedge|chromium/.exec(path)?.[0]);
    expect([...new Set(order)]).toEqual(['google', 'microsoft', 'chromium']);
  });
});
