/** What is done to the installation and when, by a seed: the same seed, the same schedule. */
import { LEASE_MARGIN_MS, LEASE_MS } from '@casare/shared/protocol';
import { Chance } from '../simulation/world/random.ts';

export const REPLICAS = 2;
export const AGENTS = 3;

/** `of`: number of the replica or agent. `forMs`: until it is started, goes on or is connected again. */
export type Fault = { readonly at: number; readonly forMs: number } & (
  | { readonly kind: 'kill' | 'stop' | 'restart'; readonly what: 'replica'; readonly of: number }
  | { readonly kind: 'kill' | 'stop' | 'cut' | 'blink'; readonly what: 'agent'; readonly of: number }
  | { readonly kind: 'kill'; readonly what: 'worker'; readonly of: number }
  | { readonly kind: 'kill'; readonly what: 'postgres' }
  | { readonly kind: 'blink'; readonly what: 'clients' }
);

/** Longer than any lease may be believed in. */
const BEYOND_LEASE_MS = LEASE_MS + LEASE_MARGIN_MS + 12_000;
/** Between two faults, milliseconds. */
const PACE = [1_000, 5_000] as const;

type Draft = (chance: Chance) => Omit<Fault, 'at'>;
const replica = (chance: Chance) => ({ what: 'replica' as const, of: chance.whole(0, REPLICAS - 1) });
const agent = (chance: Chance) => ({ what: 'agent' as const, of: chance.whole(0, AGENTS - 1) });

/** Each with its share. */
const KINDS: readonly (readonly [number, Draft])[] = [
  [20, (chance) => ({ kind: 'kill', ...agent(chance), forMs: chance.whole(100, 4_000) })],
  [20, () => ({ kind: 'kill', what: 'worker', of: 0, forMs: 0 })],
  [14, (chance) => ({ kind: 'kill', ...replica(chance), forMs: chance.whole(100, 8_000) })],
  [6, (chance) => ({ kind: 'restart', ...replica(chance), forMs: chance.whole(100, 2_000) })],
  [8, () => ({ kind: 'kill', what: 'postgres', forMs: 0 })],
  [8, (chance) => ({ kind: 'stop', ...agent(chance), forMs: chance.whole(500, 20_000) })],
  [6, (chance) => ({ kind: 'stop', ...replica(chance), forMs: chance.whole(500, 20_000) })],
  [8, (chance) => ({ kind: 'cut', ...agent(chance), forMs: chance.whole(500, 20_000) })],
  [8, (chance) => ({ kind: 'blink', ...agent(chance), forMs: 0 })],
  [4, () => ({ kind: 'blink', what: 'clients', forMs: 0 })],
];

/**
 * Faults within `ms`. An agent stands still beyond its lease near the beginning, and, where there is time, so does a
 * replica after it: each alone, since whatever else stands still then hides it.
 */
export function planFaults(seed: number, ms: number): Fault[] {
  const chance = new Chance(seed);
  const long: Fault[] = [
    { kind: 'stop', ...agent(chance), at: 2_000, forMs: BEYOND_LEASE_MS },
    { kind: 'stop', ...replica(chance), at: 2_000 + BEYOND_LEASE_MS + 10_000, forMs: BEYOND_LEASE_MS },
    { kind: 'cut', ...agent(chance), at: 2_000 + 2 * (BEYOND_LEASE_MS + 10_000), forMs: BEYOND_LEASE_MS },
  ];
  const faults = long.filter(({ at, forMs }) => at === 2_000 || at + forMs <= ms);
  for (let at = chance.whole(...PACE); at < ms; at += chance.whole(...PACE)) {
    const fault = { at, ...draft(chance) } as Fault;
    if (!faults.some((other) => disturbs(fault, other))) faults.push(fault);
  }
  return faults.sort((a, b) => a.at - b.at);
}

/** In words, for the history. */
export function told(fault: Fault): string {
  const whose = 'of' in fault ? ` ${fault.of}` : '';
  return `${fault.kind} ${fault.what}${whose}${fault.forMs === 0 ? '' : ` for ${fault.forMs} ms`}`;
}

function draft(chance: Chance): Omit<Fault, 'at'> {
  let left = chance.next() * KINDS.reduce((sum, [share]) => sum + share, 0);
  return KINDS.find(([share]) => (left -= share) < 0)![1](chance);
}

/** The one is done to what the other is still being done to; and one replica is always left. */
function disturbs(fault: Fault, other: Fault): boolean {
  const meet = fault.at <= other.at + other.forMs + 500 && other.at <= fault.at + fault.forMs + 500;
  if (!meet || fault.what !== other.what) return false;
  return fault.what === 'replica' || !('of' in fault) || !('of' in other) || fault.of === other.of;
}
