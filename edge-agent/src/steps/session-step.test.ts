/** The ends of a step's time. */
import { expect, test } from 'vitest';
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { StepContext } from '../engine/index.ts';
import { StepFailure } from '../engine/index.ts';
import { sessionSteps, type Deadlines } from './session-step.ts';

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

test('what explains a failure ends before all is over, also where it is first asked for late in the step', async () => {
  const order: string[] = [];
  const steps = sessionSteps<null, Deadlines>({
    explainMinMs: 1_000,
    run: (_context, deadlines, _session, act) => act(deadlines),
    failureOf: (error) =>
      error instanceof StepFailure ? error : new StepFailure({ type: 'runtime', code: 'X', title: 'x' }),
  });
  const step = steps(DESKTOP_STEPS.close, async (_args, { run }) => {
    await run(null, async (deadlines) => {
      await aborted(deadlines.acting);
      const ends = (['last', 'explaining'] as const).map(async (name) => {
        await aborted(deadlines[name]);
        order.push(name);
      });
      await Promise.all(ends);
    });
    return null;
  });
  await step.run({}, { signal: new AbortController().signal, timeoutMs: 1_000 } as StepContext).catch(() => {});
  expect(order).toEqual(['explaining', 'last']);
});
