import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Jq, loadJq } from 'jq-wasm';
import { createExpressions } from './expressions.ts';
import { HotPrograms } from './hot-programs.ts';
import { complaintIn, type JqSource, oneProgram } from './jq-program.ts';

const OUTPUT = 100_000;
const made: HotPrograms[] = [];
const source = (program: string, ...names: string[]): JqSource => ({ program, names });
const payload =
  (input: unknown, variables: object = {}) =>
  (program: number) =>
    JSON.stringify({ program, now: 1_700_000_000.5, input, variables });

afterEach(async () => {
  for (const hot of made.splice(0)) await hot.close('the test is over');
});

function hotPrograms(): HotPrograms {
  made.push(new HotPrograms(OUTPUT));
  return made.at(-1)!;
}

/** Counts until it is hot, and waits until it is compiled. */
async function heated(hot: HotPrograms, ...sources: JqSource[]): Promise<void> {
  for (const one of sources) for (let n = 0; n < 3; n += 1) hot.count(one);
  for (const one of sources) {
    await vi.waitFor(async () => expect(await hot.evaluate(one, payload(null), 5_000)).not.toBeNull(), 20_000);
  }
}

describe('programs that stay compiled', () => {
  let jq: Jq;
  beforeAll(async () => {
    jq = await loadJq();
  });

  it('yield what they yield alone, and fail as they fail alone', async () => {
    const hot = hotPrograms();
    const programs = [
      source('.a + 1'),
      source('[.[]? | select(. != null)] # a comment'),
      source('$x.b, $y', 'x', 'y'),
      source('def f: if . > 0 then . - 1 | f else "done" end; f'),
      source('"\\(.a) and \\($x.b)" | ascii_upcase', 'x'),
      source('try error("x") catch "caught \\(.)"'),
      source('reduce .[]? as $n (0; . + ($n | tonumber))'),
      source('.a as [$p, {q: $r}] | [$p, $r]'),
      source('now | floor'),
      source('$ENV'),
      source('env'),
      source('input'),
      source('halt'),
      source('empty'),
      source('error(null)'),
      source('error({a: 1})'),
      source('[limit(3; repeat("ü€😀"))]'),
      source('@base64 "x\\(.)"'),
      source('.. | numbers'),
    ];
    await heated(hot, ...programs);
    const variables = { x: { b: 'B' }, y: [1, { z: null }] };
    for (const input of [null, 1, 'text', [1, '2', null], { a: 5 }, { a: [1, { q: 'r' }] }, { a: 'ü\n"\\' }]) {
      for (const one of programs) {
        const alone = jq.raw(payload(input, variables)(0), oneProgram(one), ['-c']);
        const answer = await hot.evaluate(one, payload(input, variables), 5_000);
        const expected =
          alone.exitCode === 0
            ? { kind: 'values', lines: alone.stdout }
            : { kind: 'error', message: complaintIn(alone.stderr) };
        expect(answer, `${one.program} of ${JSON.stringify(input)}`).toMatchObject(expected);
      }
    }
  });

  it('take large inputs and yield large outputs, up to the bound', async () => {
    const hot = hotPrograms();
    const [echo, many] = [source('.'), source('[range(.)]')];
    await heated(hot, echo, many);
    const text = 'ü'.repeat(40_000);
    expect(await hot.evaluate(echo, payload(text), 5_000)).toMatchObject({ lines: JSON.stringify(text) });
    expect(await hot.evaluate(many, payload(1_000_000), 5_000)).toMatchObject({ kind: 'broken' });
  });

  it.each([
    ['takes too long', 'if . == "bad" then last(repeat(1)) else . end'],
    ['needs more memory than there is', 'if . == "bad" then [range(1e12)] else . end'],
    ['yields without an end', 'if . == "bad" then repeat(1) else . end'],
    ['breaks the interpreter', 'if . == "bad" then reduce range(1e5) as $i (0; [.]) else . end'],
  ])('one that %s is put out, and the others go on', async (_what, program) => {
    const hot = hotPrograms();
    const [bad, good] = [source(program), source('. + 1')];
    await heated(hot, bad, good);
    expect(await hot.evaluate(bad, payload('bad'), 1_000)).toMatchObject({ kind: 'broken' });
    expect(await hot.evaluate(bad, payload(1), 1_000)).toBeNull();
    await heated(hot, good);
    expect(await hot.evaluate(good, payload(1), 5_000)).toMatchObject({ lines: '2' });
  });

  it('leave one alone that compiles only alone', async () => {
    const hot = hotPrograms();
    // The backslash makes the comment go on into what stands behind the program.
    const [odd, good] = [source('. # \\'), source('. + 1')];
    await heated(hot, good);
    for (let n = 0; n < 3; n += 1) hot.count(odd);
    await heated(hot, good);
    expect(await hot.evaluate(odd, payload(1), 5_000)).toBeNull();
    expect(await hot.evaluate(good, payload(1), 5_000)).toMatchObject({ lines: '2' });
  });

  it('are not there before they are hot, nor after the end', async () => {
    const hot = hotPrograms();
    const one = source('. + 1');
    hot.count(one);
    expect(await hot.evaluate(one, payload(1), 5_000)).toBeNull();
    await heated(hot, one);
    await hot.close('over');
    expect(await hot.evaluate(one, payload(1), 5_000)).toBeNull();
  });
});

describe('expressions with programs that stay compiled', () => {
  it('keep their answers while programs become hot, at the same time, in any order', async () => {
    const expressions = createExpressions({ now: () => 5_000 });
    const ask = async (n: number) => {
      const sum = await expressions.evaluate('.a + $b', { a: n }, { b: n });
      const list = await expressions.evaluate('[.[] * 2] | add', [n, n], {});
      const wrong = await expressions.evaluate('.a + 1', { a: {} }, {}).catch((error: unknown) => String(error));
      return [sum, list, String(wrong).includes('cannot be added'), await expressions.evaluate('now + 0', null, {})];
    };
    for (let round = 0; round < 40; round += 1) {
      const asked = [1, 2, 3].map((n) => ask(n + round));
      expect(await Promise.all(asked)).toEqual([1, 2, 3].map((n) => [(n + round) * 2, (n + round) * 4, true, 5]));
    }
    await expressions.close();
  });
});
