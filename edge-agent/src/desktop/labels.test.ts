import { describe, expect, it } from 'vitest';
import { labelFor, type Placed } from './labels.ts';

const label = (name: string, x: number, y: number, width = 60, height = 20): Placed => ({
  name,
  box: { x, y, width, height },
});
const FIELD = { x: 100, y: 100, width: 200, height: 30 };

describe('labelFor', () => {
  it.each<[string, Placed[], string | null]>([
    ['the label to the left', [label('Name:', 20, 105)], 'Name'],
    ['the nearer of two', [label('Far', 0, 105, 20), label('Near *', 40, 105)], 'Near'],
    ['the one above where none is beside', [label('Street', 100, 75)], 'Street'],
    ['the one beside rather than the one above', [label('Above', 100, 75), label('Beside', 20, 105)], 'Beside'],
    ['none of another line', [label('Other', 20, 140)], null],
    ['none to the right', [label('Right', 310, 105)], null],
    ['none below', [label('Below', 100, 135)], null],
    ['none far above', [label('Heading', 100, 20)], null],
    ['nothing of nothing', [], null],
  ])('%s', (_name, labels, expected) => {
    expect(labelFor(FIELD, labels)).toBe(expected);
  });
});
