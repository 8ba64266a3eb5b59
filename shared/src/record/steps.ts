/**
 * The steps of an attempt as its events tell them, for whoever has events and no database. Pure. The control plane keeps the
 * same in rows: a test holds both to each other.
 */
import type { Step } from '../api/jobs.ts';
import { endsRun, type RunEvent } from '../protocol/run-events.ts';

/** In the order in which they began. A step that was open when its attempt ended was interrupted. */
export function stepsOf(attempt: number, events: Iterable<RunEvent>): readonly Step[] {
  const steps: Step[] = [];
  /** Where the open step of a position stands. */
  const open = new Map<string, number>();
  for (const { seq, at, body } of events) {
    if (body.type === 'step.started') {
      const { path, position, name, task, call = null, effect, input } = body;
      open.set(position, steps.length);
      steps.push({
        ...{ attempt, seq, path, position, name, task, call, effect, state: 'running', startedAt: at, endedAt: null },
        ...{ durationMs: null, output: null, error: null, ...(input === undefined ? {} : { input }) },
      });
    } else if (body.type === 'step.skipped') {
      const { path, position, name } = body;
      steps.push({
        ...{ attempt, seq, path, position, name, task: 'skipped', call: null, effect: 'idempotent', state: 'skipped' },
        ...{ startedAt: at, endedAt: at, durationMs: 0, output: null, error: null },
      });
    } else if (body.type === 'step.completed' || body.type === 'step.failed') {
      const index = open.get(body.position);
      if (index === undefined) continue;
      open.delete(body.position);
      const { durationMs, seen } = body;
      steps[index] = {
        ...{ ...steps[index]!, endedAt: at, durationMs, ...(seen === undefined ? {} : { seen }) },
        ...(body.type === 'step.failed'
          ? { state: 'failed' as const, error: body.error }
          : { state: 'completed' as const, output: body.output }),
      };
    } else if (endsRun(body)) {
      for (const index of open.values()) steps[index] = { ...steps[index]!, state: 'interrupted', endedAt: at };
      open.clear();
    }
  }
  return steps;
}
