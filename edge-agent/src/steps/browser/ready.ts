/** Waits until an element can be used, before the step says that it acts: a failure until then is certain. */
import type { Locator } from 'playwright-core';
import type { BrowserScope } from './step.ts';

/** Waits for a visible element that takes input (`editable`) or reacts to it (`enabled`). */
export async function waitUntilReady(
  scope: BrowserScope,
  locator: Locator,
  state: 'enabled' | 'editable',
): Promise<void> {
  await locator.waitFor({ state: 'visible', ...scope.bound });
  for (;;) {
    const element = await locator.elementHandle(scope.bound);
    try {
      await element.waitForElementState(state, scope.bound);
      return;
    } catch (error) {
      // The page drew the element anew while we looked: look at the new one.
      const replaced = error instanceof Error && /not attached|detached/.test(error.message);
      if (!replaced || scope.signal.aborted) throw error;
    } finally {
      await element.dispose();
    }
  }
}
