import { describe, expect, it } from 'vitest';
import type { Json } from '@casare/shared/workflow';
import { runIt, StepDoubles } from './engine-for-tests.ts';

/** Runs a document that must succeed and yields its output. */
async function output(yaml: string, input: Json = {}, steps?: StepDoubles): Promise<unknown> {
  const { ending } = await runIt(yaml, { input, ...(steps === undefined ? {} : { steps }) });
  if (ending.type !== 'run.completed') throw new Error(JSON.stringify(ending));
  return ending.output;
}

/** Runs a document that must fail and yields the error. */
async function error(yaml: string, input: Json = {}, steps?: StepDoubles): Promise<unknown> {
  const { ending } = await runIt(yaml, { input, ...(steps === undefined ? {} : { steps }) });
  if (ending.type !== 'run.failed') throw new Error(JSON.stringify(ending));
  return ending.error;
}

describe('data flow', () => {
  it('passes each output on, through input.from, output.as and export.as', async () => {
    const yaml = `
do:
  - first:
      input: { from: .user }
      set: { name: '\${ .name }', raw: '\${ $task.input.user.name }', same: '\${ $input == . }' }
      output: { as: '{ name: (.name | ascii_upcase), raw, same }' }
      export: { as: '{ seen: $output.name, all: . }' }
  - second: { set: '{ got: .name, context: $context.seen }' }
`;
    expect(await output(yaml, { user: { name: 'anna' } })).toEqual({ got: 'ANNA', context: 'ANNA' });
  });

  it('changes $context by exports only; it starts as the input of the workflow', async () => {
    const yaml = `
input: { from: '{ a: .n }' }
do:
  - one: { set: { b: 2 } }
  - two: { set: '\${ $context }' }
output: { as: '{ context: $context, last: . }' }
`;
    expect(await output(yaml, { n: 1 })).toEqual({ context: { a: 1 }, last: { a: 1 } });
  });

  it('evaluates objects deeply and leaves other texts alone', async () => {
    const yaml = `
do:
  - a: { set: { list: ['\${ .n }', 'x \${ .n }', { deep: '\${ .n + 1 }' }], plain: .n, "yes": true } }
`;
    expect(await output(yaml, { n: 1 })).toEqual({
      list: [1, 'x ${ .n }', { deep: 2 }],
      plain: '.n',
      yes: true,
    });
  });

  it('tells tasks about task, workflow and runtime', async () => {
    const yaml = `
do:
  - a:
      set:
        task: '\${ [$task.name, $task.reference, $task.definition.metadata.note] }'
        workflow: '\${ [$workflow.definition.document.name, $workflow.input.n, ($workflow.startedAt.iso8601 | .[0:4])] }'
        runtime: '\${ $runtime.name }'
      metadata: { note: mine }
`;
    expect(await output(yaml, { n: 1 })).toEqual({
      task: ['a', '/do/0/a', 'mine'],
      workflow: ['test', 1, '2026'],
      runtime: 'Casare',
    });
  });

  it.each([
    [
      'the input of the workflow',
      'input: { schema: { document: { required: [x] } } }\ndo:\n  - a: { set: { y: 1 } }',
      '',
    ],
    [
      'the input of a task',
      'do:\n  - a: { input: { schema: { document: { required: [x] } } }, set: { y: 1 } }',
      '/do/0/a',
    ],
    [
      'the output of a task',
      'do:\n  - a: { set: { y: 1 }, output: { schema: { document: { required: [x] } } } }',
      '/do/0/a',
    ],
    [
      'an export',
      'do:\n  - a: { set: { y: 1 }, export: { as: ., schema: { document: { required: [x] } } } }',
      '/do/0/a',
    ],
    [
      'the output of the workflow',
      'output: { schema: { document: { required: [x] } } }\ndo:\n  - a: { set: { y: 1 } }',
      '',
    ],
  ])('checks %s against its schema', async (_what, yaml, instance) => {
    expect(await error(yaml)).toMatchObject({
      type: expect.stringMatching(/errors\/validation$/) as string,
      status: 400,
      code: 'DATA_INVALID',
      detail: expect.stringContaining("'x'") as string,
      ...(instance === '' ? {} : { instance }),
    });
  });

  it('fails a task by an expression that fails, with its place', async () => {
    expect(await error("do:\n  - a: { do: [ { b: { set: { x: '${ .n.x }' } } } ] }", { n: 1 })).toMatchObject({
      status: 400,
      code: 'EXPRESSION_FAILED',
      instance: '/do/0/a/do/0/b',
    });
  });

  it('does not show secrets outside input.from', async () => {
    const yaml = "do:\n  - a: { set: { x: '${ $secrets }' } }";
    expect(await error(yaml)).toMatchObject({ code: 'EXPRESSION_FAILED' });
  });

  it('refuses an output too large to record', async () => {
    expect(await error('do:\n  - a: { set: { x: \'${ "x" * 300000 }\' } }')).toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
    });
  });
});

