/** Plots say what the figures say, are the same for the same figures, and can be read by everybody. */
import { describe, expect, test } from 'vitest';
import { COLOURS } from './panels.ts';
import { plotOf } from './plot.ts';
import { MADE_UP, madeUp } from './saved-for-tests.ts';
import type { Saved } from './saved.ts';

/** Every text of a plot, in its order. */
async function textsOf(saved: Saved): Promise<string[]> {
  const svg = await plotOf(saved);
  return [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map(([, text]) => text!.replaceAll('&apos;', "'"));
}

describe.each(MADE_UP)('the plot of $bench', (saved) => {
  test('is the same for the same figures, and another one for others', async () => {
    const svg = await plotOf(saved);
    expect(await plotOf(structuredClone(saved))).toBe(svg);
    const other = structuredClone(saved);
    for (const figure of Object.values(Object.values(other.figures).at(-1)!)) figure.most *= 2;
    expect(await plotOf(other)).not.toBe(svg);
  });

  test('is a picture of its own: no number is missing, nothing is fetched, nothing runs', async () => {
    const svg = await plotOf(saved);
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity|<script|<image|<foreignObject|href="http/);
  });

  test('names its goals, the machine, the rounds and what else ran', async () => {
    const text = (await textsOf(saved)).join(' ');
    for (const { goal, met } of saved.goals) expect(text).toContain(`${met ? 'Met' : 'Missed'}: ${goal}`);
    expect(text).toContain('2 x Test Processor, 24 GiB, linux 6.1');
    expect(text).toContain('Node.js 24.0.0, PostgreSQL 18.4.0');
    expect(text).toContain('5 rounds');
    expect(text).toContain('3.4 %');
  });
});

test('a plot of rates: the finding, every contender with its value, the goal, and both parts of the processor time', async () => {
  const texts = await textsOf(madeUp('drain'));
  expect(texts.join(' ')).toContain('casare drains 3,150 jobs/s, 0.126 x graphile-worker, the best peer (25,000).');
  expect(texts).toEqual(expect.arrayContaining(['casare', 'graphile-worker', 'pg-boss', 'BullMQ']));
  expect(texts).toEqual(expect.arrayContaining(['3,150', '25,000', '22,500', '4,550']));
  expect(texts).toEqual(expect.arrayContaining(['goal: 1.2 x the best peer', '328 = 142 + 186']));
});

test('whiskers go from the least to the most of the rounds', async () => {
  const widthOf = async (least: number, most: number): Promise<number> => {
    const saved = structuredClone(madeUp('drain'));
    Object.assign(saved.figures.casare!['jobs/s']!, { least, most });
    const whisker = `<line aria-label="least: ${least}; name: casare; most: ${most}"[^>]* x2="([\\d.]+)"`;
    return Number(new RegExp(whisker).exec(await plotOf(saved))?.[1]);
  };
  const narrow = await widthOf(3_000, 3_300);
  expect(narrow).toBeGreaterThan(0);
  expect(await widthOf(2_900, 3_500)).toBeCloseTo(narrow * 2, 3);
});

test('latency: p50 and p99 of each contender, labelled, and no contender that was not run', async () => {
  const texts = await textsOf(madeUp('latency'));
  expect(texts).toEqual(expect.arrayContaining(['p50 5', 'p99 20', 'p50 10', 'p99 30', 'p50 12', 'p99 240']));
  expect(texts).not.toContain('BullMQ');
});

test('depths are at equal distances and named', async () => {
  expect(await textsOf(madeUp('mismatch'))).toEqual(expect.arrayContaining(['0', '100k', '1M', '0.4', '0.42', '0.5']));
});

test('recovery: each blow with its time, and its own goal', async () => {
  const saved = madeUp('recovery');
  const texts = await textsOf(saved);
  expect(texts.join(' ')).toContain('restarted agent 3 s, dead gateway 6 s');
  expect(texts.join(' ')).toContain('0 jobs lost, 0 steps recorded twice.');
  expect(texts).toEqual(expect.arrayContaining(['vanished agent', '62', 'stroke across a bar: its goal']));
  const goals = [...(await plotOf(saved)).matchAll(/aria-label="goal: (\d+); name: ([a-z ]+)"/g)];
  expect(goals.map(([, limit, name]) => `${name} ${limit}`)).toEqual(['restarted agent 15', 'vanished agent 65']);
});

test('steps: each contender by what it is, the trace beside them, the goal by the same calls', async () => {
  const texts = await textsOf(madeUp('steps'));
  const names = ['casare', 'the same calls, no engine', 'one call a step', 'casare, with a trace'];
  expect(texts).toEqual(expect.arrayContaining([...names, '14', '24', 'goal: 1.1 x the same calls', 'goal: 0.5']));
  expect(texts.join(' ')).toContain('1.08 x the same calls of Playwright without the engine');
});

test('a run that is not of the full size judges nothing', async () => {
  const text = (await textsOf({ ...madeUp('drain'), size: 'small', goals: [] })).join(' ');
  expect(text).toContain('Not the full size: it says nothing about the goals.');
  expect(text).not.toMatch(/goal:|Missed/);
});

test('a bench without a plot of its own gets bars', async () => {
  const texts = await textsOf({ ...madeUp('mismatch'), bench: 'newest' });
  expect(texts).toEqual(expect.arrayContaining(['claim p50 ms', 'behind 0', '0.4']));
});

describe('colours on the background', () => {
  test.each(['text', 'faint', 'ours', 'second'] as const)('%s can be read as text: AA, 4.5 to 1', (name) => {
    expect(contrast(COLOURS[name], COLOURS.background)).toBeGreaterThanOrEqual(4.5);
  });
  test('bars of peers stand out: 3 to 1', () => {
    expect(contrast(COLOURS.peer, COLOURS.background)).toBeGreaterThanOrEqual(3);
  });
});

/** By WCAG. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [r, g, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * blue!;
  };
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter! + 0.05) / (darker! + 0.05);
}
