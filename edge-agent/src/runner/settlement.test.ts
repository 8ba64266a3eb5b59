/** How long an ending waits for its evidence, whatever people and time services do to the wall clock. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Outbox, type RunKey, StoredAssignment } from '../outbox/index.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { EVIDENCE_WAIT_MS, Settlement } from './settlement.ts';

const HOUR_MS = 3_600_000;

let folder = '';
let outbox: Outbox;
let settlement: Settlement;

beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), 'casare-settlement-'));
  outbox = Outbox.open({ file: join(folder, 'outbox.db') });
  settlement = new Settlement({ outbox, wake: () => undefined, forgotten: () => undefined });
});
afterEach(() => {
  settlement.stop();
  vi.useRealTimers();
  outbox.close();
  rmSync(folder, { recursive: true });
});

/** A failed run with a screenshot that does not get through. */
function endedRun(): RunKey {
  const run = assignment();
  outbox.accept(StoredAssignment.parse(run));
  const file = { name: 'a.png', kind: 'screenshot', mediaType: 'image/png', position: null, bytes: 3 } as const;
  const key = { jobId: run.jobId, attempt: run.attempt };
  outbox.queueArtifact({ ...key, ...file, artifactId: randomUUID(), sha256: 'a'.repeat(64) }, new Date());
  outbox.append(key, new Date(), { type: 'run.cancelled', reason: '' });
  return key;
}

test('evidence has its time while the tunnel is live, and no longer', () => {
  const key = endedRun();
  settlement.consider(key);
  vi.advanceTimersByTime(HOUR_MS);
  expect(outbox.run(key)?.released).toBe(false);
  settlement.connected(true);
  vi.advanceTimersByTime(EVIDENCE_WAIT_MS - 1);
  settlement.consider(key);
  expect(outbox.run(key)?.released).toBe(false);
  vi.advanceTimersByTime(1);
  expect(outbox.run(key)?.released).toBe(true);
});

test.each([-HOUR_MS, -24 * HOUR_MS])('a clock set back by %i ms holds no ending', (jump) => {
  settlement.connected(true);
  const key = endedRun();
  settlement.consider(key);
  vi.setSystemTime(Date.now() + jump);
  vi.advanceTimersByTime(EVIDENCE_WAIT_MS);
  expect(outbox.run(key)?.released).toBe(true);
});

test('a clock set forward takes no evidence its time', () => {
  settlement.connected(true);
  const key = endedRun();
  settlement.consider(key);
  vi.setSystemTime(Date.now() + HOUR_MS);
  settlement.consider(key);
  expect(outbox.run(key)?.released).toBe(false);
});

test('a run that is considered often has one timer', () => {
  settlement.connected(true);
  const key = endedRun();
  for (let n = 0; n < 100; n += 1) settlement.consider(key);
  expect(vi.getTimerCount()).toBe(1);
});
