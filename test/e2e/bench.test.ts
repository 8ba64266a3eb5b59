/** The benches work: each runs in its small size. What it measures then says nothing and is not looked at. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../support/program.ts';

const run = promisify(execFile);
const bench = (...args: string[]) =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', 'test/bench/main.ts', ...args], { cwd: ROOT });

const Outcome = z.strictObject({
  bench: z.string(),
  figures: z.record(z.string(), z.record(z.string(), z.number())),
  ratios: z.record(z.string(), z.number()),
  goals: z.array(z.strictObject({ goal: z.string(), value: z.number(), limit: z.number(), met: z.boolean() })),
  foreignCpu: z.number().min(0).max(1),
  skipped: z.array(z.string()),
});

describe.skipIf(process.platform !== 'linux')('npm run bench', () => {
  it('tunnels: every tunnel of ours and of the peer comes, stays, and comes again', async () => {
    const { stdout } = await bench('tunnels', '--size', 'small');
    const outcome = Outcome.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1)!));
    expect(outcome).toMatchObject({ bench: 'tunnels', goals: [], skipped: [expect.stringContaining('10000 tunnels')] });
    for (const contender of ['casare', 'ws']) {
      expect(outcome.figures[contender]).toMatchObject({ dropped: 0 });
      expect(outcome.figures[contender]!['pongs/s']).toBeGreaterThan(0);
    }
  });

  it.each(['enqueue', 'drain', 'endtoend', 'latency'])(
    '%s: every contender that can be had runs its jobs',
    async (name) => {
      const { stdout } = await bench(name, '--size', 'small');
      const outcome = Outcome.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1)!));
      expect(outcome).toMatchObject({ bench: name, goals: [] });
      // BullMQ only where Debian's packages are; then it is said why.
      const missing = outcome.skipped.some((part) => part.startsWith('bullmq: ')) ? [] : ['bullmq'];
      const contenders = ['casare', 'graphile-worker', 'pg-boss', ...missing];
      expect(Object.keys(outcome.figures)).toEqual(contenders);
      // The rate, or the median.
      for (const contender of contenders) expect(Object.values(outcome.figures[contender]!)[0]).toBeGreaterThan(0);
    },
  );

  it.each(['backlog', 'tunnel-dispatch', 'mismatch', 'snapshot', 'fairness', 'console'])(
    '%s: every figure is measured',
    async (name) => {
      const { stdout } = await bench(name, '--size', 'small');
      const outcome = Outcome.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1)!));
      expect(outcome).toMatchObject({ bench: name, goals: [] });
      for (const figures of Object.values(outcome.figures)) {
        for (const figure of Object.values(figures)) expect(figure).toBeGreaterThanOrEqual(0);
      }
    },
  );

  it('steps: plain steps and those of the browser run, ours and those of a script', async () => {
    const { stdout } = await bench('steps', '--size', 'small');
    const outcome = Outcome.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1)!));
    expect(outcome).toMatchObject({ bench: 'steps', goals: [], skipped: [expect.stringContaining('1000')] });
    expect(Object.keys(outcome.figures)).toEqual(['casare', 'executors', 'playwright']);
    for (const figures of Object.values(outcome.figures)) expect(figures['ms per browser step']).toBeGreaterThan(0);
  });

  it('a name that is none is refused with the names that are', async () => {
    const refusal: unknown = await bench('tunnel').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 2, stderr: expect.stringMatching(/names: .*tunnels/) as string });
  });
});
