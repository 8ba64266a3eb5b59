/** A part: our own queue alone, looked at more closely than a peer can be. */
import { openDatabase, sql } from '../../../control-plane/dist/platform/database/index.js';
import { serve } from '../frame/child.ts';
import { quantile } from '../frame/rounds.ts';
import { casare, TENANT, type CasareQueue } from '../queues/casare.ts';
import { watched } from './watched.ts';

/** The statement of the claim that looks for jobs. */
const CLAIM = 'holdReady';
/** Claims that are not counted. */
const WARM_UP = 5;
const BULK = 10_000;
const ONE_AGENT = { tenant: TENANT, agents: 1, slots: 10 };
const OTHER = 'other';
const oldest = sql('benchSnapshot', 'SELECT count(*) FROM tenant');

let queue: CasareQueue | null = null;
let claims: number[] = [];

const questions = {
  /** Submits jobs in `sets` kinds, of which the worker of `mismatch` can run none. */
  fillOthers: async (of: { databaseUrl: string; jobs: number; sets: number }): Promise<void> => {
    const ours = await open(of.databaseUrl);
    const each = Math.min(BULK, Math.ceil(of.jobs / of.sets));
    for (let i = 0; i * each < of.jobs; i++) await ours.submitFor(each, { requires: [`kind=${i % of.sets}`] });
  },
  /** Submits jobs of the large tenant of `fairness`. */
  fillBacklog: async (of: { databaseUrl: string; jobs: number }): Promise<void> => {
    const ours = await open(of.databaseUrl, [TENANT, OTHER]);
    for (let left = of.jobs; left > 0; left -= BULK) await ours.submitFor(Math.min(BULK, left), { tenant: OTHER });
  },
  /** Claim p50 over `jobs` that the worker can run, beside those of others, milliseconds. */
  mismatch: async (of: { databaseUrl: string; jobs: number }): Promise<number> => {
    const ours = await open(of.databaseUrl);
    // A first batch warms the plan up, and is not counted.
    await drained(ours, of.jobs / 2, true);
    claims = [];
    await drained(ours, of.jobs, false);
    return quantile(claims, 0.5);
  },
  /** Claim p50 over each tenth of the claims, while somebody's transaction stays open, milliseconds. */
  snapshot: async (of: { databaseUrl: string; jobs: number }): Promise<number[]> => {
    const ours = await open(of.databaseUrl);
    const reader = openDatabase(of.databaseUrl, { max: 1 });
    const over = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const reading = reader.transaction(
      async (tx) => {
        await tx.query(oldest());
        begun.resolve();
        await over.promise;
      },
      // It is to stand still for as long as the jobs take.
      { isolation: 'repeatable read', settings: { idle_in_transaction_session_timeout: '0' } },
    );
    await begun.promise;
    for (let left = of.jobs; left > 0; left -= BULK) await ours.submit(Math.min(BULK, left));
    await ours.work(() => undefined);
    await ours.completed(of.jobs);
    over.resolve();
    await reading;
    await reader.close();
    // Until then plans are made and code is cold.
    claims = claims.slice(WARM_UP);
    if (claims.length < 10) throw new Error(`${of.jobs} jobs are too few for tenths: ${claims.length} claims of many.`);
    const bound = (at: number): number => Math.floor((at * claims.length) / 10);
    return Array.from({ length: 10 }, (_, at) => quantile(claims.slice(bound(at), bound(at + 1)), 0.5));
  },
  /** A small tenant's single jobs, submit to start; and while what the large tenant has waiting drains, if `drain`. */
  fairness: async (of: { databaseUrl: string; probes: number; drain: boolean }) => {
    const ours = await open(of.databaseUrl, [TENANT, OTHER]);
    let started = Promise.withResolvers<number>();
    await ours.connect(() => started.resolve(performance.now()), ONE_AGENT);
    await ours.start();
    const probe = async (): Promise<{ p50: number; p99: number }> => {
      const times: number[] = [];
      for (let i = 0; i < of.probes; i++) {
        started = Promise.withResolvers();
        const at = performance.now();
        await ours.submitOne();
        times.push((await started.promise) - at);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
    };
    // A first turn warms up, and is not counted.
    await probe();
    const resting = await probe();
    if (!of.drain) return { resting, draining: null, drained: 0 };
    let drained = 0;
    await ours.connect(() => void (drained += 1), { tenant: OTHER, agents: 100, slots: 10 });
    const draining = await probe();
    return { resting, draining, drained };
  },
};
/** What may be asked of our queue. */
export type OursQuestions = typeof questions;

serve(questions, async () => queue?.close());

async function open(databaseUrl: string, tenants?: readonly string[]): Promise<CasareQueue> {
  // One row says what was seen; a claim that held no place is no claim.
  const look = (db: Parameters<typeof watched>[0]) => watched(db, CLAIM, (ms, rows) => rows > 1 && claims.push(ms));
  queue = await casare({ databaseUrl }, tenants, look);
  return queue;
}

let ran = 0;

/** Submits jobs for one agent and waits until they are completed. */
async function drained(ours: CasareQueue, jobs: number, first: boolean): Promise<void> {
  if (first) {
    await ours.connect(() => undefined, ONE_AGENT);
    await ours.start();
  }
  await ours.submit(jobs);
  ran += jobs;
  await ours.completed(ran);
}
