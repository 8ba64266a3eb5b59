/** `desktop.text`: what an element shows. */
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { snapshotOf } from '../../desktop/index.ts';
import type { Step } from '../../engine/index.ts';
import { locateOne } from './locate.ts';
import { desktopStep } from './step.ts';

/** Elements of a container whose texts are read. */
const MAX_TEXTS = 2_000;

export const textStep: Step = desktopStep(DESKTOP_STEPS.text, async ({ target }, scope) => {
  const { elements } = scope.driver;
  const node = await locateOne(scope, target);
  const own = await elements.text(node.element);
  if (own !== null) return own;
  const isContainer = [
    'window',
    'group',
    'generic',
    'list',
    'dialog',
    'status',
    'alert',
    'row',
    'tabpanel',
    'alertdialog',
  ];
  if (node.element.name !== '' && !isContainer.includes(node.element.roles[0])) return node.element.name;
  const window = { ...node.window, element: node.element };
  const inside = await snapshotOf(elements, [window], { hidden: false, signal: scope.signal });
  const texts: string[] = [];
  for (const { element } of inside.slice(1, MAX_TEXTS)) {
    const text = (await elements.text(element)) ?? element.name;
    if (text.trim() !== '') texts.push(text.trim());
  }
  return texts.length === 0 ? node.element.name : texts.join('\n');
});
