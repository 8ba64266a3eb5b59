/** Marks against a model of a queue with open transactions: no place is ever passed over, and what is gone is left behind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LowWaterMarks, type Look, type Segment } from './low-water.decision.ts';

interface Place {
  readonly routeId: number;
  readonly rank: number;
  readonly seq: number;
}

/** A queue whose places come with transactions that commit late, or never. */
class Model {
  readonly marks = new LowWaterMarks();
  readonly #open = new Map<number, Place[]>();
  #visible: Place[] = [];
  #seq = 0;
  #xid = 0;

  begin(): void {
    this.#open.set(++this.#xid, []);
  }

  /** The open transaction number `n` puts a place in. */
  put(n: number, routeId: number, rank: number): void {
    const open = [...this.#open.values()];
    open[n % open.length]?.push({ routeId, rank, seq: ++this.#seq });
  }

  end(n: number, commit: boolean): void {
    const xids = [...this.#open.keys()];
    const xid = xids[n % xids.length];
    if (xid === undefined) return;
    if (commit) this.#visible.push(...this.#open.get(xid)!);
    this.#open.delete(xid);
  }

  /** Looks for `wanted` places of each route and takes some of them. */
  claim(routes: readonly number[], wanted: number, taken: number, nowMs: number): void {
    const segments = this.marks.look(routes, nowMs);
    const seen = segments.flatMap((segment) => this.#visible.filter(inside(segment)).sort(best).slice(0, wanted));
    for (const routeId of routes) {
      const all = this.#visible.filter((place) => place.routeId === routeId).sort(best);
      const mine = seen.filter((place) => place.routeId === routeId).sort(best);
      expect(mine.slice(0, wanted)).toEqual(all.slice(0, wanted));
    }
    const lowest = [...Map.groupBy(seen, (place) => `${place.routeId} ${place.rank}`).values()].map(
      (places) => places.sort(best)[0]!,
    );
    const look: Look = {
      lastSeq: this.#seq,
      oldest: BigInt([...this.#open.keys()][0] ?? this.#xid + 1),
      next: BigInt(this.#xid + 1),
      lowest,
    };
    this.marks.learn(segments, look);
    const gone = new Set(seen.slice(0, taken));
    this.#visible = this.#visible.filter((place) => !gone.has(place));
  }

  /** A standby took over that had seen fewer numbers. */
  lose(n: number): void {
    this.#seq = Math.max(0, this.#seq - n);
    this.#visible = this.#visible.filter(({ seq }) => seq <= this.#seq);
    this.#open.clear();
  }
}

const inside =
  ({ routeId, fromRank, afterSeq, beforeRank }: Segment) =>
  (place: Place): boolean =>
    place.routeId === routeId &&
    place.rank < beforeRank &&
    (place.rank > fromRank || (place.rank === fromRank && place.seq > afterSeq));

const best = (one: Place, other: Place): number => one.rank - other.rank || one.seq - other.seq;

describe('low-water marks', () => {
  it('never pass over a place, whatever commits late and whatever is left in the queue', () => {
    const route = fc.integer({ min: 1, max: 3 });
    const act = fc.oneof(
      fc.constant((model: Model) => model.begin()),
      fc.tuple(fc.nat(5), route, fc.integer({ min: 0, max: 12 })).map(
        ([n, routeId, rank]) =>
          (model: Model) =>
            model.put(n, routeId, rank),
      ),
      fc.tuple(fc.nat(5), fc.boolean()).map(
        ([n, commit]) =>
          (model: Model) =>
            model.end(n, commit),
      ),
      fc.tuple(fc.uniqueArray(route, { minLength: 1 }), fc.integer({ min: 1, max: 4 }), fc.nat(4), fc.nat(30_000)).map(
        ([routes, wanted, taken, nowMs]) =>
          (model: Model) =>
            model.claim(routes, wanted, taken, nowMs),
      ),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120, size: 'max' }), (acts) => {
        const model = new Model();
        for (const one of acts) one(model);
      }),
      { numRuns: 2_000 },
    );
  });

  it('rise behind what is gone, and not beyond a transaction that is open', () => {
    const model = new Model();
    const afterOf = (): number => model.marks.segments([1]).find(({ fromRank }) => fromRank === 50)?.afterSeq ?? -1;
    const fill = (): void => {
      model.begin();
      for (let n = 0; n < 10; n++) model.put(0, 1, 50);
      model.end(0, true);
    };
    fill();
    for (let n = 0; n < 5; n++) model.claim([1], 2, 2, 1);
    expect(afterOf()).toBe(8);
    model.claim([1], 2, 2, 1);
    expect(afterOf()).toBe(10);
    // This one may still put in what has a lower number than others have by now.
    model.begin();
    model.put(0, 1, 50);
    for (let n = 0; n < 3; n++) {
      model.begin();
      model.put(1, 1, 50);
      model.end(1, true);
      model.claim([1], 2, 2, 1);
    }
    expect(afterOf()).toBe(10);
    model.end(0, true);
    for (let n = 0; n < 3; n++) model.claim([1], 2, 2, 1);
    expect(afterOf()).toBe(14);
  });

  it('are forgotten when numbers go back, and proved anew from time to time', () => {
    const model = new Model();
    model.begin();
    for (let n = 0; n < 10; n++) model.put(0, 1, 50);
    model.end(0, true);
    for (let n = 0; n < 6; n++) model.claim([1], 2, 2, 1);
    expect(model.marks.look([1], 2)[1]).toMatchObject({ fromRank: 50, afterSeq: 10 });
    expect(model.marks.look([1], 20_000)[1]).toMatchObject({ fromRank: 50, afterSeq: 0 });
    expect(model.marks.segments([1])[1]).toMatchObject({ fromRank: 50, afterSeq: 10 });
    model.lose(5);
    model.claim([1], 2, 0, 20_001);
    model.begin();
    model.put(0, 1, 50);
    model.end(0, true);
    // Number 6, which a mark had passed.
    model.claim([1], 2, 1, 20_002);
  });
});
