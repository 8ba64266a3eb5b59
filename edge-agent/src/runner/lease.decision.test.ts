import fc from 'fast-check';
import { expect, test } from 'vitest';
import { actBefore, holdsLease, isOver, NO_LEASE, renewedLease } from './lease.decision.ts';

const MARGIN = 5_000;
const sent = { mono: 1_000, wall: 1_000_000 };
const lease = renewedLease(sent, 60_000);

test.each([
  ['right after the ping', { mono: 1_001, wall: 1_000_001 }, true],
  ['just before the margin', { mono: 55_999, wall: 1_054_999 }, true],
  ['at the margin', { mono: 56_000, wall: 1_055_000 }, false],
  ['after the end', { mono: 70_000, wall: 1_069_000 }, false],
  ['the machine slept: only the wall clock went on', { mono: 2_000, wall: 1_100_000 }, false],
  ['the wall clock was set back', { mono: 58_000, wall: 900_000 }, false],
])('%s', (_, now, held) => {
  expect(holdsLease(lease, now, MARGIN)).toBe(held);
});

test('nothing is held before the first welcome', () => {
  expect(holdsLease(NO_LEASE, { mono: 0, wall: 0 }, MARGIN)).toBe(false);
});

test('a leave to act is over when the lease is over on either clock, whatever becomes of the other', () => {
  const time = fc.integer({ min: 0, max: 10_000_000 });
  const instant = fc.record({ mono: time, wall: time });
  fc.assert(
    fc.property(instant, time, (later, leaseMs) => {
      const until = actBefore(renewedLease(sent, leaseMs), MARGIN);
      expect(isOver(until, later)).toBe(!holdsLease(renewedLease(sent, leaseMs), later, MARGIN));
    }),
  );
});

test('a lease never outlasts its length on either clock, whatever the clocks do', () => {
  const time = fc.integer({ min: 0, max: 10_000_000 });
  const instant = fc.record({ mono: time, wall: time });
  fc.assert(
    fc.property(instant, instant, fc.integer({ min: 0, max: 120_000 }), (sentAt, now, leaseMs) => {
      if (!holdsLease(renewedLease(sentAt, leaseMs), now, MARGIN)) return;
      expect(now.mono - sentAt.mono).toBeLessThan(leaseMs - MARGIN);
      expect(now.wall - sentAt.wall).toBeLessThan(leaseMs - MARGIN);
    }),
  );
});
