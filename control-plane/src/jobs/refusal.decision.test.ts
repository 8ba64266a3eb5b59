import { expect, it } from 'vitest';
import { afterRefusal, type Refused } from './refusal.decision.ts';

const refused: Refused = { state: 'leased', code: 'DISK_FULL', attempts: 1, maxAttempts: 3 };

it.each<[string, Partial<Refused>, 'again' | 'end']>([
  ['a full disk is the agent’s trouble', {}, 'again'],
  ['so is an agent that stops', { code: 'AGENT_STOPPING' }, 'again'],
  ['attempts are used up', { attempts: 3 }, 'end'],
  ['a cancel was asked for', { state: 'cancelling' }, 'end'],
  ['the agent’s policy forbids it', { code: 'POLICY_FORBIDS' }, 'end'],
])('%s', (_, change, verdict) => {
  expect(afterRefusal({ ...refused, ...change }).do).toBe(verdict);
});
