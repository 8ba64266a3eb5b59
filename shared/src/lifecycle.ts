/**
 * State machines as data: a table says which event moves a state where, and two functions read it.
 * Stores guard their SQL with `sourcesOf`, so a statement can never allow a move that the table does not.
 */

/** For each state, the events that may happen in it and the state each one leads to. */
export type Table<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/** The state that `event` leads to from `from`, or `null` when the table forbids it. */
export function next<State extends string, Event extends string>(
  table: Table<State, Event>,
  from: State,
  event: Event,
): State | null {
  return table[from][event] ?? null;
}

/** Every state in which `event` may happen: what a store's `WHERE state = ANY(...)` needs. */
export function sourcesOf<State extends string, Event extends string>(
  table: Table<State, Event>,
  event: Event,
): State[] {
  return (Object.keys(table) as State[]).filter((state) => table[state][event] !== undefined);
}
