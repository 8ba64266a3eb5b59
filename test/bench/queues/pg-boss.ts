/** pg-boss with what it offers for throughput: large batches, fetched anew at once while they come full. */
import { PgBoss } from 'pg-boss';
import { counting, openSql } from './database.ts';
import { INPUT, untilNoneLeft, type BenchQueue, type QueueHome } from './queue.ts';

const BATCH = 1_000;
const WORKERS = 4;
const NAME = 'bench';
const count = counting(
  'pgBossLeft',
  `SELECT count(*)::int AS count FROM pgboss.job WHERE name = '${NAME}' AND state < 'completed'`,
);

export async function pgBoss({ databaseUrl }: QueueHome): Promise<BenchQueue> {
  const boss = new PgBoss({ connectionString: databaseUrl, max: 20, useListenNotify: true, schedule: false });
  boss.on('error', (error: unknown) => console.error(error));
  await boss.start();
  await boss.createQueue(NAME, { notify: true });
  const db = openSql(databaseUrl);
  const left = () => count(db);
  return {
    async submit(jobs) {
      await boss.insert(
        NAME,
        Array.from({ length: jobs }, () => ({ data: INPUT })),
      );
    },
    async submitOne() {
      await boss.send(NAME, INPUT);
    },
    async work(onStart) {
      const options = { batchSize: BATCH, localConcurrency: WORKERS, burstWhenBatchFull: true };
      await boss.work(NAME, { ...options, pollingIntervalSeconds: 0.5 }, async (jobs: unknown[]) => {
        for (const _ of jobs) onStart();
      });
    },
    completed: () => untilNoneLeft(left),
    left,
    async close() {
      await boss.stop({ graceful: false });
      await db.close();
    },
  };
}
