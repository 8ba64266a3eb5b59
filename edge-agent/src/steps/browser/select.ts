/** `browser.select`: chooses options of a native list by their text. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { optionsOf } from './in-page.ts';
import { locateOne } from './locate.ts';
import { perform } from './perform.ts';
import { browserStep, type BrowserScope } from './step.ts';

const LOOK_AGAIN_MS = 100;
const OPTIONS_SHOWN = 20;

export const selectStep: Step = browserStep(BROWSER_STEPS.select, async ({ target, option, expect }, scope) => {
  const list = await locateOne(scope, target);
  const wanted = [option].flat();
  await waitForOptions(scope, list, target, wanted);
  await perform(scope, async () => {
    await list.selectOption(
      wanted.map((label) => ({ label })),
      scope.bound,
    );
  });
  const selected = selectedOf(await list.evaluate(optionsOf));
  await meet(scope, expect);
  return { selected };
});

/**
 * Lists are often filled late.
 * @throws StepFailure LIST_NOT_NATIVE, OPTION_NOT_FOUND
 */
async function waitForOptions(scope: BrowserScope, list: Locator, target: string, wanted: string[]): Promise<void> {
  for (;;) {
    const options = await list.evaluate(optionsOf);
    if (options === null) throw notNative(target);
    const missing = wanted.filter((label) => !options.some((option) => option.label === label));
    if (missing.length === 0) return;
    // The wait is cut short by the end of the step's time; a stopped run is told apart by the caller.
    await delay(LOOK_AGAIN_MS, undefined, { signal: scope.signal }).catch(() => {});
    if (scope.signal.aborted) throw notFound(target, missing, options);
  }
}

function selectedOf(options: { label: string; selected: boolean }[] | null): string[] {
  return (options ?? []).filter((option) => option.selected).map((option) => option.label);
}

function notNative(target: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'LIST_NOT_NATIVE',
    title: 'The element is not a native list',
    detail: `${target} is drawn by the page: click it, then click the option`,
    certain: true,
  });
}

function notFound(target: string, missing: string[], options: { label: string }[]): StepFailure {
  const shown = options.slice(0, OPTIONS_SHOWN).map(({ label }) => JSON.stringify(label.slice(0, 100)));
  const more = options.length > OPTIONS_SHOWN ? ` and ${options.length - OPTIONS_SHOWN} more` : '';
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'OPTION_NOT_FOUND',
    title: 'The list has no such option',
    detail: `${target} has no option ${missing.map((label) => JSON.stringify(label)).join(', ')}; it has ${shown.join(', ') || 'none'}${more}`,
    certain: true,
  });
}
