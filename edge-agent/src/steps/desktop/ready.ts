/**
 * Waits until an element can be used, before the step says that it acts: it shows, is enabled (and takes text), stands
 * still, and nothing lies above it. A failure until then is certain.
 */
import type { Box, DesktopElement, DesktopNode, DesktopWindow, Point } from '../../desktop/index.ts';
import { StepFailure } from '../../engine/index.ts';
import { untilAborted } from '../within.ts';
import { pause } from './locate.ts';
import { centreOf, isInView } from './view.ts';
import type { DesktopScope } from './step.ts';

const LOOK_AGAIN_MS = 60;
/** An element that has not moved for so long stands still. */
const STILL_MS = 30;

const OUT_OF_VIEW = 'the element is scrolled out of view: bring it there with desktop.scroll and `until`';

/** What the element is to be used for: `enabled` for a click, `editable` for text. */
type Use = 'enabled' | 'editable';

/** An element that can be used now, and where to point. */
export interface Ready {
  readonly element: DesktopElement;
  readonly point: Point;
  readonly box: Box;
}

/** Roles of what a popup shows: their own program's window may lie above the one that they belong to. */
const IN_POPUPS = new Set(['menu', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'option', 'listitem', 'window']);

/** @throws StepFailure ELEMENT_NOT_READY (408), ELEMENT_GONE */
export async function waitUntilReady(scope: DesktopScope, node: DesktopNode, use: Use): Promise<Ready> {
  let revealed = false;
  let activated = false;
  let last: Ready | Obstacle = { why: 'it has not been looked at', remedy: null };
  for (;;) {
    const element = await scope.driver.elements.again(node.element);
    if (element === null) throw gone(node);
    const judged = await untilAborted(scope.signal, judge(scope, element, node, use)).catch((error: unknown) => {
      if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
      return last;
    });
    last = judged;
    if ('point' in judged) return judged;
    if (scope.signal.aborted) throw notReady(scope, judged.why);
    if (judged.remedy === 'reveal' && !revealed) {
      revealed = true;
      const around = node.ancestors.map((outer) => outer.element);
      await scope.driver.elements.reveal(element, around);
    } else if (judged.remedy === 'activate' && !activated) {
      activated = true;
      await scope.driver.windows.activate(node.window);
    } else await pause(scope, LOOK_AGAIN_MS);
  }
}

/** Why an element cannot be used at this moment; null when it can. */
export async function obstacleTo(scope: DesktopScope, node: DesktopNode): Promise<string | null> {
  const element = await scope.driver.elements.again(node.element);
  if (element === null) throw gone(node);
  const judged = await judge(scope, element, node, 'enabled');
  return 'point' in judged ? null : judged.why;
}

/** The element's window is in front and has the focus. */
export async function bringToFront(scope: DesktopScope, window: DesktopWindow): Promise<void> {
  const windows = await scope.session.windows();
  const now = windows.find(({ element }) => element.ref === window.element.ref);
  if (now?.active !== true) await scope.driver.windows.activate(window);
}

interface Obstacle {
  readonly why: string;
  readonly remedy: 'reveal' | 'activate' | null;
}

async function judge(
  scope: DesktopScope,
  element: DesktopElement,
  node: DesktopNode,
  use: Use,
): Promise<Ready | Obstacle> {
  const { elements, windows } = scope.driver;
  const { window } = node;
  if (!element.states.has('enabled')) return { why: 'the element is not enabled', remedy: null };
  if (use === 'editable' && isReadOnly(element)) return { why: 'the element cannot be edited', remedy: null };
  if (!element.states.has('showing')) return { why: 'the element does not show', remedy: 'reveal' };
  const box = await elements.bounds(element);
  if (box === null) return { why: 'the element has no place on the screen', remedy: 'reveal' };
  const dialog = await dialogBefore(scope, window);
  if (dialog !== null) return { why: dialog, remedy: null };
  await pause(scope, STILL_MS);
  const again = await elements.bounds(element);
  if (again === null || !sameBox(box, again)) return { why: 'the element moves', remedy: null };
  const point = centreOf(box, scope);
  if (point === null) return { why: 'the element is outside of the screen', remedy: 'reveal' };
  if (!(await isInView(scope, node, point))) return { why: OUT_OF_VIEW, remedy: 'reveal' };
  const cover = await windows.coverAt(
    window,
    point,
    element.roles.some((role) => IN_POPUPS.has(role)),
  );
  if (cover !== null) return { why: `${cover.what} lies above the element`, remedy: 'activate' };
  return { element, point, box };
}

function isReadOnly({ states, roles }: DesktopElement): boolean {
  if (states.has('readonly')) return true;
  // A combo box holds its field, a slider takes a number.
  return roles[0] === 'textbox' && !states.has('editable');
}

/** Why a window takes no input: a dialog of it is open, as far as its system tells. Null when it takes some. */
export async function dialogBefore(scope: DesktopScope, window: DesktopWindow): Promise<string | null> {
  const { saysBlocked } = scope.driver.elements;
  if (!saysBlocked && window.element.states.has('modal')) return null;
  const windows = await scope.session.windows();
  const now = windows.find(({ element }) => element.ref === window.element.ref);
  if (saysBlocked && now?.element.states.has('blocked') !== true) return null;
  const dialogs = windows.filter(
    ({ element, process }) =>
      process === window.process &&
      element.ref !== window.element.ref &&
      element.states.has('modal') &&
      element.states.has('showing'),
  );
  const [dialog, ...others] = dialogs;
  // Of several, which one is its own is not told.
  if (dialog !== undefined && (!saysBlocked || others.length === 0)) {
    return `the dialog ${JSON.stringify(dialog.title)} waits for an answer`;
  }
  return saysBlocked ? 'a dialog of its window waits for an answer' : null;
}

function sameBox(one: Box, other: Box): boolean {
  return one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

function notReady(scope: DesktopScope, why: string): StepFailure {
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'ELEMENT_NOT_READY',
    title: 'The element could not be used in time',
    detail: `After ${scope.context.timeoutMs} ms still: ${why}`,
    certain: true,
  });
}

function gone(node: DesktopNode): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'ELEMENT_GONE',
    title: 'The element ended before it could be used',
    detail: `The ${node.element.roles[0]} ${JSON.stringify(node.element.name.slice(0, 200))} is gone: wait for what shows it with \`expect\``,
    certain: true,
  });
}
