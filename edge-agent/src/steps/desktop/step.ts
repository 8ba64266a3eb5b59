/**
 * The frame around every desktop step: parses its arguments, bounds its time, and turns whatever goes wrong into one
 * `StepFailure`, with the evidence that the document asks for.
 *
 * `certain` is decided here and nowhere else: a failure is certain unless the step had announced that it acts.
 */
import type { z } from 'zod';
import type { StepDeclaration } from '@casare/shared/workflow';
import type { DesktopDriver } from '../../desktop/index.ts';
import type { Step, StepContext } from '../../engine/index.ts';
import { untilAborted } from '../browser/within.ts';
import { evidenceAfter, evidenceBefore } from './evidence.ts';
import { failureOf } from './failure.ts';
import { DesktopSession } from './session.ts';

/** What a step acts with. */
export interface DesktopScope {
  readonly context: StepContext;
  readonly session: DesktopSession;
  readonly driver: DesktopDriver;
  /** Aborts when the step's time is over, but for what is kept to explain it, or the run stops. */
  readonly signal: AbortSignal;
  /** Aborts shortly before the step's very end: by then a failure is explained. */
  readonly explaining: AbortSignal;
  /** Says that from here on the outside world may change: a later failure leaves the step in doubt. */
  acting(): void;
}

/** Kept of the step's time to explain a timeout, but never more than half of it. */
const EXPLAIN_SHARE = 0.1;
const EXPLAIN_MIN_MS = 750;
const EXPLAIN_MAX_MS = 2_000;

/** An executor that acts in the run's open session. */
export function desktopStep<With extends z.ZodType, Output extends z.ZodType>(
  declaration: StepDeclaration<With, Output>,
  act: (args: z.output<With>, scope: DesktopScope) => Promise<z.output<Output>>,
): Step {
  return sessionStep(declaration, async (args, frame) => {
    const session = DesktopSession.of(frame.context);
    return frame.run(session, (scope) => act(args, scope));
  });
}

/** What a step that finds, makes or ends its session itself works with. */
export interface SessionFrame {
  readonly context: StepContext;
  readonly signal: AbortSignal;
  /** Carries out `act` in a session, with evidence when it fails. */
  readonly run: <T>(session: DesktopSession, act: (scope: DesktopScope) => Promise<T>) => Promise<T>;
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
      const { acting, last } = deadlines;
      const run: SessionFrame['run'] = (session, inner) => runInSession(context, deadlines, session, inner);
      try {
        return await untilAborted(last, act(args, { context, signal: acting, run }));
      } catch (error) {
        throw failureOf(error, context, true);
      }
    },
  };
}

/** Ends of a step's time: what acts stops at `acting`, and nothing outlasts `last`. All abort if the run stops. */
interface Deadlines {
  readonly acting: AbortSignal;
  readonly explaining: AbortSignal;
  readonly last: AbortSignal;
}

function deadlinesOf({ signal, timeoutMs }: StepContext): Deadlines {
  const explainMs = Math.min(Math.max(timeoutMs * EXPLAIN_SHARE, EXPLAIN_MIN_MS), EXPLAIN_MAX_MS, timeoutMs / 2);
  return {
    acting: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs - explainMs))]),
    explaining: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs - Math.min(explainMs / 4, 200)))]),
    last: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  };
}

async function runInSession<T>(
  context: StepContext,
  { acting: signal, explaining, last }: Deadlines,
  session: DesktopSession,
  act: (scope: DesktopScope) => Promise<T>,
): Promise<T> {
  let certain = true;
  const { driver } = session;
  const scope: DesktopScope = {
    ...{ context, session, driver, signal, explaining },
    acting: () => {
      certain = false;
    },
  };
  let result: T;
  try {
    await untilAborted(last, evidenceBefore(context, session));
    result = await untilAborted(last, Promise.race([act(scope), driver.gone]));
  } catch (error) {
    const failure = failureOf(error, context, certain);
    if (!context.signal.aborted) await evidenceAfter(context, session, true);
    throw failure;
  }
  // A step that has succeeded must not fail because its evidence took too long.
  if (!context.signal.aborted)
    await untilAborted(explaining, evidenceAfter(context, session, false)).catch(() => undefined);
  return result;
}
