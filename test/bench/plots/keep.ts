/** Keeps the figures of a bench, draws their plot, and writes the tables of the page anew. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Outcome } from '../frame/report.ts';
import { ROOT } from '../../support/program.ts';
import { machineOf, versionsOf } from './machine.ts';
import { sectionsIn, withFigures } from './page.ts';
import { plotOf } from './plot.ts';
import { FOLDER, load, save, savedOf, type Saved } from './saved.ts';

const PAGE = path.join(ROOT, 'docs/performance.md');

/** Keeps an outcome; its plot and the page follow. */
export async function keep(outcome: Outcome, size: string): Promise<void> {
  const versions = await versionsOf(Object.keys(outcome.figures));
  await save(savedOf(outcome, { size, machine: machineOf(), versions }));
  for (const [file, text] of await drawn()) await writeFile(file, text);
}

/** What plots and page are by the figures that are kept: texts by file. */
export async function drawn(): Promise<Map<string, string>> {
  const page = await readFile(PAGE, 'utf8');
  const kept: Saved[] = [];
  const files = new Map<string, string>();
  for (const bench of sectionsIn(page)) {
    const saved = await load(bench);
    if (!saved) continue;
    kept.push(saved);
    files.set(path.join(FOLDER, `${bench}.svg`), await plotOf(saved));
  }
  return files.set(PAGE, withFigures(page, kept));
}

/** Draws everything again without measuring; how many files were written. */
export async function drawAgain(): Promise<number> {
  const files = await drawn();
  for (const [file, text] of files) await writeFile(file, text);
  return files.size;
}
