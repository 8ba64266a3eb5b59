import { describe, expect, it } from 'vitest';
import { type KeyPart, parseKeys } from './keys.ts';

const press = (...keys: string[]): KeyPart => ({ kind: 'press', keys, times: 1 });
const text = (typed: string): KeyPart => ({ kind: 'text', text: typed });

describe('parseKeys', () => {
  it.each<[string, KeyPart[]]>([
    ['plain', [text('plain')]],
    ['{Enter}', [press('Enter')]],
    ['{enter}{ESC}', [press('Enter'), press('Escape')]],
    ['a{Tab}b', [text('a'), press('Tab'), text('b')]],
    ['{Ctrl+Shift+s}', [press('Control', 'Shift', 's')]],
    ['{Control++}{+}', [press('Control', '+'), press('+')]],
    ['{F5}{f24}', [press('F5'), press('F24')]],
    ['{Down 3}', [{ kind: 'press', keys: ['ArrowDown'], times: 3 }]],
    ['{{x}}', [text('{x}')]],
    ['{ä}{漢}', [press('ä'), press('漢')]],
  ])('reads %s', (keys, parts) => {
    expect(parseKeys(keys)).toEqual({ ok: true, parts });
  });

  it.each([
    ['{Entr}', /no key "Entr"/],
    ['{F25}', /no key "F25"/],
    ['{Control+Enterr}', /no key "Enterr"/],
    ['{constructor}', /no key/],
    ['{', /written twice/],
    ['a}', /written twice/],
    ['{}', /written twice/],
    ['{Tab 0}', /1 to 1000/],
    ['{Tab 1001}', /1 to 1000/],
  ])('refuses %s', (keys, why) => {
    const parsed = parseKeys(keys);
    expect(parsed.ok ? '' : parsed.why).toMatch(why);
  });
});
