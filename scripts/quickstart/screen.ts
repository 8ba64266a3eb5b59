/**
 * What a person sees while things start: one line for each thing that happens. On a terminal with colour and marks, in
 * a pipe as plain lines; with `--json` everything goes to standard error, so that the result line stands alone.
 */
import { styleText } from 'node:util';

/** Where lines go. */
export interface Screen {
  /** Something begins that takes longer than a blink. */
  begin(text: string): void;
  /** It is done. */
  done(text: string): void;
  /** A detail below it. */
  detail(text: string): void;
  /** A paragraph of the result. */
  say(text: string): void;
  /** Something went wrong. */
  fail(text: string): void;
}

/** Makes the screen; `startedAt` (milliseconds since the epoch) is when the command was given. */
export function createScreen(json: boolean, startedAt: number): Screen {
  const stream = json ? process.stderr : process.stdout;
  const colour = stream.isTTY && !process.env['NO_COLOR'];
  const paint = (style: 'green' | 'red' | 'dim' | 'bold', text: string): string =>
    colour ? styleText(style, text) : text;
  const clock = (): string => paint('dim', `${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s `);
  const line = (text: string): void => void stream.write(`${text}\n`);
  return {
    begin: (text) => line(`${clock()}   ${text} ...`),
    done: (text) => line(`${clock()} ${paint('green', colour ? '✓' : 'ok')} ${text}`),
    detail: (text) => line(`${clock()}     ${paint('dim', text)}`),
    say: (text) => line(text),
    fail: (text) => line(`${clock()} ${paint('red', colour ? '✗' : 'failed:')} ${text}`),
  };
}
