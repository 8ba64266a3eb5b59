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
  const failed = { code: 'UNREACHABLE', isFinal: false, failures };
  expect(nextTryMs(failed, LAST)).toBeCloseTo(ceiling, -1);
  expect(nextTryMs(failed, 0)).toBe(200);
});

test.each([
  ['WRONG_TOKEN', true, false],
  ['NOT_ENROLLED', true, false],
  ['JOIN_TOKEN_MALFORMED', true, false],
  ['USAGE', true, false],
  ['HOME_UNSAFE', false, false],
  ['NETWORK_SETTING', false, false],
  ['UNREACHABLE', false, true],
  ['ENROL_BUSY', false, true],
  ['CLOCK_SKEW', false, true],
  ['PROXY_UNREACHABLE', false, true],
  ['TLS_INTERCEPTED', false, true],
])('%s (final: %s) is tried again: %s', (code, isFinal, again) => {
  expect(nextTryMs({ code, isFinal, failures: 0 }, 0.5) !== null).toBe(again);
});
