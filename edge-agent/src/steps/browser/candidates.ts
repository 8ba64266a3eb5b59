/**
 * Selectors to offer when one did not match exactly one element. They come from the page's accessibility tree, and each
 * is tried before it is offered: what a person copies works.
 */
import type { Page } from 'playwright-core';
import { formatSelector, patternOf, type RoleStep, type Selector } from '@casare/shared/workflow';
import { likeness } from '../../likeness.ts';
import { nodesOf, type AriaNode } from './aria-tree.ts';
import { isFrame, matchesOnce, toLocator } from './to-locator.ts';
import { untilAborted } from '../within.ts';

const MAX_CANDIDATES = 5;
/** Elements that are tried to find those five. */
const MAX_TRIED = 20;
/** Elements around a match that are tried to tell it from the others. */
const MAX_AROUND = 4;
/** Offered when nothing is alike: what a page is usually used by. */
const USABLE = new Set(['button', 'link', 'textbox', 'combobox', 'checkbox', 'radio', 'tab', 'menuitem', 'heading']);
const LEAST_LIKENESS = 0.35;
const SAME_ROLE = 0.4;

/** Up to five selectors that match exactly one element each, nearest first; empty if the page cannot be read in time. */
export async function candidatesFor(page: Page, selector: Selector, signal: AbortSignal): Promise<string[]> {
  const offered: string[] = [];
  try {
    await untilAborted(signal, offer(page, selector, offered));
  } catch {
    // Time is over, or the page went away: what was found so far is still worth showing.
  }
  return offered;
}

async function offer(page: Page, selector: Selector, offered: string[]): Promise<void> {
  const matches = await toLocator(page, selector).count();
  const elements = matches > 1 ? await eachMatch(page, selector, matches) : await nearest(page, selector);
  for (const ways of elements) {
    if (offered.length === MAX_CANDIDATES) return;
    // Tried together: each try is a round trip to the browser.
    const works = await Promise.all(ways.map((way) => matchesOnce(page, way)));
    const text = ways
      .filter((_, index) => works[index])
      .map(formatSelector)
      .find((way) => !offered.includes(way));
    if (text !== undefined) offered.push(text);
  }
}

/** For each match: by its own name if the selector gave none or a pattern, by a named element around it, such as its row, else by its number. */
async function eachMatch(page: Page, selector: Selector, matches: number): Promise<Selector[][]> {
  const last = selector.steps.at(-1);
  const numbered = Array.from({ length: Math.min(matches, MAX_CANDIDATES) }, (_, index): Selector => {
    return { steps: selector.steps.map((step) => (step === last ? { ...step, nth: index + 1 } : step)) };
  });
  if (last?.kind !== 'role' || last.nth !== undefined) return numbered.map((way) => [way]);
  const found = (await nodesOf(page, page)).filter((node) => standsIn(node, selector) && answers(node, last));
  // The tree shows what the selector matched only if both count the same.
  const known = found.length === matches ? found : [];
  return numbered.map((way, index) => {
    const node = known[index];
    return node === undefined
      ? [way]
      : [...byOwnName(selector, last, node), ...byNameAround(selector, last, node), way];
  });
}

function byOwnName(selector: Selector, last: RoleStep, node: AriaNode): Selector[] {
  if (node.name === '' || last.name?.kind === 'exact') return [];
  return [{ steps: [...selector.steps.slice(0, -1), { ...last, name: { kind: 'exact', text: node.name } }] }];
}

/** From the innermost out: the cell a link is in tells less than its row, but is tried first. */
function byNameAround(selector: Selector, last: RoleStep, node: AriaNode): Selector[] {
  const frames = selector.steps.slice(0, selector.steps.slice(0, -1).findLastIndex(isFrame) + 1);
  const within = node.ancestors.slice(node.ancestors.findLastIndex(({ role }) => role === 'frame') + 1);
  return within
    .filter((ancestor) => ancestor.name !== '')
    .slice(-MAX_AROUND)
    .reverse()
    .map((outer) => ({ steps: [...frames, roleStep(outer), last] }));
}

/** What is most like the first step that matches nothing, inside the steps before it. */
async function nearest(page: Page, selector: Selector): Promise<Selector[][]> {
  const before = await matchingPrefix(page, selector);
  const wanted = selector.steps[before.length];
  const entered = before.at(-1);
  // The tree inside a frame is had through the page's: a frame element has none of its own.
  const inFrame = entered !== undefined && isFrame(entered);
  const root = before.length === 0 || inFrame ? page : toLocator(page, { steps: before });
  const nodes = (await nodesOf(page, root)).filter((node) => !inFrame || standsIn(node, selector));
  const ranked = nodes
    .map((node, order) => ({ node, order, score: wanted?.kind === 'role' ? score(node, wanted) : 0 }))
    .filter(({ score: value }) => value >= LEAST_LIKENESS)
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .map(({ node }) => node);
  const usable = nodes.filter((node) => USABLE.has(node.role) && node.name !== '');
  return (ranked.length > 0 ? ranked : usable).slice(0, MAX_TRIED).map((node) => {
    const step = roleStep(node);
    const outer = inFrame ? framesAbove(node) : [...before, ...framesAbove(node)];
    return [{ steps: [...outer, step] }, { steps: [...outer, { ...step, nth: 1 }] }];
  });
}

/** The frames that a node stands in, as steps. */
function framesAbove(node: AriaNode): RoleStep[] {
  return node.ancestors.filter(({ role }) => role === 'frame').map(roleStep);
}

/** The longest beginning of the selector that matches exactly one element. */
async function matchingPrefix(page: Page, selector: Selector): Promise<Selector['steps']> {
  for (let length = selector.steps.length - 1; length > 0; length -= 1) {
    const steps = selector.steps.slice(0, length);
    if (await matchesOnce(page, { steps })) return steps;
  }
  return [];
}

function roleStep(node: AriaNode): RoleStep {
  const name = node.name === '' ? {} : { name: { kind: 'exact' as const, text: node.name } };
  const attributes = node.url === undefined ? [] : [{ key: 'url', value: node.url }];
  return { kind: 'role', role: node.role, attributes, ...name };
}

/** True when the frames around the node are those that the selector goes into. */
function standsIn(node: AriaNode, { steps }: Selector): boolean {
  const wanted = steps.slice(0, -1).filter(isFrame);
  const around = node.ancestors.filter(({ role }) => role === 'frame');
  return around.length === wanted.length && wanted.every((step, index) => answers(around[index]!, step));
}

function answers(node: AriaNode, step: RoleStep): boolean {
  if (node.role !== step.role) return false;
  if (step.name === undefined) return true;
  return step.name.kind === 'exact' ? node.name === step.name.text : patternOf(step.name).test(node.name);
}

/** 0 for nothing in common, about 1.4 for the same role and name. */
function score(node: AriaNode, wanted: RoleStep): number {
  const role = node.role === wanted.role ? SAME_ROLE : 0;
  if (wanted.name === undefined) return role;
  const text = wanted.name.kind === 'exact' ? wanted.name.text : wanted.name.source;
  return role + likeness(node.name, text);
}
