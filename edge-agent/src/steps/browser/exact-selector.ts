/** For the record of a step: a selector that names exactly the element that was found, by its role and name. */
import type { Locator, Page } from 'playwright-core';
import { z } from 'zod';
import { formatSelector, isSelectorRole, type Selector } from '@casare/shared/workflow';
import { isFrame, matchesOnce } from './to-locator.ts';

const ASK_MS = 500;
const Found = z.array(z.object({ role: z.string(), name: z.string().optional() })).length(1);

/** True when the selector says itself what it finds: by role and, if it gives one, by the whole name. */
export function saysWhatItFinds({ steps }: Selector): boolean {
  const last = steps.at(-1);
  if (last === undefined || isFrame(last)) return true;
  return last.kind === 'role' && last.name?.kind !== 'pattern' && last.nth === undefined;
}

/**
 * The selector itself where it says the last role, and the name in full if any; for css, a pattern or a number one by role and
 * name, if that names the element alone.
 */
export async function exactSelectorOf(page: Page, selector: Selector, locator: Locator): Promise<string> {
  const asWritten = formatSelector(selector);
  if (saysWhatItFinds(selector)) return asWritten;
  try {
    const [node] = Found.parse(await locator.ariaSnapshotJSON({ depth: 1, timeout: ASK_MS }));
    if (node?.name === undefined || node.name === '' || !isSelectorRole(node.role)) return asWritten;
    const step = { kind: 'role', role: node.role, attributes: [], name: { kind: 'exact', text: node.name } } as const;
    const exact: Selector = { steps: [...selector.steps.slice(0, -1), step] };
    return (await matchesOnce(page, exact)) ? formatSelector(exact) : asWritten;
  } catch {
    // The page changed meanwhile, or the element has no role: as written it was found.
    return asWritten;
  }
}
