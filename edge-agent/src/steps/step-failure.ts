/** Failures that every family of steps knows: stopped, out of time, in doubt. */
import { StepFailure, type StepContext } from '../engine/index.ts';

/** The run ends. */
export function stopped(certain: boolean): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'STEP_STOPPED',
    title: 'The step was stopped because the run ends',
    certain,
  });
}

export function timedOut({ timeoutMs }: StepContext, certain: boolean): StepFailure {
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'STEP_TIMEOUT',
    title: 'The step took too long',
    detail: `The step was not done after ${timeoutMs} ms`,
    certain,
  });
}

/** A failure as it is: one that was raised as certain is in doubt when the step had announced that it acts. */
export function asItIs(failure: StepFailure, certain: boolean): StepFailure {
  if (certain || !failure.certain) return failure;
  const { type, status, title, detail, code } = failure;
  return new StepFailure({
    type,
    title,
    certain: false,
    ...(status === undefined ? {} : { status }),
    ...(detail === undefined ? {} : { detail }),
    ...(code === undefined ? {} : { code }),
  });
}
