/**
 * The barrier: a step of a live session that has acted under `suspend`. A restart finds it started or completed and its session
 * gone, and hands the run to a person there (`replay.ts`); a person who lets the run go on brings it to the same step again.
 * So no restart reaches what comes behind it, and a step behind it may act while its start is on its way to the agent and to the
 * disk: without that start on record nothing is done twice. Its own start was on the disk before it acted. Only steps of a session
 * make use of it: what a mail or a payment says to the world is on the disk before, for the person who will read the record.
 *
 * Behind it is only what a restart cannot reach without coming to it, however conditions turn out then (an expression may ask
 * what time it is): in a list that was gone through without a possible jump, what follows it, with all that stands inside;
 * in a loop, the later rounds. Nothing leads out of a task with `if`, of a branch, a `try`, a loop or a sub-workflow: those
 * may be left out.
 */
import type { OnRestart } from '@casare/shared/protocol';
import type { StepDeclaration, Task } from '@casare/shared/workflow';
import { usesSession } from './steps.ts';

/** True for a step that no restart passes once it has acted. */
export function isBarrier(declaration: StepDeclaration, rule: OnRestart): boolean {
  return rule === 'suspend' && usesSession(declaration);
}

/** True when a restart that gets behind the task has been inside it: a barrier inside holds for what follows. */
export function isAlwaysEntered(task: Task): boolean {
  return task.if === undefined && ('call' in task || ('do' in task && !('for' in task)));
}

/** True when a list may go on elsewhere than with the task after this one. */
export function mayJump(task: Task): boolean {
  if (task.then !== undefined && task.then !== 'continue') return true;
  return 'switch' in task || ('try' in task && task.catch.then !== undefined);
}
