/** `browser.select`: chooses options of a native list by their text. */
import type { Locator } from 'playwright-core';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { ask } from './ask.ts';
import { meet } from './expectation.ts';
import { actOn } from './perform.ts';
import { browserStep, type BrowserScope } from './step.ts';

const OPTIONS_SHOWN = 20;

export const selectStep: Step = browserStep(BROWSER_STEPS.select, async ({ target, option, expect }, scope) => {
  const wanted = [option].flat();
  const list = await actOn(
    scope,
    target,
    (element) =>
      element.selectOption(
        wanted.map((label) => ({ label })),
        scope.bound,
      ),
    (element) => whyNotChosen(scope, element, target, wanted),
  );
  const { answer, title } = await ask(scope, list, 'options');
  await meet(scope, expect, title);
  return { selected: selectedOf(answer) };
});

/** LIST_NOT_NATIVE, OPTION_NOT_FOUND, or null. Lists are often filled late: Playwright has waited for the options. */
async function whyNotChosen(
  scope: BrowserScope,
  list: Locator,
  target: string,
  wanted: string[],
): Promise<StepFailure | null> {
  const explaining = { page: scope.page, bound: { ...scope.bound, signal: scope.explaining } };
  const { answer: options } = await ask(explaining, list, 'options');
  if (options === null) return notNative(target);
  const missing = wanted.filter((label) => !options.some((option) => option.label === label));
  return missing.length === 0 ? null : notFound(target, missing, options);
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
