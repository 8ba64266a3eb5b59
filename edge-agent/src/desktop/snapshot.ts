/**
 * The tree of some windows at one moment, flat and in its order: selectors are matched against it, proposals and listings
 * are made from it. Bounded: a tree with more elements than anybody looks through is an error, not a guess.
 */
import type { DesktopElement, DesktopWindow, ElementDriver } from './desktop-driver.ts';
import { DesktopError } from './desktop-error.ts';

/** An element with what is around it. */
export interface DesktopNode {
  readonly element: DesktopElement;
  readonly window: DesktopWindow;
  /** From the outermost, the window, in; empty for a window. */
  readonly ancestors: readonly DesktopNode[];
}

/** Elements of one snapshot. */
const MAX_NODES = 20_000;
/** Levels of one tree: toolkits nest containers, but none of them so deep. */
const MAX_DEPTH = 100;

export interface SnapshotOptions {
  /** Also what does not show: closed menus, other tabs. Reading it may take long. */
  readonly hidden: boolean;
  /** Levels below the windows; all without. */
  readonly depth?: number;
  readonly signal: AbortSignal;
}

/** @throws DesktopError DESKTOP_TREE_TOO_LARGE, and the signal's reason */
export async function snapshotOf(
  driver: ElementDriver,
  windows: readonly DesktopWindow[],
  options: SnapshotOptions,
): Promise<DesktopNode[]> {
  const depth = Math.min(options.depth ?? MAX_DEPTH, MAX_DEPTH);
  let count = 0;
  const grow = async (node: DesktopNode, level: number): Promise<DesktopNode[]> => {
    options.signal.throwIfAborted();
    count += 1;
    if (count > MAX_NODES) {
      throw new DesktopError(
        'DESKTOP_TREE_TOO_LARGE',
        `The windows hold more than ${MAX_NODES} elements: begin the selector with the window that is meant`,
      );
    }
    if (level >= depth) return [node];
    const ancestors = [...node.ancestors, node];
    const children = (await driver.children(node.element)).filter((child) => options.hidden || mayShow(child));
    const below = await Promise.all(
      children.map((element) => grow({ element, window: node.window, ancestors }, level + 1)),
    );
    return [node, ...below.flat()];
  };
  const shown = windows.filter(({ element }) => options.hidden || element.states.has('showing'));
  const trees = await Promise.all(shown.map((window) => grow({ element: window.element, window, ancestors: [] }, 0)));
  // What a combo box has opened is in it and in a window of its own: it is one element, and in the first.
  const known = new Set<string>();
  return trees.flat().filter(({ element: { ref } }) => !known.has(ref) && known.add(ref));
}

/** What does not show has nothing in it that does, except the containers some toolkits forget to mark. */
function mayShow({ states, roles }: DesktopElement): boolean {
  return states.has('showing') || (roles[0] === 'generic' && !states.has('enabled') && states.size === 0);
}
