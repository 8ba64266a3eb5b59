import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadJq, type Jq } from 'jq-wasm';
import { createExpressions, type Expressions } from './expressions.ts';
import { WorkflowFault } from './errors.ts';
import { evaluateSimple, parseSimple } from './simple-expression.ts';

describe('expressions', () => {
  let expressions: Expressions;
  beforeAll(() => {
    expressions = createExpressions({ now: () => 1_700_000_000_500 });
  });
  afterAll(() => expressions.close());

  const failure = async (program: string, input: unknown = null) => {
    const caught = await expressions.evaluate(program, input as never, {}).then(
      (value) => ({ value }),
      (error: unknown) => error,
    );
    if (!(caught instanceof WorkflowFault)) throw new Error(`expected a fault, got ${JSON.stringify(caught)}`);
    expect(caught.error).toMatchObject({ status: 400, code: 'EXPRESSION_FAILED' });
    return caught.error.detail ?? '';
  };

  it('evaluates programs of the example workflow', async () => {
    const variables = { context: { month: '2026-05', files: ['b.pdf'] }, inv: { Number: 'I "7"' } };
    const evaluate = (program: string, input: unknown = null) =>
      expressions.evaluate(program, input as never, variables);
    expect(await evaluate('@json "row \\($inv.Number) >> link \\"PDF\\""')).toBe('row "I \\"7\\"" >> link "PDF"');
    expect(await evaluate('($context.files | length) == 0')).toBe(false);
    expect(await evaluate('. as $f | $context | .files |= (. + [$f.path] | unique)', { path: 'a.pdf' })).toEqual({
      month: '2026-05',
      files: ['a.pdf', 'b.pdf'],
    });
    expect(await evaluate('{ ids: [ $context.month, .id ] } # a comment', { id: 2 })).toEqual({ ids: ['2026-05', 2] });
  });

  it('yields null for no value and refuses several', async () => {
    expect(await expressions.evaluate('empty', 1, {})).toBeNull();
    expect(await failure('1, 2')).toContain('several values');
  });

  it("takes `now` from the run's clock", async () => {
    expect(await expressions.evaluate('now + 0', null, {})).toBe(1_700_000_000.5);
  });

  it('knows no environment, no further inputs, no modules, no exit', async () => {
    expect(await expressions.evaluate('$ENV | length', null, {})).toBe(0);
    for (const name of [
      'env',
      'input',
      '[inputs]',
      'input_filename',
      'input_line_number',
      'halt',
      '"x" | halt_error',
    ]) {
      expect(await failure(`1 | ${name}`)).toContain('not available');
    }
    expect(await failure('import "a" as a; a::b')).toContain('syntax error');
    expect(await failure('include "a"; b')).toContain('syntax error');
    expect(await expressions.evaluate('.env, .input | select(. != null)', { env: 'own field' }, {})).toBe('own field');
    expect(await expressions.evaluate('[debug, stderr]', 1, {})).toEqual([1, 1]);
  });

  it('says what jq said', async () => {
    expect(await failure('.a.b + 1', { a: 5 })).toContain('Cannot index number with string ("b")');
    expect(await failure('. +')).toContain('syntax error');
    expect(await failure('$nobody + 1')).toContain('$nobody is not defined');
    expect(await failure('.a.b', { a: 5 })).toContain('Cannot index number with string ("b")');
  });

  it.each([
    ['an endless stream', 'last(repeat(1))'],
    ['an endless recursion', 'def f: f; f'],
    ['more memory than there is', '[range(1e12)]'],
    ['one huge text', '"x" * 1e9'],
    ['a deep recursion', 'def f: [f]; f'],
    ['a result that breaks the interpreter', 'reduce range(1e5) as $i (0; [.])'],
    ['endless output', 'repeat(1)'],
    ['a result above the bound', '[range(1e6)]'],
  ])('survives %s', async (_what, program) => {
    await failure(program);
    expect(await expressions.evaluate('1 + 1', null, {})).toBe(2);
  });

  it('bounds program length and the depth of what goes in', async () => {
    expect(await failure(`1 ${' '.repeat(20_000)}`)).toContain('longer than');
    let deep: unknown = 1;
    for (let level = 0; level < 5_000; level += 1) deep = [deep];
    expect(await failure('length + 0', deep)).toContain('nested deeper');
  });

  it('keeps apart evaluations asked for at the same time, also when one of them hangs', async () => {
    const asked = [1, 2, 3].map((n) => expressions.evaluate('. * 2', n, {}));
    const hanging = failure('def f: f; f');
    const after = expressions.evaluate('. * 2', 4, {});
    expect(await Promise.all(asked)).toEqual([2, 4, 6]);
    expect(await hanging).toContain('longer than');
    expect(await after).toBe(8);
  });

  it('does not keep an idle process alive', async () => {
    const module = new URL('./expressions.ts', import.meta.url).href;
    const program = `const { createExpressions } = await import('${module}'); createExpressions();`;
    const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program]);
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  });

  it('fails what is asked after closing', async () => {
    const own = createExpressions();
    await own.close();
    await expect(own.evaluate('1 + 1', null, {})).rejects.toThrow('the run has ended');
  });
});

describe('simple expressions', () => {
  let jq: Jq;
  beforeAll(async () => {
    jq = await loadJq();
  });

  const name = fc.constantFrom('a', 'b', 'if', '_c', 'toString', '__proto__');
  const value = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, 1, 'text'),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.array(fc.tuple(name, tie('json')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries) as unknown),
    ),
  })).json;
  const first = fc.oneof(
    name,
    fc.nat(3).map((n) => `[${n}]`),
    name.map((n) => `["${n}"]`),
  );
  const next = fc.oneof(
    name.map((n) => `.${n}`),
    fc.nat(3).map((n) => `[${n}]`),
    name.map((n) => `.["${n}"]`),
  );
  const program = fc.oneof(
    fc.tuple(first, fc.array(next, { maxLength: 3 })).map(([start, rest]) => `.${start}${rest.join('')}`),
    fc.array(next, { maxLength: 3 }).map((rest) => `$context${rest.join('')}`),
    fc.constantFrom('.', ' . ', 'null', 'true', '12.5', '-3', '"a \\"b\\" c"', '.a.', '..a', '.[0]a', '$context a'),
  );

  it('yield what jq yields, or leave it to jq', () => {
    fc.assert(
      fc.property(program, value, (text, input) => {
        const simple = parseSimple(text);
        const real = jq.raw({ v: input }, `.v as $context | .v |\n${text}`, ['-c']);
        if (simple === null) return;
        let mine: string;
        try {
          mine = JSON.stringify(evaluateSimple(simple, input as never, { context: input as never }));
        } catch {
          expect(real.exitCode, text).not.toBe(0);
          return;
        }
        expect(real.exitCode, `${text}: ${real.stderr}`).toBe(0);
        expect(JSON.parse(mine), text).toEqual(JSON.parse(real.stdout));
      }),
      { numRuns: 400 },
    );
  });

  it('understand the common forms', () => {
    for (const text of ['.', '.a.b', '$context.x', '.a[0].b', '.["a b"]', '$input', '5', '"x"']) {
      expect(parseSimple(text), text).not.toBeNull();
    }
    for (const text of ['.a|.b', '$ENV.x', '$__loc__', '.a?', '"\\(.a)"', '.[]', '..', '.a.', '.foo-bar']) {
      expect(parseSimple(text), text).toBeNull();
    }
  });
});
