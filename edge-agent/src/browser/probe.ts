/**
 * Proves that this machine can run browser jobs by starting a browser, and turns the proof into capabilities.
 * The capabilities route jobs to this agent, so nothing is claimed that was not seen to start.
 */
import type { FindOptions } from './find.ts';
import { startBrowser } from './launch.ts';

/** What a probe found. */
export interface BrowserProbe {
  readonly ok: boolean;
  /** The program that started, `null` if none did. */
  readonly path: string | null;
  readonly version: string | null;
  /** False when the browser runs only without its sandbox; `why` says the reason. */
  readonly sandbox: boolean;
  /** Why it failed, or what is worth knowing about a success (one line); `null` when all is well. */
  readonly why: string | null;
}

const PROBE_TIMEOUT_MS = 30_000;

/** Said once by whoever starts a browser that has no sandbox. */
export const NO_SANDBOX =
  'the browser runs without its sandbox: run the agent as an ordinary user on a kernel that allows user namespaces';

const known = new Map<string, Promise<BrowserProbe>>();

/**
 * Starts a browser once per process and home and remembers the answer; a failure is not remembered, so that installing
 * a browser helps without a restart. Never rejects; takes at most 30 s per browser found.
 */
export function probeBrowser(options: FindOptions): Promise<BrowserProbe> {
  const running = known.get(options.home);
  if (running) return running;
  const probe = prove(options);
  known.set(options.home, probe);
  void probe.then((result) => {
    if (!result.ok) known.delete(options.home);
  });
  return probe;
}

/** The capabilities a probe proves: `browser.chromium` and `browser.chromium=<major version>`, or none. */
export function browserCapabilities(probe: BrowserProbe): string[] {
  const major = /^\d+/.exec(probe.version ?? '')?.[0];
  return probe.ok && major !== undefined ? ['browser.chromium', `browser.chromium=${major}`] : [];
}

async function prove(options: FindOptions): Promise<BrowserProbe> {
  try {
    const started = await startBrowser({ ...options, timeoutMs: PROBE_TIMEOUT_MS });
    try {
      const page = await started.browser.newPage();
      await page.setContent('<title>ready</title>', { timeout: PROBE_TIMEOUT_MS });
      const { version, sandbox, candidate } = started;
      return { ok: true, path: candidate.path, version, sandbox, why: sandbox ? null : NO_SANDBOX };
    } finally {
      await started.close();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, path: null, version: null, sandbox: false, why };
  }
}
