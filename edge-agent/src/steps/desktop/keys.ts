/** `desktop.keys`: keys and combinations, on an element or where the focus is. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { parseKeys } from '../../desktop/index.ts';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { giveFocus } from './focus.ts';
import { focusedElement } from './focused.ts';
import { pressKeys, typeText } from './hands.ts';
import { locateOne } from './locate.ts';
import { waitUntilReady } from './ready.ts';
import { desktopStep } from './step.ts';

/** Fails with KEY_UNKNOWN for a name that is no key. */
export const keysStep: Step = desktopStep(DESKTOP_STEPS.keys, async ({ target, keys, expect }, scope) => {
  const parsed = parseKeys(keys);
  if (!parsed.ok) {
    const title = 'There is no such key';
    throw new StepFailure({ type: 'validation', code: 'KEY_UNKNOWN', title, detail: parsed.why, certain: true });
  }
  if (target !== undefined) {
    const node = await locateOne(scope, target);
    await giveFocus(scope, node, await waitUntilReady(scope, node, 'enabled'));
  }
  if (scope.context.usesSecret) scope.session.memory.remember(keys, await focusedElement(scope));
  scope.acting();
  for (const part of parsed.parts) {
    if (part.kind === 'text') await typeText(scope, part.text);
    else for (let time = 0; time < part.times; time += 1) await pressKeys(scope, part.keys);
  }
  return meet(scope, expect);
});
