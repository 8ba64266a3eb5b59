/**
 * From selectors to elements of the desktop. A target means exactly one element: none or several is a failure that lists
 * selectors which would have matched, ready to be copied. What shows comes first; closed menus and other tabs are looked
 * into only when nothing that shows matches.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { formatSelector, parseSelector, type Selector } from '@casare/shared/workflow';
import {
  candidatesFor,
  matching,
  selectorFor,
  snapshotOf,
  unusable,
  type DesktopNode,
  type DesktopWindow,
} from '../../desktop/index.ts';
import { StepFailure } from '../../engine/index.ts';
import { untilAborted } from '../within.ts';
import type { DesktopScope } from './step.ts';

/** How long until it is looked again without a sign of change: where none are heard, and where they are. */
const [LOOK_AGAIN_MS, SELDOM_MS] = [100, 500];
/** A program that draws all the time is not looked at all the time. */
const BETWEEN_MS = 40;

/**
 * The one element that `target` means, waiting for it to appear until the step's time is over.
 *
 * @throws StepFailure SELECTOR_INVALID, SELECTOR_NO_MATCH, SELECTOR_AMBIGUOUS; nothing was touched
 */
export async function locateOne(scope: DesktopScope, target: string): Promise<DesktopNode> {
  const selector = selectorOf(target);
  for (;;) {
    const before = changeCount(scope);
    const { found, nodes } = await untilAborted(scope.signal, look(scope, selector, scope.signal)).catch(
      (error: unknown) => {
        // The time was over while it was looked: say what there is.
        if (scope.context.signal.aborted || !scope.signal.aborted) throw error;
        return { found: [], nodes: null };
      },
    );
    const [only, ...others] = found;
    if (only !== undefined && others.length === 0) {
      noteFound(scope, selector, only, nodes ?? []);
      return only;
    }
    if (others.length > 0) throw ambiguous(scope, selector, found, nodes ?? []);
    if (scope.signal.aborted) throw await noMatch(scope, selector);
    await untilChanged(scope, before);
  }
}

/** What shows now and matches. */
export async function locateShown(scope: DesktopScope, target: string): Promise<DesktopNode[]> {
  return matching(await nodesOf(scope, selectorOf(target), false, scope.signal), selectorOf(target));
}

/** The one window that a target means: a selector of one step, or the window around what it finds. */
export async function locateWindow(scope: DesktopScope, target: string): Promise<DesktopWindow> {
  const node = await locateOne(scope, target);
  return node.window;
}

/** The parsed selector; documents are checked earlier, but a target may be computed. */
export function selectorOf(target: string): Selector {
  const parsed = parseSelector(target);
  if (!parsed.ok) {
    throw invalid(`${parsed.message} (at character ${parsed.at + 1} of ${JSON.stringify(target.slice(0, 200))})`);
  }
  const why = unusable(parsed.selector);
  if (why !== null) throw invalid(why);
  return parsed.selector;
}

/** Sleeps, at most until the step's time is over; a stopped run rejects. */
export async function pause(scope: DesktopScope, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: scope.signal }).catch(() => undefined);
  scope.context.signal.throwIfAborted();
}

/** What the driver has counted until now: taken before looking, for `untilChanged`. */
export function changeCount({ driver }: DesktopScope): number {
  return driver.changes?.count ?? 0;
}

/** Until something may have changed since the driver counted `since`; at most until the step's time is over. */
export async function untilChanged(scope: DesktopScope, since: number): Promise<void> {
  const { changes } = scope.driver;
  if (changes === null) return pause(scope, LOOK_AGAIN_MS);
  await pause(scope, BETWEEN_MS);
  await changes.next(since, (changes.isHeard ? SELDOM_MS : LOOK_AGAIN_MS) - BETWEEN_MS, scope.signal);
  scope.context.signal.throwIfAborted();
}

async function look(
  scope: DesktopScope,
  selector: Selector,
  signal: AbortSignal,
): Promise<{ found: DesktopNode[]; nodes: DesktopNode[] | null }> {
  const shown = await nodesOf(scope, selector, false, signal);
  const found = matching(shown, selector);
  if (found.length > 0) return { found, nodes: shown };
  const all = await nodesOf(scope, selector, true, signal);
  return { found: matching(all, selector), nodes: all };
}

/** The elements of the windows that the selector can mean. */
async function nodesOf(
  scope: DesktopScope,
  selector: Selector,
  hidden: boolean,
  signal: AbortSignal,
): Promise<DesktopNode[]> {
  const windows = await scope.session.windows();
  const [first] = selector.steps;
  // A selector that begins with a window needs nothing of the others.
  const asked = windows.filter((window) => {
    if (first?.kind !== 'role' || first.role !== 'window' || first.nth !== undefined) return true;
    const node: DesktopNode = { element: window.element, window, ancestors: [] };
    return matching([node], { steps: [first] }).length > 0;
  });
  return snapshotOf(scope.driver.elements, asked, { hidden, signal });
}

function noteFound(scope: DesktopScope, selector: Selector, node: DesktopNode, nodes: readonly DesktopNode[]): void {
  scope.context.see({
    target: { selector: formatSelector(selector), found: selectorFor(node, nodes), matches: 1 },
    window: seenWindow(node.window),
  });
}

/** A window as the record names it. */
export function seenWindow({ title, application }: DesktopWindow): { title: string; application: string } {
  return { title, application };
}

async function noMatch(scope: DesktopScope, selector: Selector): Promise<StepFailure> {
  const text = formatSelector(selector);
  const { candidates, titles } = await explain(scope, selector);
  scope.context.see({ target: { selector: text, found: null, matches: 0, candidates } });
  const nearest = candidates.length === 0 ? 'There is nothing like it' : `Nearest: ${candidates.join(' | ')}`;
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'SELECTOR_NO_MATCH',
    title: 'The selector matches no element',
    detail: `${text} matches nothing on the desktop (${titles}). ${nearest}`,
    certain: true,
  });
}

async function explain(scope: DesktopScope, selector: Selector): Promise<{ candidates: string[]; titles: string }> {
  const signal = scope.explaining;
  let titles = 'its windows do not answer';
  try {
    const windows = await untilAborted(signal, scope.session.windows());
    const shown = windows.map(({ title }) => JSON.stringify(title.slice(0, 100))).slice(0, 10);
    titles = shown.length === 0 ? 'no window is open' : `windows: ${shown.join(', ')}`;
    const nodes = await untilAborted(signal, snapshotOf(scope.driver.elements, windows, { hidden: false, signal }));
    return { candidates: candidatesFor(selector, nodes), titles };
  } catch {
    // Time is over: the failure is worth more than its explanation.
    return { candidates: [], titles };
  }
}

function ambiguous(
  scope: DesktopScope,
  selector: Selector,
  found: readonly DesktopNode[],
  nodes: readonly DesktopNode[],
): StepFailure {
  const text = formatSelector(selector);
  const candidates = candidatesFor(selector, nodes);
  scope.context.see({ target: { selector: text, found: null, matches: found.length, candidates } });
  return new StepFailure({
    type: 'runtime',
    status: 409,
    code: 'SELECTOR_AMBIGUOUS',
    title: 'The selector matches several elements',
    detail: `${text} matches ${found.length} elements; choose one: ${candidates.join(' | ')}`,
    certain: true,
  });
}

function invalid(detail: string): StepFailure {
  const title = 'The selector cannot be used on a desktop';
  return new StepFailure({ type: 'validation', code: 'SELECTOR_INVALID', title, detail, certain: true });
}
