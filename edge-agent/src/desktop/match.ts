/** Selectors against a snapshot: pure, each step inside the one before, in the order of the tree. */
import { basename } from 'node:path';
import { patternOf, type RoleStep, type Selector } from '@casare/shared/workflow';
import type { ElementState } from './desktop-driver.ts';
import type { DesktopNode } from './snapshot.ts';

/** Attributes that are states of the element, "true" or "false". */
const STATES: Readonly<Record<string, ElementState>> = {
  checked: 'checked',
  expanded: 'expanded',
  focused: 'focused',
  pressed: 'checked',
  selected: 'selected',
};
/** `exe` is of the window's program, `kind` what the element's own system calls it. */
const OTHERS = ['id', 'exe', 'kind', 'disabled'] as const;

/** Why a selector means nothing on a desktop; null when it does. */
export function unusable(selector: Selector): string | null {
  for (const step of selector.steps) {
    if (step.kind !== 'role') return `${step.kind}= belongs to the browser: name the element by its role`;
    const keys = [...OTHERS, ...Object.keys(STATES)];
    const strange = step.attributes.find(({ key }) => !keys.includes(key));
    if (strange !== undefined)
      return `there is no attribute ${strange.key} on the desktop; there are ${keys.join(', ')}`;
  }
  return null;
}

/** The nodes that a selector matches. */
export function matching(nodes: readonly DesktopNode[], selector: Selector): DesktopNode[] {
  let around: ReadonlySet<DesktopNode> | null = null;
  let found: DesktopNode[] = [];
  for (const step of selector.steps) {
    if (step.kind !== 'role') return [];
    const outer: ReadonlySet<DesktopNode> | null = around;
    found = nodes.filter(
      (node) => answers(node, step) && (outer === null || node.ancestors.some((ancestor) => outer.has(ancestor))),
    );
    if (step.nth !== undefined) found = found.slice(step.nth - 1, step.nth);
    around = new Set(found);
  }
  return found;
}

/** Whether a node is what one step asks for, wherever it is. */
export function answers(node: DesktopNode, step: RoleStep): boolean {
  const { element, window } = node;
  if (!element.roles.includes(step.role)) return false;
  if (step.name?.kind === 'exact' && normalised(element.name) !== normalised(step.name.text)) return false;
  if (step.name?.kind === 'pattern' && !patternOf(step.name).test(normalised(element.name))) return false;
  return step.attributes.every(({ key, value }) => {
    const state = STATES[key];
    if (state !== undefined) return String(element.states.has(state)) === value;
    if (key === 'id') return element.id === value;
    if (key === 'kind') return element.nativeRole === value;
    if (key === 'disabled') return String(!element.states.has('enabled')) === value;
    return key === 'exe' && (window.application === value || basename(window.application) === value);
  });
}

function normalised(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
