/** What happens at a schedule's time while earlier jobs of it are not over. Pure. */
import type { OverlapPolicy } from '@casare/shared/api';

export interface Overlap {
  /** Of the times that are due, oldest first, so many are submitted. */
  readonly run: number;
  /** Why the others are not. */
  readonly code: 'STILL_RUNNING' | 'QUEUE_FULL';
  /** What is not over is cancelled; a job that waits for a person is left to them. */
  readonly cancel: boolean;
}

/** Jobs of a schedule that may wait one behind the other. */
export const QUEUED = 100;

/** `open`: jobs of the schedule that are not over; `count`: times that are due. */
export function onOverlap(policy: OverlapPolicy, open: number, count: number): Overlap {
  if (policy === 'skip') return { run: open > 0 ? 0 : count, code: 'STILL_RUNNING', cancel: false };
  const room = Math.max(0, QUEUED - open);
  return { run: Math.min(count, room), code: 'QUEUE_FULL', cancel: policy === 'cancel' && open > 0 };
}
