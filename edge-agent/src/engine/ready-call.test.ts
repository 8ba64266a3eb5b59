/** What is made ready before its turn, and that it changes nothing but when. */
import { afterAll, expect, it } from 'vitest';
import { removeRunFolders, runIt, StepDoubles } from './engine-for-tests.ts';

afterAll(removeRunFolders);

const screen = { slot: 'desktop', needsSession: true } as const;

it('parses the arguments of a session step once, however often a loop calls it, and others each time', async () => {
  let parsed = 0;
  const steps = new StepDoubles().add('screen.act', { ...screen, effect: 'unsafe' }, ({ what }) => what ?? null);
  const step = steps.find('screen.act')!;
  const { with: schema } = step.declaration;
  const counted = {
    ...step,
    declaration: {
      ...step.declaration,
      with: Object.assign(Object.create(schema), {
        safeParse: (value: unknown) => {
          parsed += 1;
          return schema.safeParse(value);
        },
      }),
    },
  };
  const registry = { find: () => counted };
  const loop = (what: string): string =>
    `do: [{ l: { for: { in: '[1,2,3]' }, do: [{ a: { call: screen.act, with: { what: ${what} } } }] } }]`;
  const known = await runIt(loop('fixed'), { steps: registry });
  expect(known.ending).toEqual({ type: 'run.completed', output: 'fixed' });
  expect(parsed).toBe(1);
  const computed = await runIt(loop("'${ $item }'"), { steps: registry });
  expect(computed.ending).toEqual({ type: 'run.completed', output: 3 });
  expect(parsed).toBe(4);
});
