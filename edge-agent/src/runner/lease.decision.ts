/**
 * The right to act (design section 6). A lease runs from the moment the renewing ping was SENT, so it never outlasts
 * the control plane's view of it. It must hold on both clocks: the monotonic one cannot be set back, the wall clock
 * goes on while the machine sleeps.
 */
import type { Instant } from '../clock.ts';

/** Until when this agent may act, on each clock. */
export type Lease = Instant;

/** Before the first welcome nothing is held. */
export const NO_LEASE: Lease = { mono: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };

/** The lease that an answered ping gives. */
export function renewedLease(sentAt: Instant, leaseMs: number): Lease {
  return { mono: sentAt.mono + leaseMs, wall: sentAt.wall + leaseMs };
}

/** True while the lease holds, `marginMs` before its end it does not any more. */
export function holdsLease(lease: Lease, now: Instant, marginMs: number): boolean {
  return !isOver(actBefore(lease, marginMs), now);
}

/** When a leave to act is over, on each clock: whoever has it judges both once more, as late as can be. */
export function actBefore(lease: Lease, marginMs: number): Instant {
  return { mono: lease.mono - marginMs, wall: lease.wall - marginMs };
}

/** True when one of the clocks has come to `end`. */
export function isOver(end: Instant, now: Instant): boolean {
  return now.mono >= end.mono || now.wall >= end.wall;
}
