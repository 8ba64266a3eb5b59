/**
 * What a restart does with a task that was started and has no recorded end. The rule of an acting task is its
 * executor's default by effect class, overridden by the document, then by every enclosing task from the outside in,
 * then by the task. Enclosing means in the text: a function of `use.functions` is enclosed by the document only.
 *
 * Tasks that only steer (`set`, `do`, `for`, ...) touch nothing outside and are always run again.
 */
import type { Effect, OnRestart } from '../protocol/run-events.ts';
import { resolveCall } from './call-target.ts';
import type { Workflow } from './document.ts';
import type { Verify } from './rpa.ts';
import { restartRuleOf } from './step.ts';
import { referenceOf, subWorkflowsOf } from './sub-workflows.ts';
import { callOf, classify, type Task } from './task.ts';

export interface RestartRule {
  readonly effect: Effect;
  readonly onRestart: OnRestart;
  /** The probe that `onRestart: verify` uses; the nearest one from the task outwards. */
  readonly verify?: Verify;
}

/** Methods a repetition of which has the effect of one (RFC 9110, section 9.2.2). */
const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** True when the task itself acts on something outside the run. */
export function isActing(document: Workflow, task: Task): boolean {
  return effectOf(document, task) !== null;
}

/** The effective rule of a task; `enclosing` are the tasks around it, outermost first. */
export function restartOf(document: Workflow, task: Task, enclosing: readonly Task[]): RestartRule {
  const effect = effectOf(document, task);
  if (effect === null) return { effect: 'idempotent', onRestart: 'rerun' };
  const own = [...enclosing, task].map((one) => one.metadata?.rpa);
  const overrides = [document.document.metadata?.rpa?.onRestart, ...own.map((rpa) => rpa?.onRestart)];
  const onRestart = overrides.findLast((rule) => rule !== undefined) ?? restartRuleOf(effect);
  const verify = own.findLast((rpa) => rpa?.verify !== undefined)?.verify;
  return { effect, onRestart, ...(verify === undefined ? {} : { verify }) };
}

/** The effect class, the task's own `metadata.rpa.effect` first; `null` for a task that does not act. */
function effectOf(document: Workflow, task: Task): Effect | null {
  const declared = declaredEffect(document, task);
  return declared === null ? null : (task.metadata?.rpa?.effect ?? declared);
}

function declaredEffect(document: Workflow, task: Task): Effect | null {
  const classified = classify(task);
  // What another document does is not known here, unless it is in this one: then its tasks say it.
  if (classified.kind === 'run') return referenceOf(classified.task) in subWorkflowsOf(document) ? null : 'unsafe';
  // An event is part of the run's record, which keeps it once.
  if (classified.kind === 'emit') return 'idempotent';
  if (classified.kind !== 'call') return null;
  const call = callOf(classified.task);
  if (call.to === 'http') return IDEMPOTENT_METHODS.has(call.with.method.toUpperCase()) ? 'idempotent' : 'unsafe';
  if (call.to === 'openapi') return 'unsafe';
  const target = resolveCall(document, call.reference);
  if (target.kind === 'function') return null;
  return target.kind === 'step' ? target.step.effect : 'unsafe';
}
