/** The executors of the steps that need nothing but the engine: `log` and `assert`. */
import { PLAIN_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../engine/index.ts';

const logStep: Step = {
  declaration: PLAIN_STEPS.log,
  run: async (given, context) => {
    const { message, level } = PLAIN_STEPS.log.with.parse(given);
    await context.log(level ?? 'info', message);
    return null;
  },
};

const assertStep: Step = {
  declaration: PLAIN_STEPS.assert,
  run: async (given) => {
    const { that, message } = PLAIN_STEPS.assert.with.parse(given);
    if (that) return true;
    throw new StepFailure({
      type: 'validation',
      code: 'ASSERTION_FAILED',
      title: 'An assertion of the document does not hold',
      detail: message ?? 'The condition is false',
      certain: true,
    });
  },
};

export const PLAIN: readonly Step[] = [logStep, assertStep];
