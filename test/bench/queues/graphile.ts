/** graphile-worker with what it offers for throughput: a local queue, and completions in batches. */
import { Logger, makeWorkerUtils, run, type Runner } from 'graphile-worker';
import { counting, openSql } from './database.ts';
import { INPUT, untilNoneLeft, type BenchQueue, type QueueHome } from './queue.ts';

const CONCURRENCY = 100;
const LOCAL_QUEUE = 500;
const NAME = 'bench';
const count = counting('graphileLeft', 'SELECT count(*)::int AS count FROM graphile_worker._private_jobs');

export async function graphileWorker({ databaseUrl }: QueueHome): Promise<BenchQueue> {
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString: databaseUrl, maxPoolSize: 20, logger });
  await utils.migrate();
  const db = openSql(databaseUrl);
  const left = () => count(db);
  let runner: Runner | null = null;
  const job = { identifier: NAME, payload: INPUT };
  return {
    async submit(jobs) {
      await utils.addJobs(Array.from({ length: jobs }, () => job));
    },
    async submitOne() {
      await utils.addJob(NAME, INPUT);
    },
    async work(onStart) {
      runner = await run({
        taskList: { [NAME]: () => onStart() },
        preset: {
          worker: {
            connectionString: databaseUrl,
            maxPoolSize: 20,
            concurrentJobs: CONCURRENCY,
            localQueue: { size: LOCAL_QUEUE },
            completeJobBatchDelay: 0,
            logger,
          },
        },
        noHandleSignals: true,
      });
    },
    completed: () => untilNoneLeft(left),
    left,
    async close() {
      await runner?.stop();
      await utils.release();
      await db.close();
    },
  };
}
