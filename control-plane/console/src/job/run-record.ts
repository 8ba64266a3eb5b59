/**
 * The steps and log lines of one job in memory, as they are loaded and as they change live. Pure.
 *
 * Invariants: sorted by (attempt, seq); at most the newest `STEPS` and `LINES` are kept; a record never goes back, so a
 * load that began before an event cannot undo what the event said.
 */
import type { LogLine, Step } from '@casare/shared/api';

export const STEPS = 5_000;
export const LINES = 2_000;

interface Numbered {
  readonly attempt: number;
  readonly seq: number;
}

/** Takes in steps, loaded or changed. Unchanged steps keep their identity. */
export function withSteps(known: readonly Step[], news: readonly Step[]): readonly Step[] {
  return merged(known, news, STEPS, laterStep);
}

/** Takes in log lines. */
export function withLines(known: readonly LogLine[], news: readonly LogLine[]): readonly LogLine[] {
  return merged(known, news, LINES, (line) => line);
}

/** A step with those that ran inside it. */
export interface StepNode {
  readonly step: Step;
  readonly inner: StepNode[];
}

/** The steps of one attempt as a tree: a position that begins with another step's position is inside of it. */
export function stepTree(steps: readonly Step[]): StepNode[] {
  const top: StepNode[] = [];
  const at = new Map<string, StepNode>();
  for (const step of steps) {
    const node = { step, inner: [] };
    (outerOf(step.position, at)?.inner ?? top).push(node);
    at.set(step.position, node);
  }
  return top;
}

/** Which turn of a loop (`3rd` has 3) or which try of a `try` a step belongs to; null in neither. */
export function turnOf(position: string, outer: string): { readonly kind: 'turn' | 'try'; readonly n: number } | null {
  const found = /^(?:\[(\d+)\]|\{(\d+)\})/.exec(position.slice(outer.length));
  if (found === null || !position.startsWith(outer)) return null;
  return found[1] === undefined ? { kind: 'try', n: Number(found[2]) } : { kind: 'turn', n: Number(found[1]) + 1 };
}

function merged<T extends Numbered>(
  known: readonly T[],
  news: readonly T[],
  most: number,
  later: (known: T, incoming: T) => T,
): readonly T[] {
  if (news.length === 0) return known;
  const all = new Map(known.map((item) => [keyOf(item), item]));
  for (const item of news) {
    const before = all.get(keyOf(item));
    all.set(keyOf(item), before === undefined ? item : later(before, item));
  }
  const sorted = [...all.values()].sort((a, b) => a.attempt - b.attempt || a.seq - b.seq);
  return sorted.slice(-most);
}

/** Live events leave out large outputs, what a step was called with and what it saw: what is known of these stays. */
function laterStep(known: Step, incoming: Step): Step {
  if (known.endedAt !== null && incoming.endedAt === null) return known;
  const same = known.state === incoming.state && known.endedAt === incoming.endedAt;
  const output = same ? (known.output ?? incoming.output) : incoming.output;
  const { input = incoming.input, seen = incoming.seen } = known;
  if (same && output === known.output && input === known.input && seen === known.seen) return known;
  return { ...incoming, output, ...(input === undefined ? {} : { input }), ...(seen === undefined ? {} : { seen }) };
}

function keyOf({ attempt, seq }: Numbered): string {
  return `${attempt}:${seq}`;
}

/** The innermost of the nodes that a position is inside of. */
function outerOf(position: string, at: ReadonlyMap<string, StepNode>): StepNode | undefined {
  for (let end = position.length - 1; end > 0; end -= 1) {
    const sign = position[end];
    if (sign !== '/' && sign !== '[' && sign !== '{') continue;
    const found = at.get(position.slice(0, end));
    if (found !== undefined) return found;
  }
  return undefined;
}
