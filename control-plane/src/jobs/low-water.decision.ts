/**
 * Low-water marks of the ready queue: up to where a route's places of one rank are gone for good. A place that was taken
 * stays in the index until no open transaction can see it; without marks every claim would walk over all of them again.
 *
 * Invariant: no place at or below a mark will ever be seen. A place's number is drawn inside a transaction that has already
 * written, so every number that was drawn before a moment belongs to a transaction that is over, seen or rolled back, once
 * the oldest open one began after that moment. Up to there (`#settled`) a mark may rise to just below the lowest place that is
 * seen. Numbers that were drawn later may yet appear below others, and hold the marks back.
 * Bounds: `RANKS` marks of a route, `ROUTES` routes; beyond that the oldest are forgotten, which costs time and nothing else.
 */

/** A part of a route's places, to be looked through in its order; ranks from `fromRank` on, before `beforeRank`. */
export interface Segment {
  readonly routeId: number;
  readonly fromRank: number;
  /** Of the first rank: places after this number. */
  readonly afterSeq: number;
  readonly beforeRank: number;
}

/** What one look at the queue saw beside the places. */
export interface Look {
  /** The last number that was drawn. */
  readonly lastSeq: number;
  /** The oldest transaction that was open, and the first that had not begun. */
  readonly oldest: bigint;
  readonly next: bigint;
  /** The lowest place of each (route, rank) that was seen. */
  readonly lowest: readonly { readonly routeId: number; readonly rank: number; readonly seq: number }[];
}

const RANKS = 8;
const ROUTES = 10_000;
/** Above every rank. */
const END = 101;
/** Marks are proved anew this often, milliseconds: whatever was restored behind our back is met then. */
const PROVE_MS = 10_000;

export class LowWaterMarks {
  /** Of each route, by rank. */
  readonly #marks = new Map<number, Map<number, number>>();
  #settled = 0;
  #lastSeq = 0;
  /** Numbers up to `seq` are settled once every transaction before `next` is over. */
  #settling: { readonly seq: number; readonly next: bigint } | null = null;
  #provedAt = -Infinity;

  /** Where a look that marks are to learn from goes; now and then from the start. `nowMs` is monotonic. */
  look(routeIds: Iterable<number>, nowMs: number): Segment[] {
    const prove = nowMs - this.#provedAt >= PROVE_MS;
    if (prove) this.#provedAt = nowMs;
    return this.segments(routeIds, prove);
  }

  /** Where to look for places of these routes. */
  segments(routeIds: Iterable<number>, prove = false): Segment[] {
    return [...routeIds].flatMap((routeId) => {
      const marks = [...(this.#marks.get(routeId) ?? [])].sort(([one], [other]) => one - other);
      const starts = [[0, 0] as const, ...marks.map(([rank, seq]) => [rank, prove ? 0 : seq] as const)];
      return starts.flatMap(([fromRank, afterSeq], index) => {
        const beforeRank = starts[index + 1]?.[0] ?? END;
        return fromRank < beforeRank ? { routeId, fromRank, afterSeq, beforeRank } : [];
      });
    });
  }

  /** Learns from a look that went through `segments`, each until it had as many places as were wanted. */
  learn(segments: readonly Segment[], { lastSeq, oldest, next, lowest }: Look): void {
    // Numbers go back only when the database has lost some of them: a standby took over.
    if (lastSeq < this.#lastSeq) return this.#forget(lastSeq);
    if (this.#settling !== null && oldest >= this.#settling.next) {
      this.#settled = this.#settling.seq;
      this.#settling = null;
    }
    this.#settling ??= { seq: this.#lastSeq, next };
    this.#lastSeq = lastSeq;
    // Nothing was there of the rank that a segment begins with, or its lowest is among those that were seen.
    for (const { routeId, fromRank } of segments) this.#raise(routeId, fromRank, this.#settled);
    for (const { routeId, rank, seq } of lowest) this.#mark(routeId, rank, Math.min(seq - 1, this.#settled));
  }

  #raise(routeId: number, rank: number, seq: number): void {
    const marks = this.#marks.get(routeId);
    if (marks?.has(rank)) marks.set(rank, seq);
  }

  #mark(routeId: number, rank: number, seq: number): void {
    const marks = this.#marks.get(routeId) ?? new Map<number, number>();
    this.#marks.delete(routeId);
    this.#marks.set(routeId, marks);
    if (this.#marks.size > ROUTES) this.#marks.delete(this.#marks.keys().next().value!);
    marks.set(rank, seq);
    if (marks.size > RANKS) marks.delete(marks.keys().next().value!);
  }

  #forget(lastSeq: number): void {
    this.#marks.clear();
    this.#settling = null;
    this.#settled = 0;
    this.#lastSeq = lastSeq;
  }
}
