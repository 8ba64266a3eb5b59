/**
 * A PNG of the page or of one element, with password fields, fields that hold secrets and texts that show one covered; every
 * field, where the agent's policy lets out only what was masked.
 */
import type { Locator } from 'playwright-core';
import type { StepContext } from '../../engine/index.ts';
import type { BrowserSession } from './session.ts';

export async function maskedScreenshot(
  context: StepContext,
  session: BrowserSession,
  { path, fullPage = false, element = null }: { path: string; fullPage?: boolean; element?: Locator | null },
): Promise<void> {
  const shown = await session.taint.isShown();
  // Covering a text names it to Playwright: no trace may be recording that. It starts anew with the next step.
  if (shown) await session.trace.discard();
  const options = {
    path,
    type: 'png' as const,
    animations: 'disabled' as const,
    mask: [...session.memory.masks(session.page, shown), ...(coversEveryField(context) ? fieldsOf(session) : [])],
    timeout: 0,
  };
  await (element === null ? session.page.screenshot({ ...options, fullPage }) : element.screenshot(options));
}

/** True when pictures of this run are masked in the sense of the agent's policy. */
export function coversEveryField({ policy }: StepContext): boolean {
  return policy.evidence('screenshot') === 'masked';
}

/** Whatever a person could have filled. */
function fieldsOf({ page }: BrowserSession): Locator[] {
  return page
    .frames()
    .map((frame) => frame.locator('input, textarea, select, [contenteditable=""], [contenteditable="true"]'));
}
