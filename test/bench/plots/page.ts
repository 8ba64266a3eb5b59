/**
 * The tables of docs/performance.md. A section between `<!-- figures:NAME -->` and `<!-- /figures -->` is written from the
 * kept figures of that bench; `<!-- figures:summary -->` from all. What stands outside the marks is left alone.
 */
import { captionOf, called, distanceOf, titleOf, verdictsOf } from './findings.ts';
import { said } from './numbers.ts';
import type { Figure, Saved } from './saved.ts';

const SECTION = /<!-- figures:([a-z-]+) -->\n[^]*?<!-- \/figures -->/g;

/** `text` with its sections written anew. */
export function withFigures(text: string, saved: readonly Saved[]): string {
  return text.replace(SECTION, (_, name: string) => {
    const content = name === 'summary' ? summaryOf(saved) : sectionOf(saved.find(({ bench }) => bench === name));
    return `<!-- figures:${name} -->\n${content}\n<!-- /figures -->`;
  });
}

/** The benches that `text` has a section for, in their order. */
export function sectionsIn(text: string): string[] {
  return [...text.matchAll(SECTION)].map(([, name]) => name!).filter((name) => name !== 'summary');
}

function summaryOf(all: readonly Saved[]): string {
  const rows = all.flatMap(({ bench, size, goals, foreignCpu }) =>
    (size === 'full' ? goals : []).map((goal) => [
      ...[`\`${bench}\``, goal.goal, said(goal.value), `${goal.bound} ${said(goal.limit)}`],
      ...[`${goal.met ? 'met' : '**missed**'}, ${distanceOf(goal)}`, `${(foreignCpu * 100).toFixed(1)} %`],
    ]),
  );
  if (rows.length === 0) return '\nNo bench was kept in its full size yet, so no goal is judged.\n';
  return `\n${table(['bench', 'goal', 'seen', 'limit', 'verdict', 'foreign share'], rows)}\n`;
}

function sectionOf(saved: Saved | undefined): string {
  if (!saved) return '\nNot kept yet.\n';
  const contenders = Object.keys(saved.figures);
  const names = [...new Set(contenders.flatMap((contender) => Object.keys(saved.figures[contender]!)))];
  const few = contenders.length > 1;
  const cell = (contender: string, name: string): string => cellOf(saved.figures[contender]?.[name], saved.rounds);
  const rows = few
    ? contenders.map((contender) => [called(contender), ...names.map((name) => cell(contender, name))])
    : names.map((name) => [name, cell(contenders[0]!, name)]);
  const ratios = Object.entries(saved.ratios).map(([name, ratio]) => {
    const range = saved.ratioSpread?.[name];
    const text = range ? cellOf({ median: ratio, least: range[0], most: range[1] }, saved.rounds) : said(ratio);
    return `${name} ${text}`;
  });
  const skipped = saved.skipped.filter((part) => !part.startsWith('goals:')).map((part) => `Not run: ${part}.`);
  return [
    '',
    `**${titleOf(saved)}** ${verdictsOf(saved).join(' ')}`,
    '',
    `![${titleOf(saved)}](performance/${saved.bench}.svg)`,
    '',
    table(few ? ['', ...names] : ['figure', called(contenders[0]!)], rows),
    '',
    [...(ratios.length > 0 ? [`Ratios: ${ratios.join('; ')}.`] : []), ...skipped, captionOf(saved)].join(' '),
    '',
  ].join('\n');
}

/** The median, and in brackets the least and the most where there was more than one round. */
function cellOf(figure: Figure | undefined, rounds: number): string {
  if (!figure) return '-';
  const { median, least, most } = figure;
  return rounds === 1 ? said(median) : `${said(median)} (${said(least)} to ${said(most)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
