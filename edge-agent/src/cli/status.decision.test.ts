import { expect, test } from 'vitest';
import { idleReason } from './status.decision.ts';

test.each([
  ['live', 'active', null],
  ['draining', 'active', null],
  ['live', undefined, null],
  ['live', 'pending', /approval/],
  ['live', 'paused', /resume/],
  ['live', 'locked', /security/],
  ['live', 'of the future', /its state is of the future/],
  ['waiting', 'active', /not connected: cable/],
  ['connecting', undefined, /not connected/],
])('tunnel %s, state %s: %s', (state, agentState, expected) => {
  const reason = idleReason({ tunnel: { state, why: 'cable' }, agentState });
  if (expected === null) expect(reason).toBeNull();
  else expect(reason).toMatch(expected);
});
