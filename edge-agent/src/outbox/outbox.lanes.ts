/**
 * Where the events of a run are. Each lane is a table of its own (`outbox.schema.ts` says why), so its statements are
 * prepared for it: when a run is in it for the first time.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { laneSql } from './outbox.statements.ts';
import type { RunKey } from './outbox.rows.ts';

export type Prepared<Texts> = { readonly [Name in keyof Texts]: StatementSync };
type Lane = Prepared<ReturnType<typeof laneSql>>;

export interface Place {
  readonly id: number;
  readonly lane: Lane;
  /** There is an ending. */
  readonly ended: boolean;
  /** There is one that waits for its outputs. */
  readonly held: boolean;
}

export class Lanes {
  readonly #database: DatabaseSync;
  readonly #findRun: StatementSync;
  readonly #lanes: Lane[] = [];

  constructor(database: DatabaseSync, findRun: StatementSync) {
    this.#database = database;
    this.#findRun = findRun;
  }

  find({ jobId, attempt }: RunKey): Place | null {
    const row = this.#findRun.get(jobId, attempt);
    if (row === undefined) return null;
    const lane = this.of(Number(row['lane']));
    return { id: Number(row['id']), lane, ended: row['ended'] === 1, held: row['held'] === 1 };
  }

  of(number: number): Lane {
    return (this.#lanes[number] ??= prepared(this.#database, laneSql(number)));
  }
}

/** The number of the run's last event, 0 when there is none. */
export function lastNumber({ id, lane }: Pick<Place, 'id' | 'lane'>): number {
  return Number(lane.lastNumber.get(id)?.['seq'] ?? 0);
}

export function prepared<Texts extends Readonly<Record<string, string>>>(
  database: DatabaseSync,
  texts: Texts,
): Prepared<Texts> {
  const statements = Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]);
  return Object.fromEntries(statements) as Prepared<Texts>;
}
