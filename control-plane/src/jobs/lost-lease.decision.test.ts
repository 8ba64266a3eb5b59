import { describe, expect, it } from 'vitest';
import { afterLostLease, type LostLease } from './lost-lease.decision.ts';

const lost: LostLease = {
  state: 'running',
  silentMs: 1,
  onDisconnect: 'continue',
  restored: false,
  disconnectGraceMs: 600_000,
  unsafeReachable: false,
  openUnsafe: null,
  attempts: 1,
  maxAttempts: 3,
  recordsLost: false,
};

describe('the lost-lease decision', () => {
  it.each<[string, Partial<LostLease>, string]>([
    ['nothing unsafe reachable: at once', {}, 'requeue'],
    ['nothing unsafe, attempts used up', { attempts: 3 }, 'fail'],
    ['nothing unsafe, a cancel was asked for', { state: 'cancelling' }, 'cancel'],
    ['unsafe reachable, within the grace', { unsafeReachable: true }, 'wait'],
    ['unsafe reachable, grace over', { unsafeReachable: true, silentMs: 600_000 }, 'review'],
    ['unsafe reachable, records lost: no use waiting', { unsafeReachable: true, recordsLost: true }, 'review'],
    ['unsafe reachable, already in review', { unsafeReachable: true, silentMs: 9e9, state: 'needs_review' }, 'wait'],
    ['in review, and what came since shows nothing unsafe: a person was asked', { state: 'needs_review' }, 'wait'],
    ['hold, none open: re-queued though one is reachable', { onDisconnect: 'hold', unsafeReachable: true }, 'requeue'],
    [
      'hold, none open, in a record from a backup: a start that was acknowledged later is not in it',
      { onDisconnect: 'hold', unsafeReachable: true, restored: true, silentMs: 600_000 },
      'review',
    ],
    ['harmless, in a record from a backup', { restored: true }, 'requeue'],
    [
      'hold, one open, grace over',
      { onDisconnect: 'hold', unsafeReachable: true, openUnsafe: '/do/1/x', silentMs: 600_000 },
      'review',
    ],
    [
      'cancelling with an unsafe step open',
      { state: 'cancelling', unsafeReachable: true, openUnsafe: '/do/1/x', silentMs: 600_000 },
      'review',
    ],
  ])('%s', (_, change, verdict) => {
    expect(afterLostLease({ ...lost, ...change }).do).toBe(verdict);
  });

  it('waits for the rest of the grace, and for a person without end', () => {
    expect(afterLostLease({ ...lost, unsafeReachable: true, silentMs: 1_000 })).toEqual({ do: 'wait', forMs: 599_000 });
    expect(afterLostLease({ ...lost, state: 'needs_review' })).toEqual({ do: 'wait', forMs: null });
  });

  it('never queues again what may have acted', () => {
    for (const silentMs of [0, 1, 599_999, 600_000, 9e12])
      for (const state of ['leased', 'running', 'cancelling', 'needs_review'] as const)
        for (const attempts of [1, 3])
          expect(['wait', 'review']).toContain(
            afterLostLease({ ...lost, state, silentMs, attempts, unsafeReachable: true }).do,
          );
  });
});
