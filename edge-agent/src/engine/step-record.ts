/** The record of one step: `started` before anything else, then exactly one of `completed` and `failed`. */
import type { RunEventBody, StepSeen } from '@casare/shared/protocol';
import type { Json } from '@casare/shared/workflow';
import type { WorkflowFault } from './errors.ts';
import type { StartFacts } from './call-facts.ts';
import type { Run, StepRecord } from './frame.ts';
import { eventJson } from './recorder.ts';
import { boundedSeen } from './seen.ts';

const NAME_LENGTH = 200;
/** Of every task but a call: it changes nothing outside the run. */
export const CONTROL_FACTS: StartFacts = { effect: 'idempotent', onRestart: 'rerun' };

/** Where and what the step is. */
export interface StepIdentity {
  readonly path: string;
  readonly position: string;
  readonly name: string;
  readonly task: string;
}

/** Opens the record; nothing is written yet. */
export function openRecord(run: Run, step: StepIdentity): StepRecord {
  const where = { path: step.path, position: step.position };
  const began = run.options.clock.now();
  const send = (body: RunEventBody) => run.recorder.record(body);
  // Starts of what must not simply be repeated, what is published, and failures are waited for. Other starts need not be:
  // when one is lost with the worker, the step is done again, as it would be after its start. The end of a call need not be
  // either: whatever acts next waits for it, and it is on its way.
  const isWaitedFor = ({ effect, onRestart }: StartFacts) =>
    step.task === 'emit' || effect !== 'idempotent' || onRestart !== 'rerun';
  const end = step.task === 'emit' ? send : run.recorder.note;
  const elapsed = () => Math.max(0, Math.round(run.options.clock.now() - began));
  let isStarted = false;
  let seen: StepSeen | undefined;
  const saw = () => (seen === undefined ? {} : { seen });
  const started = async (facts: StartFacts, covered = false) => {
    if (isStarted) return;
    isStarted = true;
    const name = step.name.slice(0, NAME_LENGTH);
    const body: RunEventBody = { type: 'step.started', ...where, name, task: step.task, ...facts };
    if (covered && run.options.mayGoAhead?.() === true) await run.recorder.note(body, true);
    else await (isWaitedFor(facts) ? send(body) : run.recorder.note(body));
  };
  return {
    started,
    see: (facts) => (seen = { ...seen, ...boundedSeen(facts) }),
    completed: (output, context) =>
      end({
        type: 'step.completed',
        ...where,
        output: eventJson(output),
        ...(context === undefined ? {} : { context: eventJson(context) }),
        durationMs: elapsed(),
        ...saw(),
      }),
    failed: async (fault: WorkflowFault, certain: boolean, context?: Json) => {
      // It failed before it could act, such as by its arguments: the record has a start all the same.
      await started(CONTROL_FACTS);
      await send({
        type: 'step.failed',
        ...where,
        error: fault.error,
        certain,
        ...(context === undefined ? {} : { context: eventJson(context) }),
        durationMs: elapsed(),
        ...saw(),
      });
    },
  };
}
