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
import { type Deadlines, type SessionFrame as Frame, sessionSteps } from '../session-step.ts';
import { untilAborted } from '../within.ts';
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

/** A timeout is explained by what is on the screen, milliseconds. */
const EXPLAIN_MIN_MS = 750;

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
export type SessionFrame = Frame<DesktopSession, DesktopScope>;

/** An executor that is not bound to the run's open session. */
export const sessionStep = sessionSteps<DesktopSession, DesktopScope>({
  explainMinMs: EXPLAIN_MIN_MS,
  run: runInSession,
  failureOf,
});

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
