import { expect, test } from 'vitest';
import { skewOf } from './version.decision.ts';

test.each([
  ['0.3.0', '0.3.9', 'fits'],
  ['0.1.0', '0.3.0', 'fits'],
  ['0.1.0', '0.4.0', 'agent-old'],
  ['0.4.0', '0.3.0', 'agent-new'],
  ['1.0.0', '2.0.0', 'agent-old'],
  ['2.0.0', '1.9.0', 'agent-new'],
  ['dev', '1.9.0', 'unknown'],
] as const)('agent %s, control plane %s: %s', (agent, controlPlane, expected) => {
  expect(skewOf(agent, controlPlane)).toBe(expected);
});
