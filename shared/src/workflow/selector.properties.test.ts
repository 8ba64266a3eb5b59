/** What must hold for every selector and for all data put into one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSelector, MAX_SELECTOR_LENGTH, parseSelector, SELECTOR_ROLES } from './selector.ts';
import type { RoleStep, Selector, SelectorName, SelectorStep } from './selector.ts';

function parsed(text: string): readonly SelectorStep[] {
  const result = parseSelector(text);
  if (!result.ok) throw new Error(`${text}: ${result.message} at ${result.at}`);
  return result.selector.steps;
}

const exact = (text: string): SelectorName => ({ kind: 'exact', text });
const role = (name: RoleStep['role'], rest: Partial<RoleStep> = {}): RoleStep => ({
  kind: 'role',
  role: name,
  attributes: [],
  ...rest,
});

describe('formatSelector', () => {
  it('is read back as the same selector', () => {
    fc.assert(
      fc.property(anySelector, (selector) => {
        const text = formatSelector(selector);
        fc.pre(text.length <= MAX_SELECTOR_LENGTH);
        expect(parseSelector(text)).toEqual({ ok: true, selector });
      }),
      { numRuns: 500 },
    );
  });

  it('is a fixed point for whatever can be parsed, and parsing never throws', () => {
    const pieces = ['row', 'css=', 'xpath=', '"a"', '""', '/a/', '[id="x"]', ':nth(2)', '>>', '\\', "'", '"', ' ', '['];
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 2 }))).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        const result = parseSelector(input);
        if (!result.ok) {
          expect(result.at).toBeGreaterThanOrEqual(0);
          expect(result.at).toBeLessThanOrEqual(input.length);
          return;
        }
        expect(parseSelector(formatSelector(result.selector))).toEqual(result);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('data interpolated with @json', () => {
  it('is read back as exactly that name or value, whatever it is', () => {
    fc.assert(
      fc.property(hostileText, (data) => {
        const json = jqString(data);
        expect(parsed(`row ${json} [id=${json}] >> link "PDF"`)).toEqual([
          role('row', { name: exact(data), attributes: [{ key: 'id', value: data }] }),
          role('link', { name: exact('PDF') }),
        ]);
        expect(parsed(`css=${json} >> link`)).toEqual([{ kind: 'css', expression: data }, role('link')]);
      }),
      { numRuns: 500 },
    );
  });

  it('never adds or ends a step where it stands in a raw expression', () => {
    fc.assert(
      fc.property(hostileText, (data) => {
        const json = jqString(data);
        const css = `a[title=${json}]`;
        expect(parsed(`css=${css} >> link`)).toEqual([{ kind: 'css', expression: css }, role('link')]);
        const xpath = parseSelector(`xpath=//a[@title=${json}] >> link`);
        // XPath has no escapes: whatever JSON had to escape is refused.
        const steps = [{ kind: 'xpath', expression: `//a[@title="${data}"]` }, role('link')];
        if (json === `"${data}"`) expect(xpath).toEqual({ ok: true, selector: { steps } });
        else expect(xpath.ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a name quoted twice', (json: string) => `row "${json}" >> link`],
    ['a value quoted twice', (json: string) => `row [id="${json}"] >> link`],
    ['a regular expression', (json: string) => `row /^${json}/ >> link`],
    ['a CSS string quoted twice', (json: string) => `css=a[b="${json}"] >> link`],
    ['a CSS string in single quotes', (json: string) => `css=a[b='${json}'] >> link`],
    ['an XPath string quoted twice', (json: string) => `xpath=//a[b="${json}"] >> link`],
    ['an XPath string in single quotes', (json: string) => `xpath=//a[b='${json}'] >> link`],
    ['a role', (json: string) => `${json} >> link`],
    ['a count', (json: string) => `row :nth(${json}) >> link`],
  ])('is refused as %s, whatever it is', (_, template) => {
    fc.assert(
      fc.property(hostileText, (data) => {
        expect(parseSelector(template(jqString(data))).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused as a name when it is no text', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => typeof value !== 'string'),
        (value) => {
          expect(parseSelector(`row ${JSON.stringify(value)} >> link "PDF"`).ok).toBe(false);
        },
      ),
    );
  });
});

/** A string as jq's @json writes it: as JSON.stringify, and DEL escaped. */
function jqString(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

/** Each breaks out of one of the templates above as soon as the rule against it is gone. */
const ATTACKS = [' >> button ', '] >> button [id=', '/ >> window /', "'] >> css=['", "'] >> xpath=//b['", '"] >> link'];

/** Text made to break out of quotes, and any other; not blank, since an empty name is refused. */
const hostileText = fc
  .oneof(
    fc.constantFrom(...ATTACKS),
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.oneof(
          fc.constantFrom('"', "'", '\\', '/', ' >> ', ']', '[id=', 'button', 'css=', 'xpath=', ':nth(1)', '\n', ' '),
          fc.string({ maxLength: 3 }),
        ),
      )
      .map((parts) => parts.join('')),
  )
  .filter((text) => text.trim() !== '');

const nonEmpty = fc.string({ unit: 'binary', minLength: 1 });
const nth = fc.option(fc.integer({ min: 1, max: 10_000 }), { nil: undefined });
const anyName: fc.Arbitrary<SelectorName> = fc.oneof(
  nonEmpty.map(exact),
  fc.record({
    kind: fc.constant('pattern' as const),
    source: fc.constantFrom('^Ledger', 'a\\/b', '[/]', 'x{2,3}$', '\\"', '>>', '(?<=a)b', 'é'),
    ignoreCase: fc.boolean(),
  }),
);
const anyAttributes = fc.uniqueArray(
  fc.record({ key: fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,39}$/), value: nonEmpty }),
  { selector: (attribute) => attribute.key, maxLength: 10 },
);
const anyExpression = fc.oneof(
  nonEmpty,
  fc.constantFrom('#a > b', 'a[b=">>"]', 'a >> b', 'x :nth(2)', "it's", '//a[1]', '"', 'a\\', 'a ', '\\\\'),
);
const anyStep: fc.Arbitrary<SelectorStep> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...SELECTOR_ROLES), fc.option(anyName, { nil: undefined }), anyAttributes, nth)
    .map(([name, label, attributes, count]) => ({
      ...role(name, { attributes }),
      ...(label && { name: label }),
      ...(count !== undefined && { nth: count }),
    })),
  fc
    .tuple(fc.constantFrom('css' as const, 'xpath' as const), anyExpression, nth)
    .filter(([, expression]) => expression.trim() !== '')
    .map(([kind, expression, count]) => ({ kind, expression, ...(count !== undefined && { nth: count }) })),
);
const anySelector: fc.Arbitrary<Selector> = fc.record({ steps: fc.array(anyStep, { minLength: 1, maxLength: 10 }) });
