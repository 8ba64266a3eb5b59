/** A part: the same browser steps without the engine, and the script that a person would write. */
import { startBrowser } from '../../../edge-agent/dist/browser/index.js';
import { unrestricted } from '../../../edge-agent/dist/policy/index.js';
import { closeSessions, createStepRegistry } from '../../../edge-agent/dist/steps/index.js';
import { DEFAULT_EVIDENCE, type EvidenceRules } from '@casare/shared/workflow';
import { serve } from '../frame/child.ts';
import { turnUrl } from './page.ts';
import { bareRound, browserRound, perStepMs, turnsOf, WARM_UP } from './tasks.ts';

/** What is run. */
interface Peer {
  readonly home: string;
  /** Of the page. */
  readonly url: string;
  readonly rounds: number;
}

/** The trace is a thing of its own: Playwright's, on or off, whoever calls it. */
const EVIDENCE: EvidenceRules = { ...DEFAULT_EVIDENCE, trace: 'never' };

const questions = {
  /** The same executors, called one after the other: no engine, no record, no process between. Milliseconds a step. */
  executors: async ({ home, url, rounds }: Peer): Promise<number> => {
    const registry = createStepRegistry({ home, env: process.env, platform: process.platform });
    const session = new Map<string, unknown>();
    const call = async (name: string, args: unknown): Promise<void> => {
      await registry.find(name)?.run(args, {
        ...{ position: '/do/0/it', timeoutMs: 30_000, runFolder: home, usesSecret: false, session },
        ...{ policy: unrestricted, evidence: EVIDENCE, holdsSecret: () => false, signal: new AbortController().signal },
        see: () => undefined,
        artifact: () => Promise.resolve(),
        log: () => Promise.resolve(),
      });
    };
    try {
      await call('browser.open', { url });
      const round = async (n: number): Promise<void> => {
        for (const [, name, args] of browserRound(n)) await call(name, args);
      };
      return await timed(round, rounds, turnUrl(url, 'executors'));
    } finally {
      await closeSessions(session);
    }
  },
  playwright: async ({ home, url, rounds }: Peer): Promise<number> => {
    const started = await startBrowser({ home, env: process.env, platform: process.platform });
    try {
      const context = await started.browser.newContext({ viewport: { width: 1_280, height: 800 } });
      const page = await context.newPage();
      await page.goto(url);
      return await timed((n) => bareRound(page, n), rounds, turnUrl(url, 'playwright'));
    } finally {
      await started.close();
    }
  },
};
/** What may be asked of it. */
export type PeerQuestions = typeof questions;

serve(questions);

/** Milliseconds a step, turn by turn, without what the page worked. */
async function timed(round: (n: number) => Promise<void>, rounds: number, turn: string): Promise<number> {
  for (let n = 0; n < WARM_UP; n += 1) await round(10_000 + n);
  let ms = 0;
  for (const block of turnsOf(rounds)) {
    await (await fetch(turn)).text();
    const at = performance.now();
    for (const n of block) await round(n);
    ms += performance.now() - at;
  }
  return perStepMs(ms, rounds);
}
