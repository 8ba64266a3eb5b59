/** What is made ready before its turn, and that it changes nothing but when. */
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { removeRunFolders, runIt, StepDoubles } from './engine-for-tests.ts';

afterAll(removeRunFolders);

const screen = { slot: 'desktop', needsSession: true } as const;

it('parses the arguments of a session step once, however often a loop calls it, and others each time', async () => {
  let parsed = 0;
  const counting = z.record(z.string(), z.unknown()).transform((args) => {
    parsed += 1;
    return args;
  });
  const registry = new StepDoubles().add(
    'screen.act',
    { ...screen, effect: 'unsafe', with: counting },
    ({ what }) => what ?? null,
  );
  const loop = (what: string): string =>
    `do: [{ l: { for: { in: '[1,2,3]' }, do: [{ a: { call: screen.act, with: { what: ${what} } } }] } }]`;
  const known = await runIt(loop('fixed'), { steps: registry });
  expect(known.ending).toEqual({ type: 'run.completed', output: 'fixed' });
  expect(parsed).toBe(1);
  const computed = await runIt(loop("'${ $item }'"), { steps: registry });
  expect(computed.ending).toEqual({ type: 'run.completed', output: 3 });
  expect(parsed).toBe(4);
});
