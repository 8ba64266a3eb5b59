import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { StepFailure } from './errors.ts';
import { Died, ManualClock, runIt, StepDoubles } from './engine-for-tests.ts';

const unsafe = { effect: 'unsafe' } as const;
const failedAt = (bodies: readonly RunEventBody[], position: string) =>
  bodies.find((body) => body.type === 'step.failed' && body.position === position);
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });

describe('a call', () => {
  it('is recorded with effect, rule, reference and digest before it acts', async () => {
    const order: string[] = [];
    const steps = new StepDoubles().add('act', unsafe, () => order.push('acted') && 1);
    const { bodies } = await runIt('do:\n  - a: { call: act, with: { n: 1 } }', {
      steps,
      onEvent: (body) => void order.push(body.type),
    });
    expect(order).toEqual(['run.started', 'step.started', 'acted', 'step.completed', 'run.completed']);
    expect(bodies[1]).toMatchObject({
      task: 'call',
      call: 'act:1.0.0',
      effect: 'unsafe',
      onRestart: 'suspend',
      inputDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('is recorded with what it saw, however much a page or a window says', async () => {
    const long = 'x'.repeat(9_000);
    const candidates = Array.from({ length: 30 }, () => long);
    const steps = new StepDoubles().add('act', unsafe, (_, context) => {
      context.see({ page: { url: long, title: long }, window: { title: long, application: long } });
      context.see({ target: { selector: long, found: long, matches: 30, candidates } });
      return 1;
    });
    const { bodies, ending } = await runIt('do:\n  - a: { call: act }', { steps });
    expect(ending.type).toBe('run.completed');
    const end = bodies.find((body) => body.type === 'step.completed');
    expect(end?.seen?.page).toEqual({ url: 'x'.repeat(4_000), title: 'x'.repeat(1_000) });
    expect(end?.seen?.target?.candidates).toHaveLength(10);
  });

  it('does not act when its start cannot be recorded, and ends without an ending', async () => {
    const steps = new StepDoubles().add('act', unsafe, () => 1);
    const run = runIt('do:\n  - a: { call: act }', { steps, dieAfter: 1 });
    await expect(run).rejects.toMatchObject({ name: 'RecordingFailed', cause: expect.any(Died) as unknown });
    expect(steps.calls).toEqual([]);
  });

  it('does not act when what led to it could not be recorded, though the run went ahead of it', async () => {
    const steps = new StepDoubles().add('act', unsafe, () => 1);
    const yaml = `do:\n${'abcdefgh'.replaceAll(/./g, '  - $&: { set: { n: 1 } }\n')}  - last: { call: act }`;
    for (let dieAfter = 1; dieAfter < 18; dieAfter += 1) {
      const events: RunEvent[] = [];
      const run = runIt(yaml, { steps, dieAfter, ahead: 100 }, events);
      await expect(run, `after ${dieAfter}`).rejects.toMatchObject({ name: 'RecordingFailed' });
      expect(events).toHaveLength(dieAfter);
    }
    expect(steps.calls).toEqual([]);
    const { events } = await runIt(yaml, { steps, ahead: 100 });
    const waiting = await runIt(yaml, { steps });
    expect(events.map(({ body }) => body.type)).toEqual(waiting.events.map(({ body }) => body.type));
  });

  it('goes on while the start of a step that may be repeated is under way; no other start, whatever the rule says', async () => {
    const steps = new StepDoubles().add('look', {}, () => 1).add('act', unsafe, () => 1);
    const before = async (call: string): Promise<number> => {
      let atStart = 0;
      const yaml = `do:\n  - a: { ${call} }`;
      const { events } = await runIt(yaml, {
        ...{ steps, ahead: 100 },
        onEvent: async ({ type }) => {
          const calls = steps.calls.length;
          if (type !== 'step.started') return;
          await new Promise(setImmediate);
          atStart = steps.calls.length - calls;
        },
      });
      expect(events.map(({ body }) => body.type)).toEqual([
        'run.started',
        'step.started',
        'step.completed',
        'run.completed',
      ]);
      return atStart;
    };
    expect(await before('call: look')).toBe(1);
    expect(await before('call: look, metadata: { rpa: { onRestart: suspend } }')).toBe(0);
    expect(await before('call: act')).toBe(0);
    expect(await before('call: act, metadata: { rpa: { onRestart: rerun } }')).toBe(0);
  });

  it('refuses an unknown step and arguments that do not fit, without a doubt', async () => {
    const steps = new StepDoubles().add('act', { ...unsafe, with: z.strictObject({ n: z.number() }) }, () => 1);
    const unknown = await runIt('do:\n  - a: { call: nothing }', { steps });
    expect(unknown.ending).toMatchObject({ type: 'run.failed', error: { code: 'STEP_UNKNOWN', instance: '/do/0/a' } });
    const bad = await runIt('do:\n  - a: { call: act, with: { n: x } }', { steps });
    expect(bad.ending).toMatchObject({
      type: 'run.failed',
      error: { status: 400, code: 'STEP_ARGUMENTS_INVALID', detail: expect.stringContaining('with.n') as string },
    });
    expect(steps.calls).toEqual([]);
  });

  it('takes the rule from the task, else around it, else the document', async () => {
    const steps = new StepDoubles().add('act', unsafe, () => 1);
    const yaml = `document: { dsl: '1.0.3', namespace: t, name: t, version: '1.0.0', metadata: { rpa: { onRestart: restartScope } } }
do:
  - a: { call: act }
  - b:
      metadata: { rpa: { onRestart: verify } }
      do:
        - c: { call: act }
        - d: { call: act, metadata: { rpa: { onRestart: rerun, effect: idempotent } } }
`;
    const { bodies } = await runIt(yaml, { steps });
    const rules = bodies.flatMap((body) =>
      body.type === 'step.started' && body.task === 'call' ? [body.onRestart] : [],
    );
    expect(rules).toEqual(['restartScope', 'verify', 'rerun']);
  });

  it('fails on an output it does not declare or that is too large', async () => {
    const steps = new StepDoubles()
      .add('odd', { output: z.number() }, () => 'text')
      .add('big', {}, () => 'x'.repeat(300_000));
    expect((await runIt('do:\n  - a: { call: odd }', { steps })).ending).toMatchObject({
      error: { code: 'STEP_OUTPUT_INVALID' },
    });
    expect((await runIt('do:\n  - a: { call: big }', { steps })).ending).toMatchObject({
      error: { code: 'OUTPUT_TOO_LARGE', detail: expect.stringContaining('write a file') as string },
    });
  });
});

describe('doubt', () => {
  const failing = (thrown: Error) => new StepDoubles().add('act', unsafe, () => Promise.reject(thrown));
  const uncertain = new StepFailure({ type: 'timeout', title: 'Timed out' });
  const handled = (rpa = '') => `do:\n  - t:\n      try: [ { a: { call: act${rpa} } } ]\n      catch: { as: e }\n`;

  it('suspends the run after an uncertain failure, which the document cannot catch', async () => {
    const { ending, bodies } = await runIt(handled(), { steps: failing(uncertain) });
    expect(ending).toMatchObject({ type: 'run.suspended', position: '/do/0/t{1}/try/0/a' });
    expect(ending).toMatchObject({ reason: expect.stringMatching(/act failed and may have acted/) as string });
    expect(failedAt(bodies, '/do/0/t{1}/try/0/a')).toMatchObject({ certain: false });
    expect(failedAt(bodies, '/do/0/t')).toMatchObject({ certain: true });
  });

  it('suspends after an exception nobody foresaw', async () => {
    const { ending, bodies } = await runIt(handled(), { steps: failing(new Error('boom')) });
    expect(ending.type).toBe('run.suspended');
    expect(failedAt(bodies, '/do/0/t{1}/try/0/a')).toMatchObject({
      certain: false,
      error: { status: 500, code: 'STEP_CRASHED', detail: 'Error: boom' },
    });
  });

  it.each([
    "output: { as: '.a | error' }",
    "export: { as: '.a | error' }",
    'output: { schema: { document: { type: string } } }',
  ])('stays when the step acted and what comes after it fails: %s', async (after) => {
    const steps = new StepDoubles().add('act', unsafe, () => ({ a: 1 })).add('read', {}, () => ({ a: 1 }));
    const yaml = `do:\n  - t:\n      try: [ { a: { call: act, ${after} } } ]\n      catch: { as: e }\n`;
    const { ending, bodies } = await runIt(yaml, { steps });
    expect(ending).toMatchObject({ type: 'run.suspended', position: '/do/0/t{1}/try/0/a' });
    expect(failedAt(bodies, '/do/0/t{1}/try/0/a')).toMatchObject({ certain: false });
    expect((await runIt(yaml.replace('call: act', 'call: read'), { steps })).ending.type).toBe('run.completed');
  });

  it.each(['rerun', 'verify', 'restartScope'])('lets the document catch it under %s', async (rule) => {
    const rpa = `, metadata: { rpa: { onRestart: ${rule} } }`;
    expect((await runIt(handled(rpa), { steps: failing(uncertain) })).ending.type).toBe('run.completed');
  });

  it('is none when the step says that it did not act', async () => {
    const steps = failing(new StepFailure({ type: 'runtime', title: 'Not found', status: 404, certain: true }));
    expect((await runIt(handled(), { steps })).ending.type).toBe('run.completed');
    expect((await runIt('do:\n  - a: { call: act }', { steps })).ending).toMatchObject({
      type: 'run.failed',
      error: { status: 404, title: 'Not found', instance: '/do/0/a' },
    });
  });
});

describe('timeouts', () => {
  const waiting = (clock: ManualClock, expire: number, effect: 'unsafe' | 'idempotent' = 'idempotent') =>
    new StepDoubles().add('wait', { effect, defaultTimeoutMs: 30_000 }, (_args, context) => {
      queueMicrotask(() => clock.expire(expire));
      return untilAborted(context.signal);
    });

  it("stop a step at the task's deadline, or at its own default", async () => {
    const clock = new ManualClock();
    const byTask = await runIt('do:\n  - a: { call: wait, timeout: { after: { seconds: 7 } } }', {
      clock,
      steps: waiting(clock, 7_000),
    });
    expect(byTask.ending).toMatchObject({
      type: 'run.failed',
      error: { type: expect.stringMatching(/timeout$/) as string, status: 408, code: 'TIMED_OUT', instance: '/do/0/a' },
    });
    const byDefault = await runIt('do:\n  - a: { call: wait }', { clock, steps: waiting(clock, 30_000) });
    expect(byDefault.ending).toMatchObject({ error: { status: 408 } });
  });

  it('leave a step behind that does not stop', async () => {
    const clock = new ManualClock();
    const steps = new StepDoubles().add('deaf', {}, (_args, context) => {
      context.signal.addEventListener('abort', () => queueMicrotask(() => clock.expire(5_000)));
      queueMicrotask(() => clock.expire(30_000));
      return new Promise(() => {});
    });
    expect((await runIt('do:\n  - a: { call: deaf }', { clock, steps })).ending).toMatchObject({
      error: { status: 408 },
    });
  });

  it('of a task around hold for what is inside, and no inner try catches them', async () => {
    const clock = new ManualClock();
    const yaml = `
do:
  - outer:
      timeout: { after: PT9S }
      do:
        - t: { try: [ { a: { call: wait } } ], catch: { as: e } }
`;
    expect((await runIt(yaml, { clock, steps: waiting(clock, 9_000) })).ending).toMatchObject({
      type: 'run.failed',
      error: { status: 408, instance: '/do/0/outer' },
    });
  });

  it('of a task around keep the doubt about an unsafe step inside', async () => {
    const clock = new ManualClock();
    const yaml = `
do:
  - t:
      try: [ { outer: { timeout: { after: PT9S }, do: [ { a: { call: wait } } ] } } ]
      catch: { as: e }
`;
    expect((await runIt(yaml, { clock, steps: waiting(clock, 9_000, 'unsafe') })).ending).toMatchObject({
      type: 'run.suspended',
      position: '/do/0/t{1}/try/0/outer/do/0/a',
    });
  });

  it('of the workflow end the run as timed out', async () => {
    const clock = new ManualClock();
    const yaml = 'timeout: { after: PT11S }\ndo:\n  - a: { call: wait }';
    expect((await runIt(yaml, { clock, steps: waiting(clock, 11_000) })).ending).toMatchObject({
      type: 'run.timed_out',
      error: { status: 408, instance: '' },
    });
  });
});

describe('cancelling', () => {
  const two = 'do:\n  - a: { call: act }\n  - b: { call: act }';

  it('aborts the step, records what it says, and ends the run as cancelled', async () => {
    const cancel = new AbortController();
    const steps = new StepDoubles().add('act', {}, (_args, context) => {
      queueMicrotask(() => cancel.abort(new Error('Anna asked for it')));
      return untilAborted(context.signal);
    });
    const { ending, bodies } = await runIt(two, { steps, signal: cancel.signal });
    expect(ending).toEqual({ type: 'run.cancelled', reason: 'Anna asked for it' });
    expect(failedAt(bodies, '/do/0/a')).toMatchObject({ certain: true });
    expect(steps.calls).toHaveLength(1);
  });

  it('records an unsafe step that finishes in the grace period, and starts no other', async () => {
    const cancel = new AbortController();
    const steps = new StepDoubles().add('act', unsafe, (_args, context) => {
      queueMicrotask(() => cancel.abort('stop'));
      return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve('done all the same')));
    });
    const { ending, bodies } = await runIt(two, { steps, signal: cancel.signal });
    expect(ending).toEqual({ type: 'run.cancelled', reason: 'stop' });
    expect(bodies).toContainEqual(expect.objectContaining({ type: 'step.completed', output: 'done all the same' }));
    expect(steps.calls).toHaveLength(1);
  });

  it('leaves an unsafe step that never settles in doubt', async () => {
    const cancel = new AbortController();
    const clock = new ManualClock();
    const steps = new StepDoubles().add('act', unsafe, (_args, context) => {
      context.signal.addEventListener('abort', () => queueMicrotask(() => clock.expire(5_000)));
      queueMicrotask(() => cancel.abort('stop'));
      return new Promise(() => {});
    });
    const { bodies } = await runIt(two, { steps, clock, signal: cancel.signal });
    expect(bodies.map((body) => body.type)).toEqual(['run.started', 'step.started', 'run.cancelled']);
  });

  it('while its start is being recorded does not let the step act', async () => {
    const cancel = new AbortController();
    const steps = new StepDoubles().add('act', unsafe, () => 1);
    const { bodies } = await runIt(two, {
      steps,
      signal: cancel.signal,
      onEvent: (body) => {
        if (body.type === 'step.started') cancel.abort('stop');
      },
    });
    expect(steps.calls).toEqual([]);
    expect(bodies.map((body) => body.type)).toEqual(['run.started', 'step.started', 'step.failed', 'run.cancelled']);
    expect(bodies[2]).toMatchObject({ certain: true, error: { code: 'STOPPED_BEFORE_ACTING' } });
  });

  it('before the start ends at once', async () => {
    const { bodies } = await runIt(two, { signal: AbortSignal.abort(new Error('never mind')) });
    expect(bodies.map((body) => body.type)).toEqual(['run.started', 'run.cancelled']);
  });
});

describe('secrets', () => {
  const secrets = { portal: { user: 'anna@example.com', password: 'hunter22"x' } };
  const yaml = `
use: { secrets: [portal] }
do:
  - signIn:
      input: { from: '{ pass: $secrets.portal.password }' }
      do:
        - fill: { call: type, with: { text: '\${ "pw: " + .pass }' }, output: { as: '{ echo: ., input: $input }' } }
`;

  it('reach steps as values and everything else as handles or masked', async () => {
    const steps = new StepDoubles().add('type', {}, async (args, context) => {
      await context.log('info', `typing ${String(args['text'])}`);
      return {
        typed: args['text'],
        encoded: Buffer.from(String(args['text'])).toString('base64'),
        used: context.usesSecret,
      };
    });
    const { ending, events } = await runIt(yaml, { secrets, steps });
    expect(steps.calls[0]?.args).toEqual({ text: 'pw: hunter22"x' });
    expect(ending).toMatchObject({ output: { echo: { typed: 'pw: ***', used: true } } });
    const start = events.find(({ body }) => body.type === 'step.started' && body.call !== undefined);
    expect(start?.body).toMatchObject({ input: { text: 'pw: $secrets.portal.password' } });
    const everything = JSON.stringify(events);
    expect(everything).toContain('typing pw: ***');
    expect(everything).not.toContain('hunter22');
    expect(everything).not.toContain(Buffer.from('hunter22').toString('base64').slice(0, 8));
  });

  it('are masked in errors, also those the document catches', async () => {
    const steps = new StepDoubles().add('type', {}, (args) => Promise.reject(new Error(`bad ${String(args['text'])}`)));
    const { events, ending } = await runIt(yaml, { secrets, steps });
    expect(ending).toMatchObject({ error: { detail: 'Error: bad pw: ***' } });
    expect(JSON.stringify(events)).not.toContain('hunter22');
  });
});
