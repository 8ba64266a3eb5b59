/** `desktop.value`: what a field holds. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { desktopStep } from './step.ts';

const NUMBERS = new Set(['spinbutton', 'slider', 'scrollbar', 'progressbar', 'meter']);
const TEXTS = new Set(['textbox', 'combobox', 'searchbox', 'cell']);

/** Fails with NOT_A_FIELD for an element that has no value. */
export const valueStep: Step = desktopStep(DESKTOP_STEPS.value, async ({ target }, scope) => {
  const { element } = await locateOne(scope, target);
  const [role] = element.roles;
  const number = NUMBERS.has(role) ? await scope.driver.elements.range(element) : null;
  if (number !== null) return String(number.value);
  const text = TEXTS.has(role) || NUMBERS.has(role) ? await scope.driver.elements.text(element) : null;
  if (text !== null) return text;
  throw new StepFailure({
    type: 'runtime',
    code: 'NOT_A_FIELD',
    title: 'The element has no value',
    detail: `${target} is not a field: use desktop.text to read what it shows`,
    certain: true,
  });
});
