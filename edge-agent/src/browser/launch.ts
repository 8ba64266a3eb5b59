/**
 * Starts a headless browser through Playwright and ends it with everything it started.
 *
 * Invariants: the sandbox is on unless it cannot start (root, or no user namespaces), and then the caller is told;
 * the browser never gets Casare's own settings or Node's; after `close` no process of the browser is left; if this
 * process dies, the browser ends by itself, because it is driven through a pipe.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { systemProgram } from '../windows/index.ts';
import { BrowserError } from './browser-error.ts';
import type { Environment } from './environment.ts';
import { findBrowsers, type BrowserCandidate, type FindOptions } from './find.ts';

/** A browser that runs. */
export interface StartedBrowser {
  readonly browser: Browser;
  readonly candidate: BrowserCandidate;
  /** Full version, such as `153.0.7871.4`. */
  readonly version: string;
  /** False when it had to be started without its sandbox. */
  readonly sandbox: boolean;
  /** Ends the browser and its whole process tree; may be called again. */
  close(): Promise<void>;
}

/**
 * No background traffic: on networks that refuse it, the browser would repeat it for ever. QUIC is off because
 * corporate proxies and recordings see only TCP, and so does WebRTC's way past a proxy.
 */
const FLAGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
] as const;

const START_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** By its full path: of a bare name Windows looks into the current folder first. */
const TASKKILL = systemProgram('taskkill.exe');

/** How a browser is started. */
interface StartOptions {
  readonly env: Environment;
  /** Bounds each try. */
  readonly timeoutMs?: number;
  /** The folder of what it downloads, until that is taken or its context ends; one of its own below the system's by default. */
  readonly downloads?: string;
}

/**
 * Starts the first browser of `findBrowsers` that starts.
 *
 * @throws BrowserError BROWSER_NOT_FOUND, BROWSER_NOT_STARTED, and what `findBrowsers` throws
 */
export async function startBrowser(options: FindOptions & StartOptions): Promise<StartedBrowser> {
  return startFirst(findBrowsers(options), options);
}

/** Starts the first candidate that starts. */
export async function startFirst(
  candidates: AsyncIterable<BrowserCandidate> | Iterable<BrowserCandidate>,
  options: StartOptions,
): Promise<StartedBrowser> {
  const failures: string[] = [];
  for await (const candidate of candidates) {
    try {
      return await launch(candidate, options);
    } catch (error) {
      failures.push(`${candidate.path}: ${firstLine(error)}`);
    }
  }
  if (failures.length > 0) {
    throw new BrowserError('BROWSER_NOT_STARTED', `No browser starts here (${failures.join('; ')}): ${REMEDY}`);
  }
  throw new BrowserError('BROWSER_NOT_FOUND', `There is no browser on this machine: ${REMEDY}`);
}

const REMEDY = 'install Chrome, Edge or Chromium, or set CASARE_BROWSER to one that works';

async function launch(candidate: BrowserCandidate, options: StartOptions): Promise<StartedBrowser> {
  const { browser, sandbox } = await launchSandboxedIfPossible(candidate, options);
  const pid = await browserPid(browser);
  let closed: Promise<void> | undefined;
  return {
    browser,
    candidate,
    version: browser.version(),
    sandbox,
    close: () => (closed ??= closeTree(browser, pid)),
  };
}

/** Root cannot use the sandbox at all; anyone else gets it if the kernel lets the browser make user namespaces. */
async function launchSandboxedIfPossible(
  candidate: BrowserCandidate,
  { env, timeoutMs = START_TIMEOUT_MS, downloads }: StartOptions,
): Promise<{ browser: Browser; sandbox: boolean }> {
  // Half a second of loading, which only those wait for who start a browser.
  const { chromium } = await import('playwright-core');
  const start = (sandbox: boolean): Promise<Browser> =>
    chromium.launch({
      executablePath: candidate.path,
      headless: true,
      chromiumSandbox: sandbox,
      args: [...FLAGS],
      env: browserEnvironment(candidate, env),
      timeout: timeoutMs,
      ...(downloads === undefined ? {} : { downloadsPath: downloads }),
      // The agent decides what a signal means; Playwright would end the process on its own.
      handleSIGHUP: false,
      handleSIGINT: false,
      handleSIGTERM: false,
    });
  if (process.getuid?.() !== 0) {
    try {
      return { browser: await start(true), sandbox: true };
    } catch (error) {
      if (!isSandboxFault(error)) throw error;
    }
  }
  return { browser: await start(false), sandbox: false };
}

/** Chromium names its sandbox when that is what stops it ("No usable sandbox!", "setuid sandbox", "zygote"). */
function isSandboxFault(error: unknown): boolean {
  return error instanceof Error && /sandbox|namespace|zygote/i.test(error.message);
}

/** The agent's settings may hold secrets (database address, tokens) and are no business of a web browser. */
function browserEnvironment(candidate: BrowserCandidate, env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(CASARE|NODE|NPM|npm)_/.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...candidate.env };
}

/** The browser's main process leads a process group of its own; DevTools tells which one. */
async function browserPid(browser: Browser): Promise<number | null> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.find((process) => process.type === 'browser')?.id ?? null;
  } finally {
    await session.detach();
  }
}

async function closeTree(browser: Browser, pid: number | null): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const handle = setTimeout(() => timer.resolve(), CLOSE_TIMEOUT_MS);
  try {
    await Promise.race([browser.close(), timer.promise]);
  } finally {
    clearTimeout(handle);
    if (pid !== null) await killTree(pid);
  }
}

async function killTree(pid: number): Promise<void> {
  try {
    if (process.platform === 'win32') await promisify(execFile)(TASKKILL, ['/pid', String(pid), '/T', '/F']);
    else process.kill(-pid, 'SIGKILL');
  } catch {
    // The tree had already ended, as it should after a clean close.
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0]?.slice(0, 300) ?? message;
}