describe('flow', () => {
  const add = (name: string, then = '') => `  - ${name}: { set: { l: '\${ .l + ["${name}"] }' }${then} }\n`;

  it('goes on, jumps, leaves the list and ends the workflow', async () => {
    expect(await output(`do:\n${add('a', ', then: c')}${add('b', ', then: end')}${add('c', ', then: b')}`)).toEqual({
      l: ['a', 'c', 'b'],
    });
    const inner = (then: string) =>
      `do:\n  - outer:\n      do:\n        - a: { set: { l: [a] }, then: ${then} }\n        - b: { set: { l: [b] } }\n${add('c')}`;
    expect(await output(inner('exit'))).toEqual({ l: ['a', 'c'] });
    expect(await output(inner('end'))).toEqual({ l: ['a'] });
    expect(await output(inner('continue'))).toEqual({ l: ['b', 'c'] });
  });

  it('records a skipped task and passes its input on', async () => {
    const { ending, bodies } = await runIt("do:\n  - a: { if: '.n > 1', set: { no: 1 } }\n  - b: { set: '.' }", {
      input: { n: 1 },
    });
    expect(ending).toMatchObject({ output: { n: 1 } });
    expect(bodies.filter((body) => body.type === 'step.skipped')).toEqual([
      { type: 'step.skipped', path: '/do/0/a', position: '/do/0/a', name: 'a' },
    ]);
  });

  it('gives a task that is visited again a position of its own, and ends a loop that never does', async () => {
    const yaml = `do:\n  - a: { set: { n: '\${ .n + 1 }' } }\n  - b: { if: .n < 3, set: ., then: a }\n`;
    const { bodies, ending } = await runIt(yaml);
    expect(ending).toMatchObject({ output: { n: 3 } });
    const positions = bodies.flatMap((body) => (body.type === 'step.completed' ? [body.position] : []));
    expect(positions).toEqual(['/do/0/a', '/do/1/b', '/do/0/a(2)', '/do/1/b(2)', '/do/0/a(3)']);
  });

  it('loops over items with item, index and while', async () => {
    const yaml = `
do:
  - loop:
      for: { each: c, in: .colors, at: i }
      while: '(.done | length) < 2'
      do:
        - mark: { set: { colors: '\${ .colors }', done: '\${ .done + ["\\($i)\\($c)"] }' } }
`;
    const { ending, bodies } = await runIt(yaml, { input: { colors: ['r', 'g', 'b'] } });
    expect(ending).toMatchObject({ output: { done: ['0r', '1g'] } });
    expect(bodies).toContainEqual(
      expect.objectContaining({
        type: 'step.completed',
        path: '/do/0/loop/do/0/mark',
        position: '/do/0/loop[1]/do/0/mark',
      }),
    );
  });

  it('refuses to loop over anything but an array, and passes the input on over none', async () => {
    const loop = (over: string) => `do:\n  - l: { for: { in: ${over} }, do: [ { a: { set: { x: 1 } } } ] }`;
    expect(await error(loop('.n'), { n: 5 })).toMatchObject({ code: 'FOR_NEEDS_AN_ARRAY' });
    expect(await output(loop('.n'), { n: [] })).toEqual({ n: [] });
  });

  it('switches to the first case that holds, else the default', async () => {
    const yaml = `
do:
  - which:
      switch:
        - red: { when: .color == "red", then: isRed }
        - other: { then: isOther }
  - isRed: { set: { is: red }, then: end }
  - isOther: { set: { is: other } }
`;
    expect(await output(yaml, { color: 'red' })).toEqual({ is: 'red' });
    expect(await output(yaml, { color: 'blue' })).toEqual({ is: 'other' });
  });

  it('runs branches at the same time and keeps their order', async () => {
    const started: string[] = [];
    let release = () => {};
    const bothStarted = new Promise<void>((resolve) => (release = resolve));
    const steps = new StepDoubles().add('meet', {}, async (args) => {
      started.push(String(args['n']));
      if (started.length === 2) release();
      await bothStarted;
      return args['n'];
    });
    const yaml =
      'do:\n  - f: { fork: { branches: [ { a: { call: meet, with: { n: 1 } } }, { b: { call: meet, with: { n: 2 } } } ] } }';
    expect(await output(yaml, {}, steps)).toEqual([1, 2]);
  });

  it('takes the first branch to succeed and stops the others', async () => {
    let stopped = false;
    const steps = new StepDoubles()
      .add('quick', {}, () => 'won')
      .add('broken', {}, () => Promise.reject(new Error('no')))
      .add('slow', {}, (_args, context) => {
        return new Promise((_resolve, reject) => {
          context.signal.addEventListener('abort', () => {
            stopped = true;
            reject(new Error('stopped'));
          });
        });
      });
    const yaml =
      'do:\n  - f: { fork: { compete: true, branches: [ { a: { call: slow } }, { b: { call: broken } }, { c: { call: quick } } ] } }';
    expect(await output(yaml, {}, steps)).toBe('won');
    expect(stopped).toBe(true);
  });

  it('emits a CloudEvent', async () => {
    const yaml =
      "do:\n  - e: { emit: { event: { with: { source: 'https://x', type: t.v1, data: { n: '${ .n }' } } } } }";
    expect(await output(yaml, { n: 1 })).toMatchObject({
      specversion: '1.0',
      source: 'https://x',
      type: 't.v1',
      data: { n: 1 },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it('calls functions of the document with their arguments as input', async () => {
    const yaml = `
use: { functions: { double: { set: { twice: '\${ .n * 2 }' } } } }
do:
  - a: { call: double, with: { n: '\${ .x }' } }
`;
    expect(await output(yaml, { x: 4 })).toEqual({ twice: 8 });
  });

  it('ends recursion without bound', async () => {
    const yaml = 'use: { functions: { again: { do: [ { a: { call: again } } ] } } }\ndo:\n  - a: { call: again }';
    expect(await error(yaml)).toMatchObject({ code: 'RUN_TOO_LARGE' });
  });
});

describe('the record of a run', () => {
  it('starts with run.started, ends with one ending, and starts every step before it ends', async () => {
    const yaml =
      "do:\n  - a: { do: [ { b: { set: { x: 1 } } }, { c: { raise: { error: { type: 'urn:x', status: 418 } } } } ] }";
    const { bodies } = await runIt(yaml);
    expect(bodies.map((body) => ('position' in body ? `${body.type} ${body.position}` : body.type))).toEqual([
      'run.started',
      'step.started /do/0/a',
      'step.started /do/0/a/do/0/b',
      'step.completed /do/0/a/do/0/b',
      'step.started /do/0/a/do/1/c',
      'step.failed /do/0/a/do/1/c',
      'step.failed /do/0/a',
      'run.failed',
    ]);
    expect(bodies.at(-1)).toMatchObject({ error: { type: 'urn:x', status: 418, instance: '/do/0/a/do/1/c' } });
  });
});
