/** The place in a page that a secret is put into: the frame of an element, which may be another origin's than the page. */
import type { ElementHandle, Locator } from 'playwright-core';
import type { BrowserScope } from './step.ts';

/**
 * What to put a value into: the element, or, where a secret is bound to addresses, this very element of the document that
 * was asked about. When the page goes elsewhere meanwhile, the element is gone, and the next document gets nothing.
 *
 * @throws StepFailure SECRET_ORIGIN_REFUSED
 */
export async function placeForSecret(scope: BrowserScope, element: Locator): Promise<Locator | ElementHandle> {
  const { checkSecretAddress } = scope.context;
  if (checkSecretAddress === undefined) return element;
  const held = await element.elementHandle(scope.bound);
  const frame = await held.ownerFrame();
  checkSecretAddress(frame?.url() ?? '');
  return held;
}
