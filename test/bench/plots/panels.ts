/**
 * The panels that plots are put together from, each a Vega-Lite view over rows of its own. Everything is labelled where it
 * stands, so that no legend must be matched by colour; whiskers go from the least to the most of the rounds.
 */
import { said } from './numbers.ts';
import type { Figure } from './saved.ts';

/** A view of Vega-Lite; `render.ts` has it checked. */
export type Panel = Readonly<Record<string, unknown>>;

/** Colours of Okabe and Ito, told apart by people who see colours differently; at least 3:1 on the background. */
export const COLOURS = {
  background: '#ffffff',
  text: '#1f2328',
  faint: '#57606a',
  grid: '#d8dee4',
  ours: '#0072b2',
  peer: '#7d8590',
  second: '#c04f00',
} as const;

export interface Row extends Figure {
  readonly name: string;
  /** Of this row alone: marked on its bar. */
  readonly goal?: number;
}

/** A line to compare with. */
export interface Mark {
  readonly value: number;
  readonly label: string;
}

const WIDTH = 620;
const ROW_HEIGHT = 34;
/** Of the width, for the labels beside the longest bar. */
const LABEL_SPACE = 1.24;

/** One bar for each row, its value beside it, and the goal as a line. */
export function bars(title: string | readonly string[], rows: readonly Row[], goal: Mark | null): Panel {
  const most = Math.max(...rows.map((row) => Math.max(row.most, row.goal ?? 0)), goal?.value ?? 0);
  const x = { type: 'quantitative', scale: { domain: [0, most * LABEL_SPACE || 1], nice: false }, axis: AXIS };
  // Where no peer stands beside us, all bars are ours.
  const alone = !rows.some((row) => isOurs(row.name));
  const values = rows.map((row) => ({ ...row, ours: alone || isOurs(row.name), label: said(row.median) }));
  return {
    ...viewOf(title, rows.length * ROW_HEIGHT),
    data: { values },
    encoding: { y: names(rows) },
    layer: [
      {
        mark: { type: 'bar', height: { band: 0.55 } },
        encoding: {
          x: { ...x, field: 'median', title: null },
          color: { condition: { test: 'datum.ours', value: COLOURS.ours }, value: COLOURS.peer },
        },
      },
      ...whiskers('x'),
      ...(goal === null ? [] : markedAt(goal)),
      ...(rows.some((row) => row.goal !== undefined) ? [goalsOfRows()] : []),
      ...labels({ align: 'left', dx: 7 }, { x: { field: 'most', type: 'quantitative' } }),
    ],
  };
}

/** One bar for each row in two parts, `first` and `second`, with the total beside it. */
export function stacked(
  title: string,
  parts: readonly [first: string, second: string],
  rows: readonly (Row & { readonly second: number })[],
): Panel {
  const values = rows.map(({ name, median, second, most }) => ({
    ...{ name, median, most, second, first: median - second },
    label: `${said(median)} = ${said(median - second)} + ${said(second)}`,
  }));
  const domain = [0, (Math.max(...rows.map((row) => row.most)) || 1) * 1.45];
  const part = (colour: string, from: object, to: object): Panel => ({
    mark: { type: 'bar', height: { band: 0.55 }, color: colour },
    encoding: { x: from, x2: to },
  });
  return {
    ...viewOf([title, `label: all = ${parts[0]} (blue, left) + ${parts[1]} (orange, right)`], rows.length * ROW_HEIGHT),
    data: { values },
    encoding: { y: names(rows) },
    layer: [
      part(
        COLOURS.ours,
        { field: 'first', type: 'quantitative', scale: { domain, nice: false }, axis: AXIS, title: null },
        { datum: 0 },
      ),
      part(COLOURS.second, { field: 'first', type: 'quantitative' }, { field: 'median' }),
      ...labels({ align: 'left', dx: 7 }, { x: { field: 'median', type: 'quantitative' } }),
    ],
  };
}

/** p50 as a dot and p99 as a diamond for each row, on a logarithmic axis, each with its value. */
export function quantiles(
  title: string,
  rows: readonly { readonly name: string; readonly p50: Figure; readonly p99: Figure }[],
  goals: readonly Mark[],
): Panel {
  const all = [...rows.flatMap(({ p50, p99 }) => [p50.least, p99.most]), ...goals.map(({ value }) => value)];
  const domain = [Math.min(...all) / 2, Math.max(...all) * 2];
  const dots = (which: 'p50' | 'p99', colour: string, shape: string, side: -1 | 1): Panel => ({
    data: {
      values: rows.map((row) => ({ name: row.name, ...row[which], label: `${which} ${said(row[which].median)}` })),
    },
    layer: [
      ...whiskers('x'),
      {
        mark: { type: 'point', shape, filled: true, size: 80, opacity: 1, color: colour },
        encoding: {
          x: {
            ...{ field: 'median', type: 'quantitative', title: null },
            scale: { type: 'log', domain, nice: false },
            axis: { ...AXIS, tickCount: 20, format: ',~g', values: ticksWithin(domain) },
          },
        },
      },
      ...labels(
        { align: side < 0 ? 'right' : 'left', dx: 9 * side, color: colour },
        { x: { field: side < 0 ? 'least' : 'most', type: 'quantitative' } },
      ),
    ],
  });
  return {
    ...viewOf(title, rows.length * ROW_HEIGHT),
    encoding: { y: names(rows) },
    layer: [
      dots('p50', COLOURS.ours, 'circle', -1),
      dots('p99', COLOURS.second, 'diamond', 1),
      ...goals.flatMap((goal) => markedAt(goal)),
    ],
  };
}

