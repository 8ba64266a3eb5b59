/** Which field has the keyboard: a secret that is typed where the focus is goes into it. */
import { type DesktopElement, snapshotOf } from '../../desktop/index.ts';
import type { DesktopScope } from './step.ts';

/** The innermost element that has the focus; undefined where no application tells. */
export async function focusedElement({ driver, session, signal }: DesktopScope): Promise<DesktopElement | undefined> {
  const nodes = await snapshotOf(driver.elements, await session.windows(), { hidden: false, signal });
  const focused = nodes.filter(({ element }) => element.states.has('focused'));
  return (focused.findLast(({ window }) => window.active) ?? focused.at(-1))?.element;
}
