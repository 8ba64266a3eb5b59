import { expect, test } from 'vitest';
import { nextTryMs } from './first-enrolment.decision.ts';

const LAST = 0.999_999;

test.each([
  [0, 2_000],
  [1, 4_000],
  [7, 256_000],
  [8, 300_000],
  [1_000_000, 300_000],
])('after %i failures it waits up to %i ms, and never less than a moment', (failures, ceiling) => {
  const failed = { code: 'UNREACHABLE', exitCode: 1, failures };
  expect(nextTryMs(failed, LAST)).toBeCloseTo(ceiling, -1);
  expect(nextTryMs(failed, 0)).toBe(200);
});

test.each([
  ['WRONG_TOKEN', 3, false],
  ['NOT_ENROLLED', 3, false],
  ['JOIN_TOKEN_MALFORMED', 2, false],
  ['USAGE', 2, false],
  ['HOME_UNSAFE', 1, false],
  ['NETWORK_SETTING', 1, false],
  ['UNREACHABLE', 1, true],
  ['ENROL_BUSY', 1, true],
  ['CLOCK_SKEW', 1, true],
  ['PROXY_UNREACHABLE', 1, true],
  ['TLS_INTERCEPTED', 1, true],
])('%s (exit %i) is tried again: %s', (code, exitCode, again) => {
  expect(nextTryMs({ code, exitCode, failures: 0 }, 0.5) !== null).toBe(again);
});
