/**
 * Selectors that match exactly one element of a snapshot: for a record of what was found, for listings, and as proposals
 * when a selector matched nothing or several. What a person copies works.
 */
import { formatSelector, type RoleStep, type Selector, type SelectorStep } from '@casare/shared/workflow';
import { likeness } from '../likeness.ts';
import { answers, matching } from './match.ts';
import type { DesktopNode } from './snapshot.ts';

const MAX_CANDIDATES = 5;
/** Elements that are tried to find those five. */
const MAX_TRIED = 20;
/** Elements around a match that are tried to tell it from the others. */
const MAX_AROUND = 4;
const LEAST_LIKENESS = 0.35;
const SAME_ROLE = 0.4;
/** Offered when nothing is alike: what a window is usually used by. */
const USABLE = new Set(['button', 'link', 'textbox', 'combobox', 'checkbox', 'radio', 'tab', 'menuitem', 'menu']);
/** Without a name, these say nothing. */
const CONTAINERS = new Set(['generic', 'group', 'separator', 'scrollbar']);
const NAME_LENGTH = 200;

/** The shortest selector that means this node alone; null when its siblings cannot be told apart. */
export function selectorFor(node: DesktopNode, nodes: readonly DesktopNode[]): string | null {
  const own = stepOf(node);
  const around = named(node);
  const window = node.ancestors[0];
  const ways: SelectorStep[][] = [
    [own],
    ...(window === undefined ? [] : [[stepOf(window), own]]),
    ...around
      .slice(-MAX_AROUND)
      .reverse()
      .map((outer) => [stepOf(outer), own]),
    ...(window === undefined ? [] : around.slice(-MAX_AROUND).map((outer) => [stepOf(window), stepOf(outer), own])),
  ];
  for (const steps of ways) {
    const found = matching(nodes, { steps });
    if (found.length === 1 && found[0] === node) return formatSelector({ steps });
  }
  const numbered = window === undefined ? [own] : [stepOf(window), own];
  const index = matching(nodes, { steps: numbered }).indexOf(node);
  if (index === -1) return null;
  return formatSelector({ steps: [...numbered.slice(0, -1), { ...own, nth: index + 1 }] });
}

/** Up to five selectors to offer instead of one that did not match exactly one element, nearest first. */
export function candidatesFor(selector: Selector, nodes: readonly DesktopNode[]): string[] {
  const matches = matching(nodes, selector);
  const offered: string[] = [];
  for (const node of matches.length > 1 ? matches : nearest(selector, nodes)) {
    if (offered.length === MAX_CANDIDATES) break;
    const text = selectorFor(node, nodes);
    if (text !== null && !offered.includes(text)) offered.push(text);
  }
  return offered;
}

/** What is most like the first step that matches nothing, inside the steps before it. */
function nearest(selector: Selector, nodes: readonly DesktopNode[]): DesktopNode[] {
  const before = matchingPrefix(selector, nodes);
  const wanted = selector.steps[before];
  const outer = new Set(matching(nodes, { steps: selector.steps.slice(0, before) }));
  const inside = before === 0 ? nodes : nodes.filter((node) => node.ancestors.some((around) => outer.has(around)));
  const sensible = inside.filter(({ element }) => element.name !== '' || !CONTAINERS.has(element.roles[0]));
  const ranked = sensible
    .map((node, order) => ({ node, order, score: wanted?.kind === 'role' ? score(node, wanted) : 0 }))
    .filter(({ score: value }) => value >= LEAST_LIKENESS)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map(({ node }) => node);
  const usable = sensible.filter(({ element }) => USABLE.has(element.roles[0]));
  return (ranked.length > 0 ? ranked : usable).slice(0, MAX_TRIED);
}

/** How many steps from the beginning match something. */
function matchingPrefix(selector: Selector, nodes: readonly DesktopNode[]): number {
  for (let length = selector.steps.length - 1; length > 0; length -= 1) {
    if (matching(nodes, { steps: selector.steps.slice(0, length) }).length > 0) return length;
  }
  return 0;
}

/** A node by its first role and its name, or its id where it has no name. */
function stepOf({ element }: DesktopNode): RoleStep {
  const [role] = element.roles;
  const name = element.name.replaceAll(/\s+/g, ' ').trim();
  const isNamed = name !== '' && name.length <= NAME_LENGTH;
  return {
    kind: 'role',
    role,
    attributes: !isNamed && element.id !== '' ? [{ key: 'id', value: element.id }] : [],
    ...(isNamed ? { name: { kind: 'exact' as const, text: name } } : {}),
  };
}

function named(node: DesktopNode): DesktopNode[] {
  return node.ancestors.slice(1).filter(({ element }) => element.name !== '' || element.id !== '');
}

/** 0 for nothing in common, about 1.4 for the same role and name. */
function score(node: DesktopNode, wanted: RoleStep): number {
  const role = answers(node, { kind: 'role', role: wanted.role, attributes: [] }) ? SAME_ROLE : 0;
  if (wanted.name === undefined) return role;
  const text = wanted.name.kind === 'exact' ? wanted.name.text : wanted.name.source;
  return role + likeness(node.element.name, text);
}
