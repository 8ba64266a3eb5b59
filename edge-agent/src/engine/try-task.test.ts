import { describe, expect, it } from 'vitest';
import { StepFailure, standardType } from './errors.ts';
import { ManualClock, runIt, StepDoubles } from './engine-for-tests.ts';

const raise = (status: number, type = 'urn:x') => `raise: { error: { type: '${type}', status: ${status}, title: T } }`;
const caught = (clause: string, what: string) =>
  `do:\n  - t:\n      try: [ { a: { ${what} } } ]\n      catch: { ${clause}, do: [ { c: { set: { caught: true } } } ] }\n`;

describe('catch', () => {
  it.each([
    ['nothing said', 'as: e', true],
    ['the same status', 'errors: { with: { status: 503 } }', true],
    ['another status', 'errors: { with: { status: 500 } }', false],
    ['the same title', 'errors: { with: { title: T } }', true],
    ['another type', "errors: { with: { type: 'urn:y' } }", false],
    ['the same place', 'errors: { with: { instance: /do/0/t/try/0/a } }', true],
    ['when it holds', 'when: $error.status == 503', true],
    ['when it does not hold', 'when: $error.status == 500', false],
    ['except when it holds', 'as: e, exceptWhen: $e.status == 503', false],
  ])('%s', async (_what, clause, isCaught) => {
    const { ending } = await runIt(caught(clause, raise(503)));
    expect(ending.type).toBe(isCaught ? 'run.completed' : 'run.failed');
  });

  it.each([
    'https://open-workflow-specification.org/spec/1.0.0/errors/communication',
    'https://open-workflow-specification.org/dsl/errors/types/communication',
    'https://serverlessworkflow.io/spec/1.0.0/errors/communication',
    'https://serverlessworkflow.io/dsl/errors/types/communication',
  ])('knows standard errors under %s', async (type) => {
    const steps = new StepDoubles().add('down', {}, () => {
      throw new StepFailure({ type: 'communication', status: 503, title: 'Down' });
    });
    const yaml = (wanted: string) => caught(`errors: { with: { type: '${wanted}' } }`, 'call: down');
    expect((await runIt(yaml(type), { steps })).ending.type).toBe('run.completed');
    expect((await runIt(yaml(type.replace('communication', 'timeout')), { steps })).ending.type).toBe('run.failed');
  });

  it('does not treat types of users as standard ones', async () => {
    const wanted = "errors: { with: { type: 'https://example.com/errors/timeout' } }";
    expect((await runIt(caught(wanted, raise(408, standardType('timeout'))))).ending.type).toBe('run.failed');
  });

  it('shows the error and passes the input on when there is nothing to do', async () => {
    const shown = `do:\n  - t:\n      try: [ { a: { ${raise(503)} } } ]\n      catch: { as: err, do: [ { c: { set: '\${ $err }' } } ] }`;
    expect((await runIt(shown)).ending).toMatchObject({
      output: { type: 'urn:x', status: 503, title: 'T', instance: '/do/0/t/try/0/a' },
    });
    const silent = `do:\n  - t: { try: [ { a: { ${raise(503)} } } ], catch: { as: err } }`;
    expect((await runIt(silent, { input: { n: 1 } })).ending).toMatchObject({ output: { n: 1 } });
  });
});

describe('retry', () => {
  const flaky = (failures: number) => {
    let left = failures;
    return new StepDoubles().add('flaky', {}, () => {
      left -= 1;
      if (left >= 0) throw new StepFailure({ type: 'communication', status: 503, title: 'Down' });
      return 'up';
    });
  };
  const retried = (policy: string, more = '') =>
    `use: { retries: { again: ${policy} } }\ndo:\n  - t: { try: [ { a: { call: flaky } } ], catch: { errors: { with: { status: 503 } }, retry: again${more} } }`;

  it('attempts again after growing delays, each attempt recorded at a position of its own', async () => {
    const clock = new ManualClock();
    const steps = flaky(2);
    const policy = '{ delay: { seconds: 2 }, backoff: { exponential: {} }, limit: { attempt: { count: 3 } } }';
    const { ending, bodies } = await runIt(retried(policy), { steps, clock });
    expect(ending).toMatchObject({ type: 'run.completed', output: 'up' });
    expect(clock.slept).toEqual([2_000, 4_000]);
    expect(steps.calls.map((call) => call.position)).toEqual([
      '/do/0/t{1}/try/0/a',
      '/do/0/t{2}/try/0/a',
      '/do/0/t{3}/try/0/a',
    ]);
    expect(bodies.flatMap((body) => (body.type === 'step.failed' ? [body.position] : []))).toEqual([
      '/do/0/t{1}/try/0/a',
      '/do/0/t{1}',
      '/do/0/t{2}/try/0/a',
      '/do/0/t{2}',
    ]);
  });

  it('throws on, or handles, when the retries are used up', async () => {
    const policy = '{ limit: { attempt: { count: 1 } } }';
    const steps = flaky(9);
    expect((await runIt(retried(policy), { steps })).ending).toMatchObject({
      type: 'run.failed',
      error: { status: 503, instance: '/do/0/t/try/0/a' },
    });
    expect(steps.calls).toHaveLength(2);
    const handled = retried(policy, ', do: [ { h: { set: { gaveUp: true } } } ]');
    expect((await runIt(handled, { steps })).ending).toMatchObject({ output: { gaveUp: true } });
  });

  it("asks the policy's own conditions", async () => {
    const steps = flaky(9);
    await runIt(retried('{ when: $error.status == 500 }'), { steps });
    await runIt(retried('{ exceptWhen: $error.status == 503 }'), { steps });
    expect(steps.calls).toHaveLength(2);
  });

  it('stops retrying when its duration is over', async () => {
    const steps = flaky(99);
    await runIt(retried('{ delay: { seconds: 10 }, limit: { duration: { seconds: 25 } } }'), { steps });
    expect(steps.calls).toHaveLength(3);
  });

  it('bounds each attempt', async () => {
    const clock = new ManualClock();
    const steps = new StepDoubles().add('flaky', {}, (_args, context) => {
      if (steps.calls.length === 2) return 'up';
      queueMicrotask(() => clock.expire(7_000));
      return new Promise((_resolve, reject) => {
        context.signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    });
    const yaml = retried('{ limit: { attempt: { count: 1, duration: PT7S } } }').replace('503', '408');
    expect((await runIt(yaml, { steps, clock })).ending).toMatchObject({ output: 'up' });
  });
});