/** One line for each series over the same `steps`, which stand at equal distances; the value at each point. */
export function lines(
  title: string,
  axis: { readonly x: string; readonly steps: readonly string[] },
  series: readonly { readonly name: string; readonly points: readonly Figure[] }[],
  goal: Mark | null,
): Panel {
  const most = Math.max(...series.flatMap(({ points }) => points.map((point) => point.most)), goal?.value ?? 0);
  const last = axis.steps.at(-1);
  const x = {
    ...{ field: 'step', type: 'ordinal', sort: null, title: axis.x },
    ...{ scale: { type: 'point', padding: 0.4 }, axis: { labelAngle: 0, domainColor: COLOURS.grid } },
  };
  const y = { type: 'quantitative', scale: { domain: [0, most * LABEL_SPACE || 1], nice: false }, axis: AXIS };
  return {
    ...viewOf(goal === null ? title : [title, `dashed line: ${goal.label}`], 200),
    width: WIDTH - 110,
    layer: [
      // Below the labels, whose halo keeps them readable.
      ...(goal === null ? [] : [ruleAt('y', goal.value)]),
      ...series.map(({ name, points }, index) => {
        const colour = index === 0 ? COLOURS.ours : COLOURS.second;
        const values = points.map((point, at) => ({ step: axis.steps[at], ...point, label: said(point.median), name }));
        const at = { field: 'median', type: 'quantitative' };
        return {
          data: { values },
          encoding: { x },
          layer: [
            ...whiskers('y'),
            {
              mark: { type: 'line', color: colour, strokeDash: index === 0 ? [1, 0] : [6, 4] },
              encoding: { y: { ...y, field: 'median', title: null } },
            },
            {
              mark: { type: 'point', filled: true, opacity: 1, size: 55, shape: SHAPES[index], color: colour },
              encoding: { y: at },
            },
            // The first above its points, the second below.
            ...(index === 0
              ? labels({ dy: -11, color: colour }, { y: { field: 'most', type: 'quantitative' } })
              : labels({ dy: 12, color: colour }, { y: { field: 'least', type: 'quantitative' } })),
            {
              transform: [{ filter: { field: 'step', equal: last } }],
              mark: { type: 'text', color: colour, align: 'left', dx: 14 },
              encoding: { y: at, text: { field: 'name' } },
            },
          ],
        };
      }),
    ],
  };
}

const SHAPES = ['circle', 'square'];
const AXIS = { grid: true, gridColor: COLOURS.grid, domain: false, ticks: false, labelPadding: 6, tickCount: 5 };

/** 1, 2 and 5 of each power of ten. */
function ticksWithin([from = 0, to = 0]: readonly number[]): number[] {
  const powers = Array.from({ length: 12 }, (_, at) => at - 5);
  return powers
    .flatMap((power) => [1, 2, 5].map((of) => Number(`${of}e${power}`)))
    .filter((at) => at >= from && at <= to);
}

function viewOf(title: string | readonly string[], height: number) {
  return { title: { text: title, fontSize: 12.5, fontWeight: 600, offset: 8 }, width: WIDTH, height };
}

function names(rows: readonly { readonly name: string }[]) {
  const axis = { ticks: false, domain: false, labelPadding: 8, labelFontSize: 12.5, labelLimit: 260 };
  return { field: 'name', type: 'nominal', sort: rows.map(({ name }) => name), title: null, axis };
}

/** From the least to the most, with an end on each side. */
function whiskers(along: 'x' | 'y'): Panel[] {
  const [least, most] = ['least', 'most'].map((field) => ({ field, type: 'quantitative' }));
  const tick = { type: 'tick', thickness: 1.5, size: 9, color: COLOURS.text };
  return [
    {
      mark: { type: 'rule', color: COLOURS.text, strokeWidth: 1.5 },
      encoding: { [along]: least, [`${along}2`]: { field: 'most' } },
    },
    ...[least, most].map((end) => ({ mark: tick, encoding: { [along]: end } })),
  ];
}

/** A stroke across the bar of each row that has a goal of its own. */
function goalsOfRows(): Panel {
  return {
    transform: [{ filter: 'isValid(datum.goal)' }],
    mark: { type: 'tick', thickness: 3, size: ROW_HEIGHT * 0.8, color: COLOURS.text, opacity: 1 },
    encoding: { x: { field: 'goal', type: 'quantitative' } },
  };
}

/** A line across, with its label above the panel. */
function markedAt({ value, label }: Mark): Panel[] {
  const place = { align: 'left', dx: 4, y: -3, baseline: 'bottom', fontStyle: 'italic' };
  return [
    ruleAt('x', value),
    {
      data: { values: [{}] },
      mark: { type: 'text', text: label, ...place },
      encoding: { x: { datum: value }, y: null },
    },
  ];
}

function ruleAt(along: 'x' | 'y', value: number): Panel {
  const mark = { type: 'rule', color: COLOURS.text, strokeDash: [5, 3], strokeWidth: 1.5 };
  const at = { datum: value, type: 'quantitative', axis: AXIS, title: null };
  return { data: { values: [{}] }, mark, encoding: along === 'x' ? { x: at, y: null } : { y: at } };
}

/** The labels of the rows, on a halo that keeps them readable over lines. */
function labels(place: object, encoding: object): Panel[] {
  const text = { field: 'label', type: 'nominal' };
  const halo = { stroke: COLOURS.background, strokeWidth: 4, strokeJoin: 'round' };
  return [halo, {}].map((look) => ({ mark: { type: 'text', ...place, ...look }, encoding: { ...encoding, text } }));
}

function isOurs(name: string): boolean {
  return name.startsWith('casare');
}
