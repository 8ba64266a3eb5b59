/**
 * Which browsers this machine has, best first: the one the owner named (CASARE_BROWSER), then installed ones, then the
 * Chromium that npm carries. Finding does not start anything; `start.ts` takes the first that starts.
 *
 * Invariants: a named browser is the only candidate (a wrong setting is an error, never silently replaced); the carried
 * one is unpacked only when it is asked for.
 */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { appPaths } from '../windows/index.ts';
import { carriedChromium } from './carried.ts';
import { BrowserError } from './browser-error.ts';
import type { Environment } from './environment.ts';

/** Where the agent looks. */
export interface FindOptions {
  /** The agent's data directory; the carried browser is unpacked below it. */
  readonly home: string;
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
}

/** A browser that may start. */
export interface BrowserCandidate {
  readonly path: string;
  /** `configured` by CASARE_BROWSER, `installed` on the machine, or `carried` by npm. */
  readonly origin: 'configured' | 'installed' | 'carried';
  /** What it needs in its environment to start, such as its own libraries and fonts. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where packages put the browsers, in the order of preference. */
const LINUX_PATHS = [
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/usr/bin/microsoft-edge-stable',
  '/opt/microsoft/msedge/msedge',
  '/usr/bin/chromium',
  '/usr/lib/chromium/chromium',
  '/usr/bin/chromium-browser',
  '/snap/bin/chromium',
] as const;

/** Below each of `WINDOWS_ROOTS`; and the name that its installer gives in the registry, where it is nobody else's. */
const WINDOWS_PATHS = [
  { path: 'Google\\Chrome\\Application\\chrome.exe', registered: 'chrome.exe' },
  { path: 'Microsoft\\Edge\\Application\\msedge.exe', registered: 'msedge.exe' },
  { path: 'Chromium\\Application\\chrome.exe', registered: null },
] as const;

/** Environment variables that hold the folders Windows installs programs into. */
const WINDOWS_ROOTS = ['ProgramFiles', 'ProgramFiles(x86)', 'LocalAppData'] as const;

/**
 * The browsers of this machine, best first, each looked up only when the one before it was not taken.
 *
 * @throws BrowserError BROWSER_PATH_INVALID, BROWSER_FOLDER_UNSAFE, BROWSER_UNPACK_FAILED
 */
export async function* findBrowsers(options: FindOptions): AsyncGenerator<BrowserCandidate> {
  const configured = options.env['CASARE_BROWSER'];
  if (configured !== undefined && configured !== '') {
    if (!(await isExecutable(configured))) {
      throw new BrowserError(
        'BROWSER_PATH_INVALID',
        `CASARE_BROWSER is ${JSON.stringify(configured)}, which is not a program this account may run: ` +
          'set it to the full path of Chrome, Edge or Chromium, or unset it',
      );
    }
    yield { path: configured, origin: 'configured', env: {} };
    return;
  }
  for (const path of installedPaths(options.platform, options.env)) {
    if (await isExecutable(path)) yield { path, origin: 'installed', env: {} };
  }
  const carried = await carriedChromium(options);
  if (carried) yield { ...carried, origin: 'carried' };
}

/** The paths where installed browsers are looked for, in order; `registered` are those of a program in the registry. */
export function installedPaths(
  platform: NodeJS.Platform,
  env: Environment,
  registered: (program: string) => readonly string[] = appPaths,
): string[] {
  if (platform === 'linux') return [...LINUX_PATHS];
  if (platform !== 'win32') return [];
  const roots = WINDOWS_ROOTS.map((name) => env[name]).filter((root) => root !== undefined && root !== '');
  const all = WINDOWS_PATHS.flatMap(({ path, registered: name }) => [
    ...roots.map((root) => win32.join(root as string, path)),
    ...(name === null ? [] : registered(name)),
  ]);
  return [...new Set(all)];
}

async function isExecutable(path: string): Promise<boolean> {
  if (!posix.isAbsolute(path) && !win32.isAbsolute(path)) return false;
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
