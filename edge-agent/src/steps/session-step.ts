/**
 * The frame around steps that act in a live session, such as a browser or a desktop: arguments parsed, time divided, and
 * whatever goes wrong made into one `StepFailure`.
 *
 * Invariant 3: what goes wrong outside a session is certain, for nothing has acted; within one the family's `run` says how it
 * is, and nothing here overrules it. So no race against the end of the step is run around `run`.
 */
import type { z } from 'zod';
import type { StepDeclaration } from '@casare/shared/workflow';
import type { Step, StepContext, StepFailure } from '../engine/index.ts';

/** Ends of a step's time: what acts stops at `acting`, and nothing outlasts `last`. All abort if the run stops. */
export interface Deadlines {
  readonly acting: AbortSignal;
  /** A little before all is over: what explains a failure ends by then. */
  readonly explaining: AbortSignal;
  readonly last: AbortSignal;
}

/** What a step that finds, makes or ends its session itself works with. */
export interface SessionFrame<Session, Scope> {
  readonly context: StepContext;
  /** Aborts when the step's time is over or the run stops. */
  readonly signal: AbortSignal;
  /** Carries out `act` in a session, with the evidence and the clean-up that it asks for. */
  readonly run: <T>(session: Session, act: (scope: Scope) => Promise<T>) => Promise<T>;
}

/** What a family of steps says of its sessions. */
export interface SessionFamily<Session, Scope> {
  /** Kept of a step's time to explain a timeout, at least; never more than half of it. Milliseconds. */
  readonly explainMinMs: number;
  /** Of each step of the family. */
  readonly about?: Pick<Step, 'asksWhereSecretsGo'>;
  readonly run: <T>(
    context: StepContext,
    deadlines: Deadlines,
    session: Session,
    act: (scope: Scope) => Promise<T>,
  ) => Promise<T>;
  /** `certain` applies to what is no failure of a step yet. */
  readonly failureOf: (error: unknown, context: StepContext, certain: boolean) => StepFailure;
}

/** Makes executors of a family's steps out of what they do. */
export type SessionStep<Session, Scope> = <With extends z.ZodType, Output extends z.ZodType>(
  declaration: StepDeclaration<With, Output>,
  act: (args: z.output<With>, frame: SessionFrame<Session, Scope>) => Promise<z.output<Output>>,
) => Step;

const EXPLAIN_SHARE = 0.1;
const EXPLAIN_MAX_MS = 2_000;
/** Of that, what is left for making a failure of what was found. */
const EXPLAINED_SHARE = 0.2;

export function sessionSteps<Session, Scope>(family: SessionFamily<Session, Scope>): SessionStep<Session, Scope> {
  return (declaration, act) => ({
    declaration,
    ...family.about,
    run: async (given, context) => {
      // The engine has parsed them already and reported what was wrong; this gives them their type.
      const args = declaration.with.parse(given);
      const deadlines = deadlinesOf(context, family.explainMinMs);
      const run: SessionFrame<Session, Scope>['run'] = (session, inner) =>
        family.run(context, deadlines, session, inner);
      try {
        return await act(args, { context, signal: deadlines.acting, run });
      } catch (error) {
        throw family.failureOf(error, context, true);
      }
    },
  });
}

function deadlinesOf({ signal, timeoutMs }: StepContext, explainMinMs: number): Deadlines {
  const explainMs = Math.min(Math.max(timeoutMs * EXPLAIN_SHARE, explainMinMs), EXPLAIN_MAX_MS, timeoutMs / 2);
  const until = (ms: number): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(ms))]);
  const started = performance.now();
  let explaining: AbortSignal | undefined;
  return {
    acting: until(timeoutMs - explainMs),
    // Most steps explain nothing, so it is made when it is first used; it counts from the start like the others.
    get explaining() {
      const ms = timeoutMs - explainMs * EXPLAINED_SHARE;
      return (explaining ??= until(Math.max(ms - (performance.now() - started), 0)));
    },
    last: until(timeoutMs),
  };
}
