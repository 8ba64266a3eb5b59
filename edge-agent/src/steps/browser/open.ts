/** `browser.open`: a fresh browser session, or one that goes on where the last of its profile ended. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { claimProfile, NO_SANDBOX, type ClaimedProfile, type StartedBrowser } from '../../browser/index.ts';
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { DownloadRoom } from './download-room.ts';
import { Guard } from './guard.ts';
import { load } from './load.ts';
import { registerEngines } from './selector-engines.ts';
import { BrowserSession } from './session.ts';
import { sessionStep } from './step.ts';
import { untilAborted } from '../within.ts';

/** What a session is made with. */
export interface BrowserSetup {
  /** The agent's data directory, where profiles are kept. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called for each session, which owns what it returns. */
  readonly startBrowser: BrowserStart;
  /** See `DownloadRoom`. */
  readonly downloadBytes?: number;
}

/** Starts a browser that puts what it downloads into a folder. */
export type BrowserStart = (downloads: string) => Promise<StartedBrowser>;

const DEFAULT_VIEWPORT = { width: 1_280, height: 800 };

/** Fails with PROFILE_BUSY (409), PROFILES_FULL, PROFILE_UNREADABLE, and what keeps a browser from starting (503). */
export function openStep(setup: BrowserSetup): Step {
  let warned = false;
  return sessionStep(BROWSER_STEPS.open, async ({ url, profile: name, viewport, expect }, { context, signal, run }) => {
    await context.policy.checkUrl(url);
    context.checkSecretAddress?.(url);
    await BrowserSession.end(context);
    const profile = name === undefined ? null : claim(setup.home, name);
    let session: BrowserSession;
    try {
      const downloads = path.join(context.runFolder, 'downloads');
      const started = await start(setup, downloads, signal);
      if (!started.sandbox && !warned) {
        warned = true;
        await context.log('warn', NO_SANDBOX);
      }
      session = await makeSession(
        setup,
        context,
        { started, downloads, profile },
        { viewport: viewport ?? DEFAULT_VIEWPORT },
      );
    } catch (error) {
      profile?.release();
      throw error;
    }
    session.register(context);
    if (context.usesSecret) session.memory.remember({ url });
    return run(session, (scope) => load(scope, url, expect));
  });
}

async function start({ startBrowser }: BrowserSetup, downloads: string, signal: AbortSignal): Promise<StartedBrowser> {
  await registerEngines();
  // What a browser left there that was killed with its worker.
  await rm(downloads, { recursive: true, force: true });
  await mkdir(downloads, { recursive: true, mode: 0o700 });
  const starting = startBrowser(downloads);
  try {
    return await untilAborted(signal, starting);
  } catch (error) {
    // It may come up after all, when nobody waits for it any more.
    starting.then((late) => late.close()).catch(() => {});
    throw signal.aborted ? error : notStarted(error);
  }
}

/** The browser is the session's from now on; it is ended when no session comes about. */
async function makeSession(
  { env, downloadBytes }: BrowserSetup,
  context: StepContext,
  own: { readonly started: StartedBrowser; readonly downloads: string; readonly profile: ClaimedProfile | null },
  options: BrowserContextOptions,
): Promise<BrowserSession> {
  const { started, downloads, profile } = own;
  const early: string[] = [];
  let tell = (notice: string): void => void early.push(notice);
  let guard: Guard | null = null;
  try {
    guard = await Guard.start(context.policy, env, (notice) => tell(notice));
    const made = await started.browser.newContext({
      ...options,
      acceptDownloads: true,
      ...(guard === null ? {} : { proxy: guard.proxy }),
      ...(profile?.state === undefined ? {} : { storageState: profile.state }),
    });
    const room = new DownloadRoom(made, { folder: downloads, maxBytes: downloadBytes, tell: (notice) => tell(notice) });
    const session = new BrowserSession(made, await made.newPage(), { started, guard, profile, room });
    guard?.watch(made);
    tell = (notice) => session.tell(notice);
    for (const notice of early) tell(notice);
    return session;
  } catch (error) {
    await guard?.close();
    await started.close();
    throw error;
  }
}

function claim(home: string, name: string): ClaimedProfile {
  try {
    return claimProfile(home, name);
  } catch (error) {
    const { message } = error as Error;
    throw new StepFailure({
      type: 'runtime',
      status: 409,
      code: error instanceof Error && 'code' in error ? String(error.code) : 'PROFILE_UNREADABLE',
      title: 'The browser profile cannot be used',
      detail: message,
      certain: true,
    });
  }
}

function notStarted(error: unknown): StepFailure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'BROWSER_NOT_STARTED';
  return new StepFailure({
    type: 'runtime',
    status: 503,
    code,
    title: 'No browser could be started',
    detail: message,
    certain: true,
  });
}
