/**
 * Draws panels below each other as one SVG, without a DOM and without a canvas. The same panels give the same bytes:
 * nothing random, no time. A warning of the library is a fault of the plot.
 */
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { COLOURS, type Panel } from './panels.ts';

export interface Page {
  /** The finding, in a sentence. */
  readonly title: string;
  /** What it means for the goals, a line each. */
  readonly verdicts: readonly string[];
  readonly panels: readonly Panel[];
  /** On what it was measured. */
  readonly caption: string;
}

/** Characters in a line. */
const TITLE_LINE = 74;
const CAPTION_LINE = 112;
const FONT = 'system-ui, -apple-system, "Segoe UI", "Liberation Sans", Helvetica, Arial, sans-serif';

/** The page as SVG. */
export async function render({ title, verdicts, panels, caption }: Page): Promise<string> {
  const captionLines = wrapped(caption, CAPTION_LINE);
  const below = {
    ...{ data: { values: [{}] }, width: 620, height: captionLines.length * 15 },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'top',
      x: 0,
      y: 0,
      fontSize: 11,
      lineHeight: 15,
      text: captionLines,
    },
    encoding: { color: { value: COLOURS.faint } },
    view: { stroke: null },
  };
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: COLOURS.background,
    padding: 18,
    title: {
      ...{ text: wrapped(title, TITLE_LINE), anchor: 'start', fontSize: 16, lineHeight: 21, offset: 18 },
      ...{ subtitle: verdicts.flatMap((verdict) => wrapped(verdict, CAPTION_LINE - 20)), subtitlePadding: 7 },
    },
    vconcat: [...panels, below],
    spacing: 34,
    config: CONFIG,
  };
  // The panels are put together from parts; the compiler of the library checks them, and what it warns of is thrown.
  const { spec: compiled } = compile(spec as unknown as TopLevelSpec, { logger: strict });
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
  view.logger(strict);
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

const CONFIG = {
  font: FONT,
  title: {
    ...{ color: COLOURS.text, anchor: 'start', frame: 'group' },
    ...{ subtitleColor: COLOURS.text, subtitleFontSize: 12.5, subtitleLineHeight: 17 },
  },
  text: { color: COLOURS.text, fontSize: 12 },
  axis: {
    labelColor: COLOURS.text,
    titleColor: COLOURS.faint,
    labelFontSize: 11.5,
    titleFontSize: 12,
    titleFontWeight: 400,
  },
  view: { stroke: null },
};

// Without a canvas the library takes every character for 0.8 of the font's size, and margins grow; it asks this instead.
(vega as unknown as { textMetrics: { width: TextWidth } }).textMetrics.width = (item, text) =>
  Math.ceil(String(text ?? '').length * item.fontSize * 0.54);
type TextWidth = (item: { readonly fontSize: number }, text: unknown) => number;

const complain = (...what: unknown[]): never => {
  throw new Error(`a plot is at fault: ${what.join(' ')}`);
};
const strict: Logger = {
  level: () => strict,
  error: complain,
  warn: complain,
  info: () => strict,
  debug: () => strict,
};

type Logger = ReturnType<vega.View['logger']>;

/** Words into lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
