/** `run.workflow`: another document as a part of the run, and nothing of the one around it reaches in. */
import { embedSubWorkflows, longestDurationMs, unsafeReachable, type Workflow } from '@casare/shared/workflow';
import type { RunEvent } from '@casare/shared/protocol';
import { describe, expect, it } from 'vitest';
import { Died, ManualClock, runIt, StepDoubles, workflow } from './engine-for-tests.ts';

const SUB = `document: { dsl: '1.0.3', namespace: test, name: sub, version: '1.0.0', metadata: { rpa: { onRestart: rerun } } }
input: { schema: { document: { type: object, required: [n] } } }
use: { secrets: [inner], functions: { tell: { call: do, with: { who: sub } } } }
do:
  - first: { call: tell }
  - second:
      input: { from: '{ secrets: $secrets, context: $context, name: $workflow.definition.document.name, input: . }' }
      set: '\${ . }'
output: { as: '{ seen: ., n: $workflow.input.n }' }
`;
const TOP = `
use: { secrets: [outer], functions: { tell: { call: do, with: { who: top } } } }
do:
  - keep: { set: { kept: true }, export: { as: . } }
  - sub: { run: { workflow: { namespace: test, name: sub, version: 1.0.0, input: { n: '\${ 40 + 2 }' } } } }
  - after: { set: { sub: '\${ . }', context: '\${ $context }' } }
`;

function whole(top: string, sub: string): Workflow {
  const embedded = embedSubWorkflows(workflow(top), new Map([['test/sub@1.0.0', workflow(sub)]]));
  if (!embedded.ok) throw new Error(JSON.stringify(embedded.findings));
  return embedded.document;
}
const does = () => new StepDoubles().add('do', {}, ({ who }) => ({ by: who }));

describe('a sub-workflow', () => {
  it('gets its input, gives its output, and has context, functions and secrets of its own', async () => {
    const secrets = { inner: 'inner-value', outer: 'outer-value' };
    const { ending, bodies } = await runIt(whole(TOP, SUB), { steps: does(), secrets });
    expect(ending).toMatchObject({
      type: 'run.completed',
      output: {
        sub: {
          n: 42,
          seen: {
            context: { n: 42 },
            name: 'sub',
            input: { by: 'sub' },
            secrets: { inner: expect.any(String) as string },
          },
        },
        context: { kept: true },
      },
    });
    expect(JSON.stringify(ending)).not.toContain('outer');
    const at = bodies.flatMap((body) => (body.type === 'step.started' ? [[body.position, body.path]] : []));
    expect(at).toContainEqual(['/do/1/sub/workflow/do/0/first/call', '/use/functions/tell']);
    expect(at).toContainEqual([
      '/do/1/sub/workflow/do/1/second',
      '/document/metadata/rpa/workflows/test~1sub@1.0.0/do/1/second',
    ]);
  });

  it('checks its input', async () => {
    const { ending } = await runIt(whole(TOP.replace(', input: { n:', ', input: { m:'), SUB), { steps: does() });
    expect(ending).toMatchObject({ type: 'run.failed', error: { status: 400 } });
  });

  it('has a timeout of its own, which is an error that the document around it can catch', async () => {
    const slow = `${SUB.slice(0, SUB.indexOf('input:'))}timeout: { after: { seconds: 7 } }\ndo: [{ a: { call: hang } }]\n`;
    const steps = new StepDoubles().add(
      'hang',
      {},
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    const caught = `
do:
  - t:
      try: [{ sub: { run: { workflow: { namespace: test, name: sub, version: 1.0.0 } } } }]
      catch: { errors: { with: { status: 408 } }, do: [{ c: { set: { caught: true } } }] }
`;
    const clock = new ManualClock();
    const { ending } = await runIt(whole(caught, slow), {
      steps,
      clock,
      onEvent: (body) => {
        if (body.type === 'step.started' && body.call !== undefined) queueMicrotask(() => clock.expire(7_000));
      },
    });
    expect(ending).toMatchObject({ type: 'run.completed', output: { caught: true } });
  });

  it('ends alone with `then: end`', async () => {
    const early = `${SUB.slice(0, SUB.indexOf('input:'))}do: [{ a: { set: { early: true }, then: end } }, { b: { set: { late: true } } }]\n`;
    const { ending } = await runIt(whole(TOP, early), { steps: does() });
    expect(ending).toMatchObject({ output: { sub: { early: true }, context: { kept: true } } });
  });

  it('goes on where it stood when its worker died, wherever that was', async () => {
    const reference = await runIt(whole(TOP, SUB), { steps: does(), secrets: { inner: 'inner-value' } });
    for (let dieAfter = 1; dieAfter < reference.events.length; dieAfter++) {
      const steps = does();
      const journal: RunEvent[] = [];
      const died = runIt(whole(TOP, SUB), { steps, secrets: { inner: 'inner-value' }, dieAfter }, journal);
      await expect(died).rejects.toMatchObject({ cause: expect.any(Died) as Died });
      const { ending } = await runIt(whole(TOP, SUB), { steps, secrets: { inner: 'inner-value' }, journal });
      expect(ending).toMatchObject({ type: 'run.completed', output: { sub: { n: 42 } } });
      expect(steps.calls.length).toBeLessThanOrEqual(2);
    }
  });

  it('that runs itself, as no document that is saved does, ends the run at the depth that tasks may have', async () => {
    const again = `document: { dsl: '1.0.3', namespace: test, name: sub, version: '1.0.0' }
do: [{ again: { run: { workflow: { namespace: test, name: sub, version: 1.0.0 } } } }]
`;
    const top = 'do: [{ sub: { run: { workflow: { namespace: test, name: sub, version: 1.0.0 } } } }]';
    const circular = whole(top, again);
    expect(longestDurationMs(circular)).toBeNull();
    expect(unsafeReachable(circular, []).reachable).toBe(true);
    const { ending } = await runIt(circular, { steps: does() });
    expect(ending).toMatchObject({ type: 'run.failed', error: { code: 'RUN_TOO_LARGE' } });
  });

  it('that the document does not hold is said, with what to do', async () => {
    expect((await runIt(TOP, { steps: does() })).ending).toMatchObject({
      error: { code: 'SUB_WORKFLOW_MISSING', detail: expect.stringContaining('test/sub@1.0.0') as string },
    });
  });
});
