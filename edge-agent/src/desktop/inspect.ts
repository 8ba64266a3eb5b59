/** What can be named on a display, or in a session of Windows, that is there: every element of its windows with a selector that names it alone. */
import { selectorFor } from './propose.ts';
import { snapshotOf } from './snapshot.ts';
import { startDesktop } from './start.ts';

export interface InspectOptions {
  /** The environment of the display: `DISPLAY`, and how its message bus is reached. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Only windows whose title holds this; all without. */
  readonly window?: string | undefined;
  readonly signal: AbortSignal;
}

export interface InspectedWindow {
  readonly title: string;
  readonly application: string;
  /** In the order of the tree; `depth` counts from 0, the window itself. */
  readonly elements: readonly { readonly depth: number; readonly selector: string; readonly states: string[] }[];
}

/** @throws DesktopError DESKTOP_NO_DISPLAY, DESKTOP_NOT_STARTED */
export async function inspectDesktop({ env, window, signal }: InspectOptions): Promise<InspectedWindow[]> {
  const desktop = await startDesktop({ env: { ...env, CASARE_DESKTOP: 'display' } });
  try {
    const all = await desktop.driver.elements.windows();
    const asked = all.filter(({ title }) => window === undefined || title.includes(window));
    const nodes = await snapshotOf(desktop.driver.elements, asked, { hidden: false, signal });
    return asked.map((one) => ({
      title: one.title,
      application: one.application,
      elements: nodes
        .filter((node) => node.window === one)
        .flatMap((node) => {
          const selector = selectorFor(node, nodes);
          const states = [...node.element.states].filter((state) => state !== 'showing' && state !== 'enabled');
          return selector === null ? [] : [{ depth: node.ancestors.length, selector, states }];
        }),
    }));
  } finally {
    await desktop.close();
  }
}
