/** The checks that start programs: a browser, a desktop. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeBrowser } from '../browser/index.ts';
import { probeDesktop } from '../desktop/index.ts';
import type { AgentHome } from '../identity/index.ts';
import { type Check, finding, ok } from './check.ts';

/** Starts a browser. */
export async function checkBrowser(home: AgentHome, environment: NodeJS.ProcessEnv): Promise<Check> {
  const scratch = isOurs(home.root) ? null : mkdtempSync(join(tmpdir(), 'casare-doctor-'));
  const probe = await probeBrowser({ home: scratch ?? home.root, env: environment, platform: process.platform });
  if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  const why = probe.why ?? '';
  if (!probe.ok) return finding('browser', 'BROWSER_NONE', why);
  const found = `Chromium ${probe.version} at ${probe.path}`;
  return probe.sandbox ? ok('browser', found) : finding('browser', 'BROWSER_NO_SANDBOX', found, why);
}

/** A home that is not there is not made by looking, and in somebody else's nothing of ours is left. */
function isOurs(root: string): boolean {
  const found = statSync(root, { throwIfNoEntry: false });
  return found !== undefined && (process.getuid === undefined || found.uid === process.getuid());
}

/** Not every agent runs desktop jobs: that it cannot is worth a warning. */
export async function checkDesktop(environment: NodeJS.ProcessEnv): Promise<Check> {
  const probe = await probeDesktop(environment, process.platform);
  if (probe.ok) return ok('desktop', probe.found);
  return finding('desktop', 'DESKTOP_NONE', probe.found, desktopFix());
}

/** How this system gets a desktop. */
export function desktopFix(): string {
  return process.platform === 'win32'
    ? 'needed for desktop jobs only: start a worker host in the session of the person who is logged on'
    : 'needed for desktop jobs only: apt-get install xvfb openbox dbus at-spi2-core';
}
