/**
 * What clients were told and what the outside world saw, in the order in which it was known, and what was done to the
 * installation meanwhile. Only this is judged: nothing is read from inside.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { JobState } from '@casare/shared/api';

/** A job as an answer showed it. */
export interface Shown {
  readonly job: string;
  readonly state: JobState;
  readonly generation: number;
  readonly attempt: number;
  /** JSON. */
  readonly output: string;
}

export type Entry =
  /** A submit was acknowledged: a job has this key. `acts`: how it does something outside, if it does. */
  | { readonly type: 'submitted'; readonly key: string; readonly job: string; readonly acts: Acts }
  /** An answer to a question asked at `asked`. */
  | ({ readonly type: 'answered'; readonly asked: number } & Shown)
  /** A live event said so. */
  | { readonly type: 'told'; readonly job: string; readonly state: JobState; readonly attempt: number }
  /** The outside world: a step did something that must not be repeated. */
  | { readonly type: 'acted'; readonly key: string }
  /** A person's word; `taken`: whether it was acknowledged. Null: no answer came, it may have been. */
  | { readonly type: 'reviewed'; readonly job: string; readonly decision: Decision; readonly taken: boolean | null }
  /** What a job in review said about why. */
  | { readonly type: 'evidence'; readonly job: string; readonly reason: string; readonly attempt: number | null }
  /** At the end, from the list of all jobs. */
  | ({ readonly type: 'final'; readonly key: string } & Shown)
  /** At the end, from the steps of a job: positions that were completed more than once in one generation. */
  | { readonly type: 'repeated'; readonly job: string; readonly position: string; readonly times: number }
  | { readonly type: 'fault'; readonly what: string };

/** `outside`: counted outside. `log`: counted by its line in the run's log. */
export type Acts = 'outside' | 'log' | 'no';
export type Decision = 'retry' | 'succeed' | 'fail' | 'continue';
/** An entry with the moment it was known, milliseconds since the history began. */
export type Line = Entry & { readonly at: number };

export class History {
  readonly lines: Line[] = [];
  readonly #startedAt = performance.now();
  readonly #file: number;

  /** Kept in memory, and written to `file` as lines of JSON. */
  constructor(file: string) {
    this.#file = openSync(file, 'a', 0o600);
  }

  now(): number {
    return Math.round((performance.now() - this.#startedAt) * 10) / 10;
  }

  add(entry: Entry): void {
    const line = { at: this.now(), ...entry };
    this.lines.push(line);
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
