/** Calls that come together share a run, on a real database where the database decides. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { gather, type GatherOptions } from './gather.ts';
import { sql } from './statement.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

interface Run {
  readonly calls: readonly number[];
  readonly answer: () => void;
  readonly fail: (error: unknown) => void;
}

/** A gather whose runs end when the test says so. */
function held(options: Partial<Omit<GatherOptions<number, number>, 'run'>> = {}) {
  const runs: Run[] = [];
  const call = gather<number, number>({
    ...{ most: 100, runs: 1, ...options },
    run: (calls) =>
      new Promise((resolve, reject) => {
        runs.push({ calls, answer: () => resolve(calls.map((n) => n * 10)), fail: reject });
      }),
  });
  const turn = async (): Promise<void> => {
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
  };
  return { runs, call, turn };
}

describe('gather', () => {
  it('runs calls of one turn together and answers each its own', async () => {
    const { runs, call, turn } = held();
    const answers = Promise.all([call(1), call(2), call(3)]);
    await turn();
    expect(runs.map(({ calls }) => calls)).toEqual([[1, 2, 3]]);
    runs[0]!.answer();
    expect(await answers).toEqual([10, 20, 30]);
  });

  it('never answers a call by a run that had begun before it', async () => {
    const { runs, call, turn } = held();
    const first = call(1);
    await turn();
    const second = call(2);
    await turn();
    expect(runs).toHaveLength(1);
    runs[0]!.answer();
    await first;
    await turn();
    expect(runs.map(({ calls }) => calls)).toEqual([[1], [2]]);
    runs[1]!.answer();
    expect(await second).toBe(20);
  });

  it('keeps its bounds', async () => {
    const { runs, call, turn } = held({ most: 2, runs: 2 });
    const answers = Promise.all([1, 2, 3, 4, 5].map((n) => call(n)));
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(runs.map(({ calls }) => calls)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    runs[0]!.answer();
    for (let turns = 0; turns < 5; turns++) await turn();
    expect(runs[2]!.calls).toEqual([5]);
    for (const run of runs) run.answer();
    expect(await answers).toEqual([10, 20, 30, 40, 50]);
  });

  it('gathers for a while after a run has begun, but no more than a run takes', async () => {
    const { runs, call, turn } = held({ most: 3, runs: 4, apartMs: 3_600_000 });
    const first = call(1);
    await turn();
    const others = [call(2), call(3)];
    await turn();
    expect(runs.map(({ calls }) => calls)).toEqual([[1]]);
    others.push(call(4));
    await turn();
    expect(runs.map(({ calls }) => calls)).toEqual([[1], [2, 3, 4]]);
    for (const run of runs) run.answer();
    expect(await Promise.all([first, ...others])).toEqual([10, 20, 30, 40]);
  });

  it('begins the next run when the while is over', async () => {
    const { runs, call, turn } = held({ apartMs: 20 });
    const first = call(1);
    await turn();
    runs[0]!.answer();
    await first;
    const second = call(2);
    await vi.waitFor(() => expect(runs.map(({ calls }) => calls)).toEqual([[1], [2]]));
    runs[1]!.answer();
    expect(await second).toBe(20);
  });

  it('keeps calls of one key apart and in order', async () => {
    const { runs, call, turn } = held({ keyOf: (n) => String(n % 10) });
    const answers = Promise.all([1, 11, 2, 21].map((n) => call(n)));
    for (const expected of [[1, 2], [11], [21]]) {
      await turn();
      expect(runs.at(-1)!.calls).toEqual(expected);
      runs.at(-1)!.answer();
    }
    expect(await answers).toEqual([10, 110, 20, 210]);
  });

  it('fails all calls of a run that failed, and goes on', async () => {
    const { runs, call, turn } = held();
    const failed = Promise.allSettled([call(1), call(2)]);
    await turn();
    runs[0]!.fail(new Error('away'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = call(3);
    await turn();
    runs[1]!.answer();
    expect(await next).toBe(30);
  });
});

describe('on a database', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase({ migrations: 'none' });
  });
  afterAll(() => database.close());

  it('a value that it refuses fails its own call alone', async () => {
    const echo = sql<{ n: number }, [numbers: string[]]>(
      'gatherEcho',
      'SELECT w.n::int AS n FROM unnest($1::text[]) WITH ORDINALITY AS w(n, place) ORDER BY w.place',
    );
    const call = gather<string, number>({
      ...{ most: 100, runs: 1 },
      run: async (calls) => (await database.db.query(echo([...calls]))).map(({ n }) => n),
    });
    const settled = await Promise.allSettled([call('1'), call('two'), call('3')]);
    expect(settled).toMatchObject([{ value: 1 }, { reason: { code: '22P02' } }, { value: 3 }]);
  });
});
