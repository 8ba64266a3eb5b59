/**
 * `fork`: branches at the same time. All must succeed, and the output is the array of theirs in the order they are
 * declared; competing, the first to succeed is the output. Branches that are no longer wanted are told to stop and
 * waited for, so that none of them acts after the fork has ended. `then: end` ends a branch, not the workflow.
 */
import { entriesOf, type ForkTask, type Json } from '@casare/shared/workflow';
import { isFinal } from './deadline.ts';
import { fault } from './errors.ts';
import type { Frame, TaskHandler } from './frame.ts';

export const runFork: TaskHandler<ForkTask> = async (task, frame) => {
  const recorded = frame.run.journal.at(frame.position);
  // Who won a race cannot be computed again.
  if (task.fork.compete === true && recorded.state === 'completed') return { output: recorded.output, settled: true };
  const stop = new AbortController();
  const signal = AbortSignal.any([frame.signal, stop.signal]);
  const branches = startBranches(task, { ...frame, signal });
  const first = task.fork.compete === true ? Promise.any(branches) : Promise.all(branches);
  try {
    return { output: await first };
  } catch (thrown) {
    throw thrown instanceof AggregateError ? worstOf(thrown.errors) : thrown;
  } finally {
    stop.abort(fault('runtime', { code: 'BRANCH_STOPPED', title: 'Another branch has decided the fork' }));
    const results = await Promise.allSettled(branches);
    const final = results.find((result) => result.status === 'rejected' && isFinal(result.reason));

    if (final?.status === 'rejected') throw final.reason;
  }
};

function startBranches(task: ForkTask, frame: Frame): Promise<Json>[] {
  const place = { path: `${frame.path}/fork/branches`, position: `${frame.position}/fork/branches` };
  const entries = entriesOf(task.fork.branches, place.path);
  const isOver = frame.run.pause.split(entries.length);
  return entries.map(async (entry) => {
    const position = `${place.position}/${entry.path.slice(place.path.length + 1)}`;
    const { output } = await frame.run.tasks.one(entry, position, frame.input, frame).finally(isOver);
    return output;
  });
}

function worstOf(errors: readonly unknown[]): unknown {
  return errors.find(isFinal) ?? errors[0];
}
