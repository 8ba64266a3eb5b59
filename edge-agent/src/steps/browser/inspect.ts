/** The accessible tree of a page for authors of documents: a selector for each element that names it alone. */
import type { Page } from 'playwright-core';
import { setTimeout as delay } from 'node:timers/promises';
import { formatSelector } from '@casare/shared/workflow';
import { claimProfile, startBrowser, type FindOptions } from '../../browser/index.ts';
import { nodesOf, type AriaNode } from './aria-tree.ts';
import { readySelectors } from './ready-selectors.decision.ts';
import { registerEngines } from './selector-engines.ts';

/** A page as it was seen. */
export interface InspectedPage {
  readonly url: string;
  readonly title: string;
  /** From the top to the bottom; `depth` counts what is around an element. */
  readonly elements: readonly { readonly depth: number; readonly selector: string }[];
}

interface InspectOptions extends FindOptions {
  readonly url: string;
  /** Cookies and storage to begin with; they stay as they are. */
  readonly profile?: string | undefined;
  readonly timeoutMs: number;
}

/** Pages draw themselves in pieces: the tree is read until two readings agree, at most so often. */
const MOST_LOOKS = 20;
const LOOK_AGAIN_MS = 250;

/** Opens the address in a browser of its own. Throws a BrowserError, or what Playwright says of the address. */
export async function inspectPage(options: InspectOptions): Promise<InspectedPage> {
  await registerEngines();
  const profile = options.profile === undefined ? null : claimProfile(options.home, options.profile);
  try {
    const started = await startBrowser(options);
    try {
      const state = profile?.state;
      const context = await started.browser.newContext(state === undefined ? {} : { storageState: state });
      const page = await context.newPage();
      await page.goto(options.url, { waitUntil: 'load', timeout: options.timeoutMs });
      const elements = readySelectors(await settledTree(page));
      return {
        url: page.url(),
        title: await page.title(),
        elements: elements.map(({ depth, selector }) => ({ depth, selector: formatSelector(selector) })),
      };
    } finally {
      await started.close();
    }
  } finally {
    profile?.release();
  }
}

async function settledTree(page: Page): Promise<AriaNode[]> {
  let nodes = await nodesOf(page, page);
  for (let look = 1; look < MOST_LOOKS; look += 1) {
    await delay(LOOK_AGAIN_MS);
    const again = await nodesOf(page, page);
    if (again.length > 0 && textOf(again) === textOf(nodes)) break;
    nodes = again;
  }
  return nodes;
}

function textOf(nodes: readonly AriaNode[]): string {
  return nodes.map(({ role, name, ancestors }) => `${ancestors.length} ${role} ${name}`).join('\n');
}
