/** The Action interface: which of an element's actions is what a click does. */
import { DesktopError } from '../desktop-error.ts';
import { type AccessibilityBus, type ObjectRef } from './accessibility-bus.ts';

const MAX_ACTIONS = 20;

/**
 * What a click does, by name and in the order of preference. Elements that are not listed are clicked with the pointer:
 * the `activate` of a field is the Enter key, that of a cell a double click.
 */
const MAIN: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [
    ...['push button', 'push button menu', 'toggle button', 'check box', 'radio button', 'switch', 'link'],
    ...['menu item', 'check menu item', 'radio menu item', 'menu', 'combo box'],
  ].map((role) => [role, ['click', 'press', 'toggle', 'check', 'jump', 'activate', 'select']]),
);

/** The place of the main action among the names; null for none. */
export function mainAction(role: string, names: readonly string[]): number | null {
  const lower = names.map((name) => name.toLowerCase());
  for (const wanted of MAIN[role] ?? []) {
    const index = lower.indexOf(wanted);
    if (index !== -1) return index;
  }
  return null;
}

/** The names of the actions, in their order. */
export async function actionNames(bus: AccessibilityBus, object: ObjectRef): Promise<string[]> {
  const count = Math.min(Number(await bus.get(object, 'Action', 'NActions')), MAX_ACTIONS);
  const answers = Array.from({ length: count }, (_, index) => bus.call(object, 'Action', 'GetName', [['i', index]]));
  return (await Promise.all(answers)).map(([name]) => String(name));
}

/**
 * Does an action. An application that shows a modal dialog in it answers only when the dialog is closed: it was done.
 */
export async function doAction(bus: AccessibilityBus, object: ObjectRef, index: number): Promise<boolean> {
  try {
    const [done] = await bus.call(object, 'Action', 'DoAction', [['i', index]]);
    return done === true;
  } catch (error) {
    if (error instanceof DesktopError && error.code === 'APPLICATION_NOT_ANSWERING') return true;
    throw error;
  }
}
