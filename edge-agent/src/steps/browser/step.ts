/**
 * The frame around every browser step: parses its arguments, bounds its time, records it with the evidence that the document
 * asks for, and turns whatever goes wrong into one `StepFailure`.
 *
 * `certain` is decided here and nowhere else: a failure is certain unless the step had announced that it acts.
 */
import type { Page } from 'playwright-core';
import type { z } from 'zod';
import type { StepDeclaration } from '@casare/shared/workflow';
import type { Step, StepContext } from '../../engine/index.ts';
import { evidenceAfter, evidenceBefore } from './evidence.ts';
import { failureOf } from './failure.ts';
import { readableUrl } from './scrub-url.ts';
import { BrowserSession } from './session.ts';
import { type Deadlines, type SessionFrame as Frame, sessionSteps } from '../session-step.ts';
import { untilAborted } from '../within.ts';

/** What a step acts with. */
export interface BrowserScope {
  readonly context: StepContext;
  readonly session: BrowserSession;
  /** The current tab. */
  readonly page: Page;
  /** Aborts when the step's time is over or the run stops. */
  readonly signal: AbortSignal;
  /** Aborts a little before all is over: what explains a failure ends by then. */
  readonly explaining: AbortSignal;
  /** The options that bound a call of Playwright by `signal`. */
  readonly bound: { readonly signal: AbortSignal; readonly timeout: 0 };
  /** Says that from here on the outside world may change: a later failure leaves the step in doubt. */
  acting(): void;
  /** Runs after the step, also a failed one, once its evidence is taken; at most 5 s. */
  afterwards(restore: () => Promise<void>): void;
}

/** Steps that take what they are given to an address of their own, about which they ask themselves. */
const ADDRESSED: ReadonlySet<string> = new Set(['browser.goto', 'browser.cookies.set']);

/** Candidates are collected to explain a timeout, milliseconds. */
const EXPLAIN_MIN_MS = 1_500;

/** How long the title of the page may take for the record, milliseconds. */
const SEE_MS = 500;

/** An executor that acts in the run's open session. */
export function browserStep<With extends z.ZodType, Output extends z.ZodType>(
  declaration: StepDeclaration<With, Output>,
  act: (args: z.output<With>, scope: BrowserScope) => Promise<z.output<Output>>,
): Step {
  return sessionStep(declaration, async (args, { context, run }) => {
    const session = BrowserSession.of(context);
    if (context.usesSecret) session.memory.remember(args);
    return run(session, (scope) => {
      // What the page is given is the page's; the frame of an element is asked about when the element is found.
      if (!ADDRESSED.has(declaration.name)) context.checkSecretAddress?.(scope.page.url());
      return act(args, scope);
    });
  });
}

/** What a step that finds, makes or ends its session itself works with. */
export type SessionFrame = Frame<BrowserSession, BrowserScope>;

/** An executor that is not bound to the run's open session. */
export const sessionStep = sessionSteps<BrowserSession, BrowserScope>({
  explainMinMs: EXPLAIN_MIN_MS,
  about: { asksWhereSecretsGo: true },
  run: runInSession,
  failureOf,
});

async function runInSession<T>(
  context: StepContext,
  deadlines: Deadlines,
  session: BrowserSession,
  act: (scope: BrowserScope) => Promise<T>,
): Promise<T> {
  const signal = deadlines.acting;
  let certain = true;
  const restores: (() => Promise<void>)[] = [];
  session.takeIncidents();
  session.beginStep();
  try {
    await untilAborted(signal, prepare(context, session, signal));
    throwRefusal(session);
    const scope: BrowserScope = {
      context,
      session,
      get page() {
        return session.page;
      },
      signal,
      get explaining() {
        return deadlines.explaining;
      },
      bound: { signal, timeout: 0 },
      acting: () => {
        certain = false;
      },
      afterwards: (restore) => restores.push(restore),
    };
    // Not every call of Playwright takes a signal; none may outlast the step, or a browser that has ended.
    const result = await untilAborted(deadlines.last, untilAborted(session.gone, act(scope)));
    throwRefusal(session);
    // A step that has succeeded must not fail because its evidence took too long.
    if (!context.signal.aborted)
      await evidenceAfter(context, session, { failed: false, until: () => deadlines.explaining });
    await seePage(context, session, false);
    return result;
  } catch (error) {
    const failure = failureOf(session.takeRefusal() ?? error, context, certain);
    if (!context.signal.aborted) await evidenceAfter(context, session, { failed: true });
    await seePage(context, session, true);
    throw failure;
  } finally {
    for (const restore of restores) await restore().catch(() => {});
  }
}

/** The agent's policy stopped the page on its way somewhere: that is why whatever follows would fail. */
function throwRefusal(session: BrowserSession): void {
  const refusal = session.takeRefusal();
  if (refusal !== null) throw refusal;
}

async function prepare(context: StepContext, session: BrowserSession, signal: AbortSignal): Promise<void> {
  const tainted = await session.taint.look(context.usesSecret);
  await evidenceBefore(context, session, signal);
  await session.trace.before(tainted ? 'never' : context.evidence.trace);
}

/** Notes where the step ended, for its record. */
async function seePage(context: StepContext, session: BrowserSession, anew: boolean): Promise<void> {
  if (!session.isAlive || context.signal.aborted) return;
  const title = await session.title(anew, SEE_MS);
  context.see({ page: { url: readableUrl(session.page.url()), title } });
}
