import fc from 'fast-check';
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

  const anyLost = fc.record({
    state: fc.constantFrom('leased' as const, 'running' as const, 'cancelling' as const, 'needs_review' as const),
    silentMs: fc.integer({ min: 0, max: 9e12 }),
    onDisconnect: fc.constantFrom('continue' as const, 'hold' as const),
    restored: fc.boolean(),
    disconnectGraceMs: fc.integer({ min: 0, max: 86_400_000 }),
    unsafeReachable: fc.boolean(),
    openUnsafe: fc.constantFrom(null, '/do/1/x'),
    attempts: fc.integer({ min: 1, max: 9 }),
    maxAttempts: fc.integer({ min: 1, max: 9 }),
    recordsLost: fc.boolean(),
  });

  it('never decides alone about what may have acted, whatever else is known', () => {
    fc.assert(
      fc.property(anyLost, (known) => {
        const { openUnsafe, unsafeReachable, onDisconnect, restored } = known;
        // Under `hold` a start that is not on record was not made, unless the record is an older one.
        const acted = openUnsafe !== null || (unsafeReachable && (onDisconnect === 'continue' || restored));
        const verdict = afterLostLease(known);
        if (acted || known.state === 'needs_review') expect(['wait', 'review']).toContain(verdict.do);
        else expect(['requeue', 'cancel', 'fail']).toContain(verdict.do);
      }),
      { numRuns: 2_000 },
    );
  });

  it('waits no longer than the grace, which a person asked for, and never queues beyond the attempts allowed', () => {
    fc.assert(
      fc.property(anyLost, (known) => {
        const verdict = afterLostLease(known);
        if (verdict.do === 'wait' && verdict.forMs !== null) {
          expect(verdict.forMs).toBeGreaterThan(0);
          expect(known.silentMs + verdict.forMs).toBe(known.disconnectGraceMs);
          expect(known.recordsLost).toBe(false);
        }
        if (verdict.do === 'requeue') expect(known.attempts).toBeLessThan(known.maxAttempts);
        // A cancel that was asked for is never forgotten.
        if (known.state === 'cancelling') expect(['requeue', 'fail']).not.toContain(verdict.do);
      }),
      { numRuns: 2_000 },
    );
  });
});
