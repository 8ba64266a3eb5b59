/** The page says what the kept figures say; what people wrote around them stays. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Outcome } from '../frame/report.ts';
import { drawn } from './keep.ts';
import { withFigures } from './page.ts';
import { MADE_UP, madeUp } from './saved-for-tests.ts';
import { savedOf } from './saved.ts';

const section = (name: string): string => `<!-- figures:${name} -->\nold\n<!-- /figures -->`;

test('the plots and the page in docs are those of the figures in docs', async () => {
  const files = await drawn();
  expect(files.size).toBeGreaterThan(1);
  for (const [file, text] of files) expect(await readFile(file, 'utf8'), `${file}: npm run bench -- plot`).toBe(text);
});

test('a section is written between its marks, and only there', () => {
  const page = withFigures(`Before.\n\n${section('drain')}\n\nBetween.\n\n${section('latency')}\nAfter.\n`, MADE_UP);
  expect(page).not.toContain('old');
  expect(page).toMatch(/^Before\.\n\n<!-- figures:drain -->\n[^]*\n\nBetween\.\n\n[^]*<!-- \/figures -->\nAfter\.\n$/);
  expect(page).toContain('| BullMQ | 4,550 (4,095 to 5,460) |');
  expect(page).toContain('](performance/drain.svg)');
  expect(page).toContain('Not run: bullmq: no network.');
  expect(withFigures(page, MADE_UP)).toBe(page);
});

test('a ratio that was taken within each round shows the least and the most of them; of one round there is no range', () => {
  const saved = { ...madeUp('steps'), ratioSpread: { 'to the same calls': [1.05, 1.12] as [number, number] } };
  expect(withFigures(section('steps'), [saved])).toContain(
    'Ratios: to the same calls 1.08 (1.05 to 1.12); to one call a step 1.4; trace on to off 1.7.',
  );
  expect(withFigures(section('steps'), [{ ...saved, rounds: 1 }])).toContain('Ratios: to the same calls 1.08; to one');
});

test('a bench that was never kept says so', () => {
  expect(withFigures(section('drain'), [])).toContain('Not kept yet.');
});

test('the summary judges every goal of the full size, by how much, and no other', () => {
  const small = { ...madeUp('fairness'), size: 'small' };
  const page = withFigures(section('summary'), [madeUp('drain'), madeUp('latency'), small]);
  expect(page).toContain(
    '| `drain` | jobs/s, to the best peer | 0.126 | at least 1.2 | **missed**, 9.52 x short | 3.4 % |',
  );
  expect(page).toContain('| `latency` | p50, to graphile-worker | 0.5 | at most 1 | met, 2 x better | 3.4 % |');
  expect(page).not.toContain('fairness');
});

test('what is kept of an outcome: medians with their spread; what is no number is left out', () => {
  const outcome: Outcome = {
    ...{ bench: 'drain', rounds: 3, foreignCpu: 0.12345, skipped: [] },
    figures: { casare: { 'jobs/s': 1234.56, odd: Number.NaN } },
    spread: { casare: { 'jobs/s': [1000.4, 2000.6], odd: [Number.NaN, Number.NaN] } },
    ratios: { 'jobs/s': Number.NaN, other: 0.12345 },
    ratioSpread: { 'jobs/s': [Number.NaN, Number.NaN], other: [0.1, 0.15678] },
    goals: [],
  };
  expect(savedOf(outcome, { size: 'full', machine: 'm', versions: {} })).toEqual({
    ...{ bench: 'drain', size: 'full', rounds: 3, machine: 'm', versions: {}, foreignCpu: 0.123, skipped: [] },
    figures: { casare: { 'jobs/s': { median: 1235, least: 1000, most: 2001 } } },
    ...{ ratios: { other: 0.123 }, ratioSpread: { other: [0.1, 0.157] }, goals: [] },
  });
});
