/**
 * A change of what a list shows is bound to what its reader has seen (ADR 0050). A list has no ETags: the thing is got again, and
 * its ETag counts when it is still as it is shown.
 */
import type { Tagged } from '@casare/shared/client';

/** Somebody else was quicker, and nothing was done. */
class ChangedMeanwhile extends Error {
  override readonly name = 'ChangedMeanwhile';
  constructor() {
    super(CHANGED_MEANWHILE);
  }
}

/** What is said when a change comes too late. */
export const CHANGED_MEANWHILE = 'Somebody else changed this meanwhile, and nothing was done. Look at it as it is now.';

/**
 * The ETag for `ifMatch`; `decisive` tells what the reader decides by.
 * @throws ChangedMeanwhile
 */
export async function asSeen<T>(
  seen: T,
  got: Promise<Tagged<T>>,
  decisive: (thing: T) => unknown,
): Promise<string | undefined> {
  const { value, etag } = await got;
  if (JSON.stringify(decisive(value)) !== JSON.stringify(decisive(seen))) throw new ChangedMeanwhile();
  return etag ?? undefined;
}
