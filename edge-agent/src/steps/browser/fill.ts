/** `browser.fill`: replaces a field's text and reads it back. */
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { filledText } from './field-value.ts';
import { actOn } from './perform.ts';
import { placeForSecret } from './secret-place.ts';
import { browserStep } from './step.ts';

/** A field that formats what is typed (telephone numbers, amounts) still holds the same letters and digits in a row. */
const LETTERS_AND_DIGITS = /[^\p{L}\p{N}]/gu;

/** Fails with FIELD_NOT_FILLED when the field holds something else afterwards. */
export const fillStep: Step = browserStep(BROWSER_STEPS.fill, async ({ target, value, expect }, scope) => {
  const text = String(value);
  const field = await actOn(scope, target, async (element) => {
    if (scope.context.usesSecret) scope.session.memory.cover(element);
    return (await placeForSecret(scope, element)).fill(text, scope.bound);
  });
  const { answer: kept, title } = await filledText(scope, field);
  if (!letters(kept).includes(letters(text))) {
    throw new StepFailure({
      type: 'runtime',
      code: 'FIELD_NOT_FILLED',
      title: 'The field did not keep what was typed',
      detail: `${target} holds ${letters(kept).length} letters and digits instead of ${letters(text).length}: the page shortens or refuses the value`,
    });
  }
  return meet(scope, expect, title);
});

function letters(text: string): string {
  return text.replaceAll(LETTERS_AND_DIGITS, '').toLowerCase();
}
