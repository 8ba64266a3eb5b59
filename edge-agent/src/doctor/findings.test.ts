/** The list of findings is whole: whatever fault the rooms that `doctor` looks into can throw stands in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECK_NAMES, FINDINGS } from './findings.ts';

const SOURCES = new URL('..', import.meta.url).pathname;
/** Thrown while an agent enrols, renews, changes its settings or starts: no check comes to them. */
const NOT_CHECKED = ['USAGE', 'HOME_UNWRITABLE', 'HOME_UNSAFE', 'POLICY_CHANGED'];

const codes = Object.values(FINDINGS).flatMap((kinds) => Object.keys(kinds));

test.each(['network', 'policy', 'identity'])('faults of %s that a check can meet are findings', (room) => {
  const files = readdirSync(join(SOURCES, room)).filter(
    (name) => name.endsWith('.ts') && !/(test|for-tests)\.ts$/.test(name) && !/^(enrol|renew-late)/.test(name),
  );
  const text = files.map((name) => readFileSync(join(SOURCES, room, name), 'utf8')).join('\n');
  const thrown = new Set([...text.matchAll(/new Fault\(\s*'([A-Z_]+)'/g)].map(([, code]) => code!));
  expect(thrown.size).toBeGreaterThan(1);
  expect([...thrown].filter((code) => !codes.includes(code) && !NOT_CHECKED.includes(code))).toEqual([]);
});

test('a code means one thing, and each has a cause and a fix', () => {
  expect(new Set(codes).size).toBe(codes.length);
  for (const kinds of Object.values(FINDINGS)) {
    for (const [code, { cause, fix }] of Object.entries(kinds)) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
      for (const text of [cause, fix]) expect(text).not.toBe('');
    }
  }
});

test('every check has its findings', () => {
  for (const name of CHECK_NAMES) expect(Object.keys(FINDINGS[name]).length, name).toBeGreaterThan(0);
});
