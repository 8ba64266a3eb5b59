/** The executors of this agent: what the engine finds steps in. */
import { findStep, exactReference } from '@casare/shared/workflow';
import { startBrowser } from '../browser/index.ts';
import { startDesktop } from '../desktop/index.ts';
import type { Step, StepRegistry } from '../engine/index.ts';
import { BrowserSession, browserSteps, type BrowserStart } from './browser/index.ts';
import { DATA } from './data/index.ts';
import { DB } from './db/index.ts';
import { DesktopSession, desktopSteps, type DesktopStart } from './desktop/index.ts';
import { FILES } from './files/index.ts';
import { MAIL } from './mail/index.ts';
import { createTransport, httpSteps, type Transport } from './http/index.ts';
import { PLAIN } from './plain.ts';

export { inspectPage } from './browser/index.ts';

/** What executors need of the agent. */
export interface StepOptions {
  /** The agent's data directory. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Starts a browser; by default the best one on this machine. */
  readonly startBrowser?: BrowserStart;
  /** See `DownloadRoom`. */
  readonly downloadBytes?: number;
  /** How requests leave for servers; by default over the network and the proxies that `env` names. */
  readonly transport?: Transport;
}

/** Finds an executor by a catalogue reference such as `browser.click:1.0.0@default`, or by `http` and `openapi`. */
export function createStepRegistry(options: StepOptions): StepRegistry {
  const start = options.startBrowser ?? ((downloads) => startBrowser({ ...options, downloads }));
  const transport = options.transport ?? createTransport(options.env);
  const startScreen: DesktopStart = (screen) => startDesktop({ env: options.env, ...(screen && { screen }) });
  const steps = new Map<string, Step>(
    [
      ...browserSteps({ ...options, transport, startBrowser: start }),
      ...DATA,
      ...desktopSteps(startScreen),
      ...FILES,
      ...MAIL,
      ...DB,
      ...PLAIN,
    ].map((step) => [exactReference(step.declaration), step] as const),
  );
  const standard = httpSteps(transport);
  return {
    find: (reference) => {
      // As saved documents hold it, or as it was asked for before.
      const known = standard.get(reference) ?? steps.get(reference);
      if (known !== undefined) return known;
      const declared = findStep(reference);
      const step = declared.ok ? steps.get(exactReference(declared.step)) : undefined;
      if (step !== undefined) steps.set(reference, step);
      return step ?? null;
    },
  };
}

/** Ends what steps of a run left open, such as its browser and its desktop. */
export async function closeSessions(session: Map<string, unknown>): Promise<void> {
  const ends = await Promise.allSettled([BrowserSession.end({ session }), DesktopSession.end({ session })]);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
