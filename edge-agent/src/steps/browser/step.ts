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
import { untilAborted } from './within.ts';

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

/** Kept of the step's time to explain a timeout (candidates have to be collected), but never more than half of it. */
const EXPLAIN_SHARE = 0.1;
const EXPLAIN_MIN_MS = 1_500;
const EXPLAIN_MAX_MS = 2_000;
/** Of that, what is left for making a failure of what was found. */
const EXPLAINED_SHARE = 0.2;

/** How long the title of the page may take for the record, milliseconds. */
const SEE_MS = 500;

/** Ends of a step's time: what acts stops at `acting`, and nothing outlasts `last`. All abort if the run stops. */
interface Deadlines {
  readonly acting: AbortSignal;
  readonly explaining: AbortSignal;
  readonly last: AbortSignal;
}

/** An executor that acts in the run's open session. */
export function browserStep<With extends z.ZodType, Output extends z.ZodType>(
  declaration: StepDeclaration<With, Output>,
  act: (args: z.output<With>, scope: BrowserScope) => Promise<z.output<Output>>,
): Step {
  return sessionStep(declaration, async (args, { context, run }) => {
    const session = BrowserSession.of(context);
    if (context.usesSecret) session.memory.remember(args);
    return run(session, (scope) => act(args, scope));
  });
}

/** What a step that finds, makes or ends its session itself works with. */
export interface SessionFrame {
  readonly context: StepContext;
  /** Aborts when the step's time is over or the run stops. */
  readonly signal: AbortSignal;
  /** Carries out `act` in a session, with recording, evidence and the clean-up it asks for. */
  readonly run: <T>(session: BrowserSession, act: (scope: BrowserScope) => Promise<T>) => Promise<T>;
}

/** An executor that is not bound to the run's open session. */
export function sessionStep<With extends z.ZodType, Output extends z.ZodType>(
  declaration: StepDeclaration<With, Output>,
  act: (args: z.output<With>, frame: SessionFrame) => Promise<z.output<Output>>,
): Step {
  return {
    declaration,
    run: async (given, context) => {
      // The engine has parsed them already and reported what was wrong; this gives them their type.
      const args = declaration.with.parse(given);
      const deadlines = deadlinesOf(context);
      const run: SessionFrame['run'] = (session, inner) => runInSession(context, deadlines, session, inner);
      try {
        return await act(args, { context, signal: deadlines.acting, run });
      } catch (error) {
        throw failureOf(error, context, true);
      }
    },
  };
}

function deadlinesOf({ signal, timeoutMs }: StepContext): Deadlines {
  const explainMs = Math.min(Math.max(timeoutMs * EXPLAIN_SHARE, EXPLAIN_MIN_MS), EXPLAIN_MAX_MS, timeoutMs / 2);
  const actingMs = Math.ceil(timeoutMs - explainMs);
  return {
    acting: AbortSignal.any([signal, AbortSignal.timeout(actingMs)]),
    explaining: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs - explainMs * EXPLAINED_SHARE))]),
    last: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  };
}

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
      explaining: deadlines.explaining,
      bound: { signal, timeout: 0 },
      acting: () => {
        certain = false;
      },
      afterwards: (restore) => restores.push(restore),
    };
    // Not every call of Playwright takes a signal; none may outlast the step, or a browser that has ended.
    const result = await untilAborted(AbortSignal.any([deadlines.last, session.gone]), act(scope));
    throwRefusal(session);
    // A step that has succeeded must not fail because its evidence took too long.
    if (!context.signal.aborted) await evidenceAfter(context, session, { failed: false, until: deadlines.explaining });
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
  await session.trace.before(!tainted && context.evidence.trace !== 'never');
}

/** Notes where the step ended, for its record. */
async function seePage(context: StepContext, session: BrowserSession, anew: boolean): Promise<void> {
  if (!session.isAlive || context.signal.aborted) return;
  const title = await session.title(anew, SEE_MS);
  context.see({ page: { url: readableUrl(session.page.url()), title: title.slice(0, 1_000) } });
}
