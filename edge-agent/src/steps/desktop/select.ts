/** `desktop.select`: chooses an option by its text and reads the choice back. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { DesktopNode } from '../../desktop/index.ts';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { clickAt } from './hands.ts';
import { locateOne, pause } from './locate.ts';
import { optionNamed, optionsIn } from './options.ts';
import { waitUntilReady } from './ready.ts';
import { type DesktopScope, desktopStep } from './step.ts';

const LOOK_AGAIN_MS = 50;
/** Looks until a choice must show. */
const LOOKS = 20;
const OPTIONS_SHOWN = 20;

/** Fails with OPTION_NOT_FOUND, or OPTION_NOT_SELECTED when the element shows another choice afterwards. */
export const selectStep: Step = desktopStep(DESKTOP_STEPS.select, async ({ target, option, expect }, scope) => {
  const node = await locateOne(scope, target);
  await waitUntilReady(scope, node, 'enabled');
  const wanted = await waitForOption(scope, node, target, option);
  scope.acting();
  for (const way of [byInterface, byPointer]) {
    if ((await way(scope, wanted)) && (await isChosen(scope, node, wanted))) {
      await meet(scope, expect);
      return { selected: option };
    }
  }
  throw new StepFailure({
    type: 'runtime',
    code: 'OPTION_NOT_SELECTED',
    title: 'The option was not taken',
    detail: `${target} shows another choice than ${JSON.stringify(option)}: choose it with desktop.click`,
  });
});

/** Lists are often filled late. */
async function waitForOption(
  scope: DesktopScope,
  node: DesktopNode,
  target: string,
  option: string,
): Promise<DesktopNode> {
  let options: readonly DesktopNode[] = [];
  for (;;) {
    options = await optionsIn(scope, node).catch((error: unknown) => {
      // The time was over while it was looked.
      if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
      return options;
    });
    const found = optionNamed(options, option);
    if (found !== null) return found;
    if (scope.signal.aborted) throw notFound(target, option, options);
    await pause(scope, LOOK_AGAIN_MS);
  }
}

function byInterface({ driver }: DesktopScope, { element }: DesktopNode): Promise<boolean> {
  return driver.elements.select(element);
}

async function byPointer(scope: DesktopScope, node: DesktopNode): Promise<boolean> {
  const { point } = await waitUntilReady(scope, node, 'enabled');
  await clickAt(scope, node.window, point, 'left', 1);
  return true;
}

async function isChosen(scope: DesktopScope, list: DesktopNode, option: DesktopNode): Promise<boolean> {
  for (let look = 0; look < LOOKS && !scope.signal.aborted; look += 1) {
    const now = await scope.driver.elements.again(option.element);
    if (now?.states.has('selected') === true || now?.states.has('checked') === true) return true;
    if (list.element.roles.includes('combobox')) {
      const element = await scope.driver.elements.again(list.element);
      if (element !== null && (await scope.driver.elements.text(element)) === option.element.name) return true;
    }
    await pause(scope, LOOK_AGAIN_MS);
  }
  return false;
}

function notFound(target: string, option: string, options: readonly DesktopNode[]): StepFailure {
  const names = [...new Set(options.map(({ element }) => element.name).filter((name) => name !== ''))];
  const shown = names.slice(0, OPTIONS_SHOWN).map((name) => JSON.stringify(name.slice(0, 100)));
  const more = names.length > OPTIONS_SHOWN ? ` and ${names.length - OPTIONS_SHOWN} more` : '';
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'OPTION_NOT_FOUND',
    title: 'The list has no such option',
    detail: `${target} has no option ${JSON.stringify(option)}; it has ${shown.join(', ') || 'none'}${more}`,
    certain: true,
  });
}
