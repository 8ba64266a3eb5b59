/** `desktop.type`: the keyboard, into an element or where the focus is. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { giveFocus } from './focus.ts';
import { focusedElement } from './focused.ts';
import { typeText } from './hands.ts';
import { isKept } from './letters.ts';
import { locateOne, pause } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { desktopStep } from './step.ts';

const LOOK_AGAIN_MS = 50;
/** Looks until what was typed must be there: applications draw it when they get to it. */
const LOOKS = 40;

/** Fails with TEXT_NOT_TYPED when the element shows something else afterwards. */
export const typeStep: Step = desktopStep(DESKTOP_STEPS.type, async ({ target, text, expect }, scope) => {
  const { elements } = scope.driver;
  if (target === undefined) {
    if (scope.context.usesSecret) scope.session.memory.remember(text, await focusedElement(scope));
    scope.acting();
    await typeText(scope, text);
    return meet(scope, expect);
  }
  const node = await locateOne(scope, target);
  const ready = await waitUntilReady(scope, node, 'enabled');
  if (scope.context.usesSecret) scope.session.memory.remember(text, ready.element);
  await giveFocus(scope, node, ready);
  const before = await elements.text(ready.element);
  scope.acting();
  await typeText(scope, text);
  // Enter and Tab may lead on: what was typed need not be there any more.
  if (before !== null && text !== '' && !/[\t\n\r]/.test(text)) {
    const isProtected = ready.element.states.has('protected');
    const wanted = isProtected ? before + text : text;
    for (let look = 0; !isKept((await elements.text(ready.element)) ?? '', wanted, isProtected); look += 1) {
      if (look === LOOKS || scope.signal.aborted) throw notTyped(target);
      await pause(scope, LOOK_AGAIN_MS);
    }
  }
  return meet(scope, expect);
});

function notTyped(target: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    code: 'TEXT_NOT_TYPED',
    title: 'The element does not show what was typed',
    detail: `${target} shows something else: the application completes, shortens or refuses the text`,
  });
}
