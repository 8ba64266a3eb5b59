/** What a bench is told, and what it refuses to be told. */
import { expect, test } from 'vitest';
import { readArguments } from './options.ts';

test('the full size in five rounds, and nothing kept, unless said otherwise', () => {
  const wanted = { name: 'drain', size: 'full', count: null, only: null, plot: false, rounds: 5, repeats: 3 };
  expect(readArguments(['drain'])).toEqual(wanted);
  const small = ['drain', '--size', 'small', '--plot', '--count', '50'];
  expect(readArguments(small)).toEqual({ ...wanted, size: 'small', plot: true, count: 50, rounds: 1, repeats: 0 });
});

test.each([
  [['drain', 'latency'], 'give one name'],
  [['drain', '--size', 'huge'], '--size is full or small'],
  [['drain', '--rounds', '0'], '--rounds and --repeats are numbers up to 20'],
  [['drain', '--count', '1.5'], '--count is a number up to 1000000'],
  [['drain', '--only', 'casare', '--plot'], '--plot needs all contenders: leave --only out'],
  [['drain', '--fast'], expect.stringContaining('--fast') as string],
])('%s is refused: %s', (args, why) => {
  expect(readArguments(args)).toEqual(why);
});
