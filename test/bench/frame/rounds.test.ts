/** Rounds: what all of them say, and what each says by itself. */
import { expect, test } from 'vitest';
import { ratiosWithin, runRounds } from './rounds.ts';

test('ratios are those within a round, so that a slow round is slow for both', async () => {
  const counted = (values: readonly number[]) => {
    let round = 0;
    return () => Promise.resolve({ ms: values[round++]! });
  };
  const { figures, each } = await runRounds(
    [
      { name: 'casare', run: counted([11, 36, 12]) },
      { name: 'peer', run: counted([10, 30, 20]) },
    ],
    { rounds: 3, repeats: 0, ownProcesses: () => [process.pid], onRound: () => undefined },
  );
  expect(figures).toEqual({ casare: { ms: 12 }, peer: { ms: 20 } });
  expect(
    ratiosWithin(each, {
      'to the peer': [
        ['casare', 'ms'],
        ['peer', 'ms'],
      ],
    }),
  ).toEqual({
    ratios: { 'to the peer': 1.1 },
    ratioSpread: { 'to the peer': [0.6, 1.2] },
  });
});
