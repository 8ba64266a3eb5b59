/** Attack 37: expressions that loop for ever, eat memory, or look for what is not theirs. */
import { expect } from 'vitest';
import { runIt } from '../../edge-agent/src/engine/engine-for-tests.ts';
import { createExpressions } from '../../edge-agent/src/engine/index.ts';
import { attack } from './attack.ts';

const ENGINE = 'edge-agent/src/engine';
/** A hostile program in a step whose error the document catches; what stands behind it must still run. */
const caught = (program: string): string => `
do:
  - tried:
      try: [ { hostile: { set: { x: ${JSON.stringify(`\${ ${program} }`)} } } } ]
      catch: { as: e, do: [ { tell: { set: { code: '\${ $e.code }', detail: '\${ $e.detail }' } } } ] }
  - behind: { set: { code: '\${ .code }', detail: '\${ .detail }', alive: '\${ 20 + 22 }' } }
`;

attack(
  37,
  'an expression that loops for ever or eats memory fails its step, and the run goes on',
  [
    {
      file: `${ENGINE}/expressions.ts`,
      find: "() => resolve({ id, kind: 'broken', message: `it took longer than ${deadlineMs} ms` }),",
      replace: '() => undefined,',
    },
  ],
  async () => {
    const expressions = createExpressions();
    for (const program of [
      'last(repeat(1))',
      'def f: f; f',
      '[range(1e12)]',
      '"x" * 1e9',
      'def f: [f]; f',
      'repeat(1)',
      '[limit(1e9; repeat("x"))] | length',
    ]) {
      const { ending } = await runIt(caught(program), { expressions });
      expect(ending, program).toMatchObject({
        type: 'run.completed',
        output: { code: 'EXPRESSION_FAILED', alive: 42 },
      });
    }
    await expressions.close();
  },
);

attack(
  37,
  'so does one that is harmless until it stays compiled',
  [
    {
      file: `${ENGINE}/hot-programs.ts`,
      find: "setTimeout(() => this.#hear?.({ kind: 'gone', message: `it took longer than ${ms} ms` }), ms)",
      replace: 'setTimeout(() => undefined, 1)',
    },
  ],
  async () => {
    const expressions = createExpressions();
    const program = 'if $n > 2000 then last(repeat($n)) else $n + 1 end';
    const yaml = `
do:
  - loop:
      for: { each: n, in: '[range(2002)]' }
      do: [ { it: { set: { n: '\${ ${program} }' } } } ]
`;
    const { ending } = await runIt(yaml, { expressions });
    expect(ending).toMatchObject({
      type: 'run.failed',
      error: { code: 'EXPRESSION_FAILED', instance: '/do/0/loop/do/0/it' },
    });
    expect(await expressions.evaluate('20 + 22', null, {})).toBe(42);
    await expressions.close();
  },
);

attack(
  37,
  'an expression reaches no environment, no further input, no file and no exit',
  [
    {
      file: `${ENGINE}/jq-program.ts`,
      find: "'env', 'input', 'inputs', 'input_filename', ",
    },
  ],
  async () => {
    const expressions = createExpressions();
    for (const program of [
      'env',
      '$ENV.PATH | length / 0',
      'input',
      '[inputs]',
      'input_filename',
      'halt',
      'import "a" as a; .',
      'include "a"; .',
    ]) {
      const { ending } = await runIt(caught(program), { expressions });
      expect(ending, program).toMatchObject({
        type: 'run.completed',
        output: { code: 'EXPRESSION_FAILED', alive: 42 },
      });
    }
    const refused = await runIt(caught('env'), { expressions });
    expect(refused.ending).toMatchObject({ output: { detail: expect.stringContaining('not available') as string } });
    await expressions.close();
  },
);
