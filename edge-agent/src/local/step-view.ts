/**
 * A run as its author sees it in a terminal: a line for each step when it ends, indented as the tasks stand in each other,
 * and on a terminal one line below for the step that is under way.
 */
import type { RunEventBody } from '@casare/shared/protocol';
import { duration, plain } from '@casare/shared/terminal';

/** Where lines go. */
export interface ViewTarget {
  readonly print: (text: string) => void;
  /** A terminal: the last line may be written over. */
  readonly live: boolean;
  readonly colour: boolean;
}

/** Characters of an input or output that are shown on a step's line. */
const SHOWN = 60;
const TICK_MS = 1_000;
const [GREEN, RED, YELLOW, FAINT] = ['32', '31', '33', '2'] as const;
/** Tasks that hold others: they have a heading of their own. */
const HOLDERS = new Set(['do', 'for', 'fork', 'try', 'run']);

interface Open {
  readonly name: string;
  readonly call: string | null;
  readonly depth: number;
  readonly since: number;
  readonly holds: boolean;
}

export class StepView {
  readonly #target: ViewTarget;
  readonly #now: () => number;
  readonly #open = new Map<string, Open>();
  #ticking: NodeJS.Timeout | null = null;
  #hasLive = false;
  /** Names of secrets with what stands for them in the record. */
  #handles: readonly (readonly [name: string, token: string])[] = [];
  #resting = false;

  constructor(target: ViewTarget, now: () => number) {
    this.#target = target;
    this.#now = now;
    if (target.live) this.#ticking = setInterval(() => this.#draw(), TICK_MS).unref();
  }

  /** Shows an event of the run. */
  show(body: RunEventBody): void {
    this.#resting = false;
    switch (body.type) {
      case 'run.started':
        this.#handles = Object.entries(body.handles ?? {});
        return undefined;
      case 'step.started':
        return this.#started(body);
      case 'step.completed':
        return this.#ended(body, 'ok', body.output);
      case 'step.failed':
        return this.#ended(body, 'failed', body.error.detail ?? body.error.title ?? body.error.type);
      case 'step.skipped':
        return this.line(`${indent(depthOf(body.position))}${this.paint(FAINT, `- ${plain(body.name)}  skipped`)}`);
      case 'run.log':
        return this.line(
          this.paint(
            body.level === 'error' || body.level === 'warn' ? YELLOW : FAINT,
            `  ${body.level}: ${plain(body.message)}`,
          ),
        );
      default:
        return undefined;
    }
  }

  /** Writes a line of its own above the live one. */
  line(text: string): void {
    this.#erase();
    this.#target.print(`${text}\n`);
    this.#draw();
  }

  /** Takes the live line away, as for a question; the next event brings it back. */
  rest(): void {
    this.#resting = true;
    this.#erase();
  }

  close(): void {
    if (this.#ticking) clearInterval(this.#ticking);
    this.#ticking = null;
    this.#open.clear();
    this.#erase();
  }

  paint(colour: string, text: string): string {
    return this.#target.colour && text !== '' ? `\u001b[${colour}m${text}\u001b[0m` : text;
  }

  #started({ position, name, task, call }: Extract<RunEventBody, { type: 'step.started' }>): void {
    const holds = HOLDERS.has(task);
    const open = {
      name: plain(name),
      call: call?.split(':')[0] ?? null,
      depth: depthOf(position),
      since: this.#now(),
      holds,
    };
    this.#open.set(position, open);
    if (holds) this.line(`${indent(open.depth)}${open.name}${loopOf(position)}  ${this.paint(FAINT, task)}`);
    else this.#draw();
  }

  #ended(
    { position, durationMs }: { position: string; durationMs: number },
    how: 'ok' | 'failed',
    what: unknown,
  ): void {
    const open = this.#open.get(position);
    this.#open.delete(position);
    if (open === undefined || (open.holds && how === 'ok')) return this.#draw();
    const sign = how === 'ok' ? this.paint(GREEN, '✓') : this.paint(RED, '✗');
    const said = how === 'ok' ? this.paint(FAINT, this.#brief(what)) : this.paint(RED, plain(String(what)));
    const words = [`${sign} ${open.name}${loopOf(position)}`, open.call ?? '', duration(durationMs), said];
    this.line(`${indent(open.depth)}${words.filter((word) => word !== '').join('  ')}`);
  }

  /** The beginning of a value, secrets by their names. */
  #brief(value: unknown): string {
    const whole = value === null ? '' : plain(typeof value === 'string' ? value : JSON.stringify(value));
    const text = this.#handles.reduce((named, [name, token]) => named.replaceAll(token, `$secrets.${name}`), whole);
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  }

  #draw(): void {
    if (!this.#target.live || this.#resting) return;
    this.#erase();
    const open = [...this.#open.values()].findLast(({ holds }) => !holds);
    if (open === undefined) return;
    const words = [`${indent(open.depth)}… ${open.name}`, open.call ?? '', duration(this.#now() - open.since)];
    this.#target.print(words.filter((word) => word !== '').join('  '));
    this.#hasLive = true;
  }

  #erase(): void {
    if (this.#hasLive) this.#target.print('\r\u001b[2K');
    this.#hasLive = false;
  }
}

/** How many tasks a position stands in. */
function depthOf(position: string): number {
  return Math.max(0, position.split('/').filter((part) => /^\d+$/.test(part)).length - 1);
}

/** ` [3]` in a loop, ` {2}` in a second try: of the innermost. */
function loopOf(position: string): string {
  const found = [...position.matchAll(/\[\d+\]|\{\d+\}/g)].at(-1)?.[0];
  return found === undefined || found === '{1}' ? '' : ` ${found}`;
}

function indent(depth: number): string {
  return '  '.repeat(Math.min(depth, 20));
}
