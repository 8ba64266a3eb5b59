/** `desktop.setValue`: by the field's own interface, then with the keyboard, and read back. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import type { DesktopElement, DesktopNode } from '../../desktop/index.ts';
import { StepFailure, type Step } from '../../engine/index.ts';
import { meet } from './expectation.ts';
import { giveFocus } from './focus.ts';
import { pressKeys, typeText } from './hands.ts';
import { isKept } from './letters.ts';
import { locateOne, pause } from './locate.ts';
import { type Ready, waitUntilReady } from './ready.ts';
import { type DesktopScope, desktopStep } from './step.ts';

const LOOK_AGAIN_MS = 40;
/** Looks until a value that was set must be there. */
const LOOKS = 15;
const NUMBERS = new Set(['spinbutton', 'slider', 'scrollbar']);

/** Fails with NOT_A_FIELD, NOT_A_NUMBER, or FIELD_NOT_SET when the field holds something else afterwards. */
export const setValueStep: Step = desktopStep(DESKTOP_STEPS.setValue, async ({ target, value, expect }, scope) => {
  const node = await locateOne(scope, target);
  const ready = await waitUntilReady(scope, node, 'editable');
  if (scope.context.usesSecret) scope.session.memory.remember(String(value), ready.element);
  if (NUMBERS.has(ready.element.roles[0])) await setNumber(scope, node, ready, value, target);
  else await setText(scope, node, ready, String(value), target);
  return meet(scope, expect);
});

async function setNumber(
  scope: DesktopScope,
  node: DesktopNode,
  { element }: Ready,
  value: string | number,
  target: string,
): Promise<void> {
  const { elements } = scope.driver;
  const wanted = typeof value === 'number' ? value : Number(value.trim() === '' ? NaN : value);
  const range = await elements.range(element);
  if (!Number.isFinite(wanted))
    throw failure('NOT_A_NUMBER', 'The field takes a number', `${target} takes a number`, true);
  if (range !== null && (wanted < range.least || wanted > range.most)) {
    const detail = `${target} takes ${range.least} to ${range.most}`;
    throw failure('NOT_A_NUMBER', 'The number is outside of what the field takes', detail, true);
  }
  scope.acting();
  await elements.setRange(element, wanted);
  const kept = await settled(scope, async () => (await elements.range(element))?.value === wanted);
  if (!kept) throw notSet(target);
}

async function setText(
  scope: DesktopScope,
  node: DesktopNode,
  ready: Ready,
  text: string,
  target: string,
): Promise<void> {
  const { elements } = scope.driver;
  const { element } = ready;
  if ((await elements.text(element)) === null) throw notAField(target);
  scope.acting();
  const holds = async (): Promise<boolean> => isSet(element, (await elements.text(element)) ?? '', text);
  if ((await elements.setText(element, text)) && (await settled(scope, holds))) return;
  // It refuses, or takes only what is typed.
  await giveFocus(scope, node, ready);
  await pressKeys(scope, ['Control', 'a']);
  await (text === '' ? pressKeys(scope, ['Delete']) : typeText(scope, text));
  if (!(await settled(scope, holds))) throw notSet(target);
}

/** The whole value must be there: an empty text is only an empty field. */
function isSet(element: DesktopElement, kept: string, text: string): boolean {
  return text === '' ? kept === '' : isKept(kept, text, element.states.has('protected'));
}

async function settled(scope: DesktopScope, holds: () => Promise<boolean>): Promise<boolean> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (await holds()) return true;
    if (scope.signal.aborted) return false;
    await pause(scope, LOOK_AGAIN_MS);
  }
  return false;
}

function notAField(target: string): StepFailure {
  return failure(
    'NOT_A_FIELD',
    'The element takes no text',
    `${target} is not a field: use desktop.select for lists`,
    true,
  );
}

function notSet(target: string): StepFailure {
  const detail = `${target} holds something else: the application shortens, changes or refuses the value`;
  return failure('FIELD_NOT_SET', 'The field did not keep the value', detail, false);
}

function failure(code: string, title: string, detail: string, certain: boolean): StepFailure {
  return new StepFailure({ type: certain ? 'validation' : 'runtime', code, title, detail, certain });
}
