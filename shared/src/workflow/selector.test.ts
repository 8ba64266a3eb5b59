import { describe, expect, it } from 'vitest';
import { formatSelector, MAX_SELECTOR_LENGTH, parseSelector, patternOf } from './selector.ts';
import type { RoleStep, SelectorAttribute, SelectorName, SelectorStep } from './selector.ts';

function parsed(text: string): readonly SelectorStep[] {
  const result = parseSelector(text);
  if (!result.ok) throw new Error(`${text}: ${result.message} at ${result.at}`);
  return result.selector.steps;
}

function refused(text: string): { message: string; at: number } {
  const result = parseSelector(text);
  if (result.ok) throw new Error(`${text} was read as ${JSON.stringify(result.selector)}`);
  return { message: result.message, at: result.at };
}

const exact = (text: string): SelectorName => ({ kind: 'exact', text });
const role = (name: RoleStep['role'], rest: Partial<RoleStep> = {}): RoleStep => ({
  kind: 'role',
  role: name,
  attributes: [],
  ...rest,
});

describe('parseSelector', () => {
  const window = role('window', { name: { kind: 'pattern', source: '^Ledger', ignoreCase: false } });
  it.each<[string, SelectorStep[]]>([
    ['heading "Invoices"', [role('heading', { name: exact('Invoices') })]],
    ['table', [role('table')]],
    ['row "INV-7" >> link "PDF"', [role('row', { name: exact('INV-7') }), role('link', { name: exact('PDF') })]],
    [
      'window /^Ledger/ [exe="Ledger.exe"] >> button "Save" [id="btnSave"]',
      [
        { ...window, attributes: [{ key: 'exe', value: 'Ledger.exe' }] },
        role('button', { name: exact('Save'), attributes: [{ key: 'id', value: 'btnSave' }] }),
      ],
    ],
    ['  window\n/^Ledger/>>cell"a"  ', [window, role('cell', { name: exact('a') })]],
    ['button /save|send/i :nth(2)', [role('button', { name: pattern('save|send', true), nth: 2 })]],
    ['link /[/]\\/x/', [role('link', { name: pattern('[/]\\/x') })]],
    ['row [id="a"][level="2"]:nth(1)', [role('row', { attributes: pairs({ id: 'a', level: '2' }), nth: 1 })]],
    ['button "a >> link \\"b\\" \\u00e9"', [role('button', { name: exact('a >> link "b" é') })]],
    ['css=#a > .b', [{ kind: 'css', expression: '#a > .b' }]],
    ['css=a[title=">> x"] >> link', [{ kind: 'css', expression: 'a[title=">> x"]' }, role('link')]],
    ['css=li.item :nth(3)>>link', [{ kind: 'css', expression: 'li.item', nth: 3 }, role('link')]],
    ['xpath=//tr[@id="7"]/td[2]', [{ kind: 'xpath', expression: '//tr[@id="7"]/td[2]' }]],
    ['css="a[b=\\"\\"] >> c" :nth(2)', [{ kind: 'css', expression: 'a[b=""] >> c', nth: 2 }]],
  ])('reads %s', (text, steps) => {
    expect(parsed(text)).toEqual(steps);
  });

  it.each<[string, number, RegExp]>([
    ['', 0, /role is expected/],
    ['"Save"', 0, /role is expected/],
    ['row "a" >> ', 11, /role is expected/],
    ['>> row', 0, /role is expected/],
    ['row >> >> row', 7, /role is expected/],
    ['css >> row', 0, /unknown role "css"/],
    ['text=Save', 0, /only css= and xpath=/],
    ['row 7', 4, /double quotes .*tostring/],
    ['row null', 4, /double quotes/],
    ["button 'Save'", 7, /double quotes/],
    ['button Save', 7, /double quotes/],
    ['button "Save" "x"', 14, />>/],
    ['button "Save', 7, /no closing "/],
    ['button "a\\"', 7, /no closing "/],
    ['button "a\nb"', 7, /not a JSON string/],
    ['button "\\x"', 7, /not a JSON string/],
    ['button ""', 7, /empty/],
    ['button [id=""]', 11, /empty/],
    ['button [id=x]', 11, /must be in double quotes/],
    ['button [id="a"', 14, /\] is expected/],
    ['button [id "a"]', 11, /= is expected/],
    ['button ["a"]', 8, /\[key="value"\]/],
    ['button [id="a"] [id="b"]', 16, /given twice/],
    ['button //', 8, /empty/],
    ['button /a', 7, /no closing \//],
    ['button /a\n/', 7, /no closing \//],
    ['button /(/', 8, /not a valid regular expression/],
    ['button /a/g', 10, /only flag/],
    ['button /a/ii', 10, /only flag/],
    ['button /a"b/', 9, /" inside a regular expression/],
    ['button :nth(0)', 7, /counts from 1/],
    ['button :nth(10001)', 7, /counts from 1/],
    ['button :nth(x)', 12, /a number is expected/],
    ['button :nth(1', 13, /a number is expected/],
    ['css=', 4, /empty/],
    ['css= >> row', 5, /empty/],
    ['css=" "', 4, /empty/],
    ['css=:nth(2)', 4, /empty/],
    ['css=a :nth(0)', 5, /counts from 1/],
    ["css=a[b='c]", 4, /never closed/],
    ['css=a[b=""]', 8, /JSON string, css=/],
    ["css=a[b='\"']", 9, /JSON string, css=/],
    ['xpath=//a[b="\\"]', 13, /JSON string, xpath=/],
  ])('refuses %s at %i', (text, at, message) => {
    const fault = refused(text);
    expect(fault.message).toMatch(message);
    expect(fault.at).toBe(at);
  });

  it('holds its bounds', () => {
    const name = 'x'.repeat(MAX_SELECTOR_LENGTH - 'row ""'.length);
    expect(parsed(`row "${name}"`)).toHaveLength(1);
    expect(refused(`row "${name}x"`).message).toMatch(/at most 2000/);
    expect(parsed(Array(10).fill('row').join('>>'))).toHaveLength(10);
    expect(refused(Array(11).fill('row').join('>>')).message).toMatch(/more than 10 steps/);
    expect(parsed(`row /${'x'.repeat(200)}/`)).toHaveLength(1);
    expect(refused(`row /${'x'.repeat(201)}/`).message).toMatch(/longer than 200/);
    const attributes = (count: number) => Array.from({ length: count }, (_, index) => `[k${index}="v"]`).join('');
    expect(parsed(`row ${attributes(10)}`)).toHaveLength(1);
    expect(refused(`row ${attributes(11)}`).message).toMatch(/more than 10 attributes/);
  });

  it.each([
    ['buton', 'button'],
    ['Button', 'button'],
    ['tabel', 'table'],
    ['input', 'textbox'],
    ['tr', 'row'],
    ['lnik', 'link'],
    ['xylophone', undefined],
    ['constructor', undefined],
    ['b'.repeat(60), undefined],
  ])('for the unknown role %s suggests %s', (word, meant) => {
    const hint = meant === undefined ? /roles are those of ARIA/ : new RegExp(`did you mean "${meant}"\\?$`);
    expect(refused(`${word} "x"`).message).toMatch(hint);
    expect(refused(`${word} "x"`).message.length).toBeLessThan(120);
  });
});

describe('patternOf', () => {
  it('matches anywhere, and ignores case only with i', () => {
    const of = (text: string) => {
      const name = (parsed(text)[0] as RoleStep).name;
      if (name?.kind !== 'pattern') throw new Error('not a pattern');
      return patternOf(name);
    };
    expect(of('row /edg/').test('Ledger')).toBe(true);
    expect(of('row /EDG/').test('Ledger')).toBe(false);
    expect(of('row /EDG/i').test('Ledger')).toBe(true);
  });
});

describe('formatSelector', () => {
  it('writes css and xpath raw where that is read back the same, and as a string where not', () => {
    const text = 'css=#a > b :nth(2) >> xpath=//a[1] >> css="a[b=\\"\\"]" >> css="x :nth(1)"';
    expect(formatSelector({ steps: parsed(text) })).toBe(text);
  });
});

function pattern(source: string, ignoreCase = false): SelectorName {
  return { kind: 'pattern', source, ignoreCase };
}

function pairs(values: Record<string, string>): SelectorAttribute[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}
