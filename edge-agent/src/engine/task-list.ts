/**
 * A list of tasks in order, as flow directives say (dsl-reference, "Flow Directive"): the output of one is the input
 * of the next; `then` goes on, jumps within the list, leaves the list (`exit`) or ends the workflow (`end`).
 *
 * A task that a jump visits again has `(n)` behind its name in its position, so that positions stay unique.
 *
 * What follows a barrier is covered by it (`barrier.ts`), if no task before could have jumped past it.
 */
import { entriesOf, type Json, type TaskList } from '@casare/shared/workflow';
import { mayJump } from './barrier.ts';
import { fault } from './errors.ts';
import type { Outcome, Place, Scope } from './frame.ts';
import { makeReady } from './ready-call.ts';
import { runTask } from './task.ts';

/** Runs a list; see `TaskRunner.list`. */
export async function runList(tasks: TaskList, place: Place, input: Json, scope: Scope): Promise<Outcome> {
  const entries = entriesOf(tasks, place.path);
  const visits = new Map<number, number>();
  let output = input;
  let at = 0;
  let barrier = false;
  let isStraight = true;
  for (;;) {
    const entry = entries[at];
    if (entry === undefined) return { output, ended: false, barrier };
    const visit = (visits.get(at) ?? 0) + 1;
    visits.set(at, visit);
    const inner = barrier && !scope.covered ? { ...scope, covered: true } : scope;
    const running = runTask(entry, positionOf(place, entry, visit), output, inner);
    makeReady(entries[at + 1], scope.run);
    const result = await running;
    output = result.output;
    barrier ||= isStraight && result.barrier === true;
    isStraight &&= !mayJump(entry.task);
    if (result.ended || result.then === 'end') return { output, ended: true, barrier };
    if (result.then === 'exit') return { output, ended: false, barrier };
    at = nextOf(entries, at, result.then);
  }
}

/** The position of a task in a list; brackets in names are escaped, because positions give them a meaning. */
export function positionOf(place: Place, entry: { index: number; name: string }, visit = 1): string {
  const name = entry.name
    .replaceAll('~', '~0')
    .replaceAll('/', '~1')
    .replace(/[[\]{}()]/g, (bracket) => `~x${bracket.charCodeAt(0).toString(16)}`);
  return `${place.position}/${entry.index}/${name}${visit === 1 ? '' : `(${visit})`}`;
}

function nextOf(entries: readonly { name: string; path: string }[], at: number, then: string | undefined): number {
  if (then === undefined || then === 'continue') return at + 1;
  const target = entries.findIndex((entry) => entry.name === then);
  if (target >= 0) return target;
  throw fault('configuration', {
    code: 'THEN_UNKNOWN',
    title: `There is no task named ${then} to go to`,
    detail: 'A `then` can only name a task of the same list.',
    instance: entries[at]?.path ?? '',
  });
}
