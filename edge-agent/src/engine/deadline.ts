/** Timeouts of tasks and of the workflow: work gets a signal, and its failure after the deadline is a timeout error. */
import type { Timeout } from '@casare/shared/workflow';
import type { Clock } from './clock.ts';
import { fault, RunCancelled, RunSuspended, WorkflowFault } from './errors.ts';
import type { Evaluator } from './evaluate.ts';
import type { Run } from './frame.ts';
import { RecordingFailed } from './recorder.ts';

/**
 * Milliseconds of a `timeout` member, inline or by name; `null` when there is none.
 * @throws {WorkflowFault} configuration error 400 for a name that `use.timeouts` does not have
 */
export async function timeoutOf(
  timeout: Timeout | string | undefined,
  run: Run,
  evaluator: Evaluator,
): Promise<number | null> {
  if (timeout === undefined) return null;
  const named = typeof timeout === 'string' ? run.options.document.use?.timeouts?.[timeout] : timeout;
  if (named !== undefined) return evaluator.duration(named.after);
  throw fault('configuration', {
    code: 'TIMEOUT_UNKNOWN',
    title: `The document has no timeout named ${String(timeout)}`,
  });
}

/** The error 408 of what stands at `path`; the empty path is the workflow (RFC 6901: the whole document). */
export function timeoutFault(path: string, ms: number): WorkflowFault {
  const what = path === '' ? 'The workflow' : 'The task';
  return fault('timeout', {
    code: 'TIMED_OUT',
    title: `${what} took longer than it may`,
    detail: `${what} was stopped after ${ms} ms.`,
    instance: path,
  });
}

/**
 * Runs work that must end within `ms`. At the deadline its signal aborts with the timeout fault; however the work then
 * fails, the timeout is what is thrown, with the doubt that the failure carried. Work that ends well all the same
 * keeps its result.
 */
export async function withDeadline<Result>(
  clock: Clock,
  outer: AbortSignal,
  limit: { readonly ms: number; readonly path: string },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timedOut = timeoutFault(limit.path, limit.ms);
  const clear = clock.deadline(limit.ms, () => controller.abort(timedOut));
  try {
    return await work(AbortSignal.any([outer, controller.signal]));
  } catch (thrown) {
    if (!controller.signal.aborted || outer.aborted || isFinal(thrown)) throw thrown;
    throw new WorkflowFault(timedOut.error, thrown instanceof WorkflowFault ? thrown.doubt : null);
  } finally {
    clear();
  }
}

/** True for what no task may turn into anything else: the run ends with it. */
export function isFinal(thrown: unknown): boolean {
  return thrown instanceof RunCancelled || thrown instanceof RunSuspended || thrown instanceof RecordingFailed;
}
