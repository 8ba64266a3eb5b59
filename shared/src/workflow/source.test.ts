import { describe, expect, it } from 'vitest';
import { HEAD } from './fixtures.test-support.ts';
import { boundsFinding, MAX_DEPTH, MAX_VALUES } from './json-bounds.ts';
import { parseWorkflow } from './parse.ts';
import { MAX_SOURCE_LENGTH, readSource } from './source.ts';
import { MAX_TASKS } from './validate.ts';

function firstProblem(text: string): unknown {
  const parsed = parseWorkflow(text);
  return parsed.ok ? null : parsed.problems[0];
}

describe('bounds', () => {
  it('refuses a text that is too long without reading it', () => {
    expect(firstProblem('#'.repeat(MAX_SOURCE_LENGTH + 1))).toMatchObject({
      message: /longer than/,
      line: 1,
      column: 1,
    });
  });

  it.each([
    ['flow lists', '['.repeat(500_000)],
    ['block lists', '- '.repeat(500_000)],
    ['flow objects', '{a: '.repeat(200_000)],
    ['explicit keys', '? '.repeat(500_000)],
    ['indented objects', Array.from({ length: 1_400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('stops reading %s where they nest too deep', (_, text) => {
    expect(firstProblem(text)).toMatchObject({ message: `nesting is deeper than ${MAX_DEPTH} levels` });
  });

  it('finds a doubled key among tens of thousands', () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`);
    expect(firstProblem([...keys, 'k7: 2'].join('\n'))).toMatchObject({ message: '`k7` is there twice', line: 60_001 });
  });

  it('refuses aliases that multiply', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`);
    expect(firstProblem(['a0: &a0 [x]', ...levels].join('\n'))).toMatchObject({
      message: expect.stringMatching(/^aliases: /) as string,
    });
  });

  it('refuses a value that contains itself', () => {
    expect(firstProblem(`${HEAD}do: &d\n  - a: { do: *d }\n`)).toMatchObject({
      message: `nesting is deeper than ${MAX_DEPTH} levels`,
    });
  });

  it('refuses more tasks than a document may have, in lists and in lists of lists', () => {
    const many = (count: number): string =>
      Array.from({ length: count }, (_, n) => `{ t${n}: { set: { x: 1 } } }`).join(', ');
    expect(firstProblem(`${HEAD}do: [${many(MAX_TASKS + 1)}]`)).toMatchObject({
      path: '/do',
      message: 'more than 2000 tasks',
    });
    const halves = `[{ a: { do: [${many(1_500)}] } }, { b: { do: [${many(1_500)}] } }]`;
    expect(firstProblem(`${HEAD}do: ${halves}`)).toMatchObject({ message: 'more than 2000 tasks' });
    expect(firstProblem(`${HEAD}do: [${many(MAX_TASKS)}]`)).toBeNull();
  });

  it('refuses values that JSON does not have', () => {
    expect(boundsFinding({ a: [1, Number.NaN] })).toMatchObject({ path: '/a/1' });
    expect(boundsFinding({ a: new Date(0) })).toMatchObject({ path: '/a', message: 'expected a JSON value' });
    expect(boundsFinding(JSON.parse('{"a":{"__proto__":{}}}'))).toMatchObject({ path: '/a/__proto__', at: 'key' });
    expect(boundsFinding(Array.from({ length: MAX_VALUES + 1 }, () => 1))).toMatchObject({
      message: /holds more than/,
    });
  });
});

describe('places', () => {
  it('finds names that a pointer has to escape', () => {
    const source = readSource('do:\n  - a/b~c:\n      call: x\n', 'yaml');
    if (!source.ok) throw new Error('not read');
    expect(source.locate({ path: '/do/0/a~1b~0c/call', at: 'value', message: '' })).toMatchObject({
      line: 3,
      column: 13,
    });
    expect(source.locate({ path: '/do/0/a~1b~0c', at: 'key', message: '' })).toMatchObject({ line: 2, column: 5 });
  });

  it('goes through aliases to where the text is', () => {
    const source = readSource('a: &x { b: 1 }\nc: *x\n', 'yaml');
    if (!source.ok) throw new Error('not read');
    expect(source.locate({ path: '/c/b', at: 'value', message: '' })).toMatchObject({ line: 1, column: 12 });
  });
});
