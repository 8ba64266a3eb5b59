/** BullMQ; completed jobs are removed, as it recommends for throughput. */
import { Queue, Worker } from 'bullmq';
import { INPUT, untilNoneLeft, type BenchQueue, type QueueHome } from './queue.ts';

const CONCURRENCY = 100;
const NAME = 'bench';

export async function bullmq({ redisPort }: QueueHome): Promise<BenchQueue> {
  const connection = { host: '127.0.0.1', port: redisPort!, maxRetriesPerRequest: null };
  const options = { removeOnComplete: true };
  const queue = new Queue(NAME, { connection, defaultJobOptions: options });
  await queue.waitUntilReady();
  let worker: Worker | null = null;
  const left = async () => {
    const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed');
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  };
  const job = { name: NAME, data: INPUT };
  return {
    async submit(count) {
      await queue.addBulk(Array.from({ length: count }, () => job));
    },
    async submitOne() {
      await queue.add(NAME, INPUT);
    },
    async work(onStart) {
      worker = new Worker(NAME, async () => onStart(), { connection, concurrency: CONCURRENCY });
      await worker.waitUntilReady();
    },
    completed: () => untilNoneLeft(left),
    left,
    async close() {
      await worker?.close(true);
      await queue.close();
    },
  };
}
