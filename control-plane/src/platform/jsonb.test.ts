import { describe, expect, it } from 'vitest';
import { jsonb } from './jsonb.ts';

describe('JSON for jsonb', () => {
  it('replaces what Postgres refuses, in values and keys, and nothing else', () => {
    expect(JSON.parse(jsonb({ 'a\u0000': ['x\u0000y', '\ud800', '😀'], n: null }))).toEqual({
      'a\ufffd': ['x\ufffdy', '\ufffd', '😀'],
      n: null,
    });
  });
  it('keeps a text that only looks like an escape', () => {
    expect(JSON.parse(jsonb('\\u0000'))).toBe('\\u0000');
  });
});
