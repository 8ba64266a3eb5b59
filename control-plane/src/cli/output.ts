/** Where the CLI writes. */

/** Where output goes; given as an argument, so that tests can read it. */
export interface Terminal {
  /** Results. */
  out(text: string): void;
  /** Progress and errors. */
  err(text: string): void;
  /** True when progress may be redrawn: `err` is a terminal. */
  readonly interactive: boolean;
  readonly colour: boolean;
}

/** The process's own streams. `NO_COLOR` (no-color.org) and pipes get plain text. */
export function processTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  const interactive = process.stderr.isTTY && env['TERM'] !== 'dumb';
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive,
    colour: interactive && process.stdout.isTTY && !env['NO_COLOR'],
  };
}

const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2 } as const;

/** `text` in a colour, where colours are wanted. */
export function paint(terminal: Terminal, colour: keyof typeof COLOURS, text: string): string {
  return terminal.colour ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
}
