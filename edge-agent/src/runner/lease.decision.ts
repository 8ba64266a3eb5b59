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
  return now.mono < lease.mono - marginMs && now.wall < lease.wall - marginMs;
}

/** The moment, on the wall clock, at which a leave to act given now is over. */
export function actBefore(lease: Lease, now: Instant, marginMs: number): number {
  return now.wall + Math.min(lease.mono - now.mono, lease.wall - now.wall) - marginMs;
}
