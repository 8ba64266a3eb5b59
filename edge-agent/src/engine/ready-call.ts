/**
 * Calls that are ready before their turn: of a step of a session whose arguments hold no expression, and so no secret, all is known
 * that its start says and that its executor is given. It is made ready while the step before it waits for its browser.
 */
import type { CallTask, Json, TaskEntry } from '@casare/shared/workflow';
import type { Run } from './frame.ts';
import { factsOf, type ReadyCall } from './call-facts.ts';
import { usesSession } from './steps.ts';

/** What was made ready, or can be now; null where the call has to wait for its turn. */
export function readyCall(task: CallTask, run: Run): ReadyCall | null {
  const known = run.ready.get(task);
  if (known !== undefined) return known;
  const made = make(task, run);
  run.ready.set(task, made);
  return made;
}

/** Makes the call of the next task ready, when this process has nothing else to do. */
export function makeReady(next: TaskEntry | undefined, run: Run): void {
  if (next === undefined || !('call' in next.task) || run.ready.has(next.task)) return;
  const { task } = next;
  setImmediate(() => {
    try {
      readyCall(task, run);
    } catch {
      // What is wrong with it is said in its turn, which may never come.
    }
  });
}

function make(task: CallTask, run: Run): ReadyCall | null {
  const step = run.options.steps.find(task.call);
  const args = (task.with ?? {}) as Json;
  if (step === null || !usesSession(step.declaration) || JSON.stringify(args).includes('${')) return null;
  if (run.options.document.use?.functions?.[task.call] !== undefined) return null;
  const parsed = step.declaration.with.safeParse(args);
  return parsed.success ? { facts: factsOf(step, args, run.vault), args: parsed.data } : null;
}
