/** `browser.list`: the texts of a list's items; it is read until two readings agree. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { ask } from './ask.ts';
import { locateOne } from './locate.ts';
import { settled } from './settled.ts';
import { browserStep } from './step.ts';

/** A page that shows more items at once than this is read in part; `limit` cannot raise it. */
const MAX_ITEMS = 10_000;

/** Fails with NOT_A_LIST. */
export const listStep: Step = browserStep(BROWSER_STEPS.list, async ({ target, limit }, scope) => {
  const list = await locateOne(scope, target);
  const items = await settled(
    scope,
    async () => {
      const { answer } = await ask(scope, list, 'items', MAX_ITEMS);
      if (answer === null) throw notAList(target);
      return answer;
    },
    (read) => read.length === 0,
  );
  return items.slice(0, limit ?? MAX_ITEMS);
});

function notAList(target: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'NOT_A_LIST',
    title: 'The element is not a list',
    detail: `${target} is neither a list nor a menu: name the list itself, not an item of it`,
    certain: true,
  });
}
