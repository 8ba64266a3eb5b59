/**
 * Running from a task of the last run: what stands before it is taken from that run's record. Steps that only read or open
 * something are done again, for a session of a browser is gone with its process; others are not. Pure.
 */
import type { RunEvent } from '@casare/shared/protocol';
import type { Step, StepRegistry } from '../engine/index.ts';

/** The record up to the first start of the task; `null` when the last run never came to it. */
export function journalBefore(journal: readonly RunEvent[], task: string): readonly RunEvent[] | null {
  const at = journal.findIndex(
    ({ body }) =>
      (body.type === 'step.started' || body.type === 'step.skipped') &&
      [body.name, body.path, body.position].includes(task),
  );
  return at === -1 ? null : journal.slice(0, at);
}

/** The steps that only those that act are remembered of: their recorded outcome is taken, session or not. */
export function rememberingSteps(steps: StepRegistry): StepRegistry {
  const known = new Map<Step, Step>();
  return {
    find: (reference) => {
      const step = steps.find(reference);
      if (step === null || step.declaration.effect === 'idempotent') return step;
      const remembered = known.get(step) ?? {
        ...step,
        declaration: { ...step.declaration, needsSession: false, slot: 'plain' },
      };
      known.set(step, remembered);
      return remembered;
    },
  };
}
