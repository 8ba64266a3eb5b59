import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainHash, CHAIN_START, follow, type ChainEntry, type ChainHead, type LinkedEntry } from './audit-chain.ts';
import { codeOf } from './world.fixture.ts';

const entry = (position: number, more: Partial<ChainEntry> = {}): ChainEntry => ({
  ...{ position, tenant: 'acme', seq: position * 2, at: '2026-11-02T12:00:00.000Z', actor: 'account:1' },
  ...{ action: 'agent.locked', subject: `agent:${position}`, detail: { from: 'active', to: 'locked' } },
  ...more,
});

function chain(entries: readonly ChainEntry[]): LinkedEntry[] {
  let before = CHAIN_START.hash;
  return entries.map((one) => ({ ...one, hash: (before = chainHash(before, one)) }));
}

function check(entries: readonly LinkedEntry[]): ChainHead | string {
  let head = CHAIN_START;
  for (const one of entries) {
    const next = follow(head, one);
    if (!next.ok) return next.code;
    head = next.value;
  }
  return head;
}

const log = chain([1, 2, 3, 4].map((position) => entry(position)));

test('a whole log is whole', () => {
  expect(check(log)).toEqual({ position: 4, hash: log[3]!.hash });
  expect(check([])).toEqual(CHAIN_START);
});

test('the form of the hash is stable: logs that were sent elsewhere stay verifiable', () => {
  expect(log[0]!.hash).toBe('99b90d64dfa63839a222b903cdca31c60138e766c9bef2abc1ebbe6472983ef0');
});

test.each<[string, (entries: LinkedEntry[]) => LinkedEntry[], string]>([
  ['removed', (all) => all.toSpliced(1, 1), 'AUDIT_GAP'],
  ['removed at the start', (all) => all.slice(1), 'AUDIT_GAP'],
  ['swapped', (all) => [all[0]!, all[2]!, all[1]!, all[3]!], 'AUDIT_GAP'],
  ['doubled', (all) => [all[0]!, all[0]!], 'AUDIT_GAP'],
  ['changed', (all) => all.with(1, { ...all[1]!, actor: 'account:2' }), 'AUDIT_BROKEN'],
  ['changed in its time', (all) => all.with(1, { ...all[1]!, at: '2026-11-02T12:00:00.001Z' }), 'AUDIT_BROKEN'],
  ['changed in its detail', (all) => all.with(3, { ...all[3]!, detail: { from: 'active' } }), 'AUDIT_BROKEN'],
  ['moved to another tenant', (all) => all.with(0, { ...all[0]!, tenant: 'globex' }), 'AUDIT_BROKEN'],
  ['changed, its own hash made anew', (all) => [...chain([entry(1, { actor: 'x' })]), ...all.slice(1)], 'AUDIT_BROKEN'],
])('an entry %s breaks it', (_, change, code) => {
  expect(check(change([...log]))).toBe(code);
});

test('neither the order of keys nor a way through JSON changes a hash; another key does', () => {
  const start = CHAIN_START.hash;
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (detail) => {
      const again = JSON.parse(JSON.stringify(detail)) as Record<string, unknown>;
      const hash = chainHash(start, entry(1, { detail: again }));
      const reversed = Object.fromEntries(Object.entries(again).toReversed());
      expect(chainHash(start, entry(1, { detail: reversed }))).toBe(hash);
      expect(chainHash(start, entry(1, { detail: { ...again, 'another key': null } }))).not.toBe(hash);
    }),
  );
  expect(codeOf(follow(CHAIN_START, { ...log[0]!, hash: 'zz' }))).toBe('AUDIT_BROKEN');
});
