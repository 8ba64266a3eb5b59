import { expect, test } from 'vitest';
import { nothingDone, tellDone } from './done-since.decision.ts';

const told = (...entries: readonly [action: string, subject: string, detail?: object][]) => {
  const done = nothingDone();
  for (const [action, subject, detail = {}] of entries) tellDone(done, { at: '', action, subject, detail });
  return done;
};
const lock = (target: string) => ({ kind: 'agent', target, reason: 'r', expiresAt: null });

test('what was taken away and given back is not taken away again', () => {
  const done = told(
    ['lock.created', 'lock:1', lock('a')],
    ['lock.created', 'lock:2', lock('b')],
    ['lock.lifted', 'lock:1'],
    ['lock.created', 'lock:3', lock('c')],
    ['lock.expired', 'lock:3'],
    ['agent.locked', 'agent:d', { reason: 'seen twice' }],
    ['agent.locked', 'agent:e'],
    ['agent.unlocked', 'agent:e'],
    ['agent.decommissioned', 'agent:f'],
    ['account.disabled', 'account:g'],
    ['account.disabled', 'account:h'],
    ['account.enabled', 'account:h'],
    ['apiKey.revoked', 'key:i'],
    ['apiKey.rotated', 'key:j', { to: 'k' }],
  );
  expect([...done.locks.values()].map(({ target, reason }) => `${target} ${reason}`)).toEqual([
    'b r',
    'd seen twice',
    'f agent.decommissioned',
  ]);
  expect([[...done.keys], [...done.accounts]]).toEqual([['i', 'j'], ['g']]);
});

test('what is not understood is counted, and nothing of it is done', () => {
  const done = told(
    ['lock.created', 'lock:1', { kind: 'planet', target: 'x' }],
    ['joinToken.created', 'joinToken:1'],
    ['joinToken.created', 'x'],
  );
  expect([...done.others]).toEqual([['joinToken.created', 2]]);
  expect(done.locks.size).toBe(0);
});
