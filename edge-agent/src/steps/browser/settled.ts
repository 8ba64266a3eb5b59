/**
 * Pages draw a table or a list empty and fill it later: it is read until two readings agree, at once when there is
 * something in it, after a quiet second when there is nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserScope } from './step.ts';

const LOOK_AGAIN_MS = 50;
const QUIET_LOOKS = 20;

export async function settled<T>(
  scope: BrowserScope,
  read: () => Promise<T>,
  isEmpty: (value: T) => boolean,
): Promise<T> {
  let last = '';
  for (let same = 0; ;) {
    const value = await read();
    const now = JSON.stringify(value);
    same = now === last ? same + 1 : 0;
    last = now;
    if (same >= (isEmpty(value) ? QUIET_LOOKS : 1)) return value;
    await delay(LOOK_AGAIN_MS, undefined, { signal: scope.signal });
  }
}
