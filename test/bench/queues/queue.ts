/** What every contender of the queue benches offers, as its own users would use it: ours and each peer. */

/** Where a contender keeps its jobs: a fresh database for each run. */
export interface QueueHome {
  /** Of an empty PostgreSQL database. */
  readonly databaseUrl: string;
  /** Of an empty Redis that flushes at every write; null for contenders that need none. */
  readonly redisPort: number | null;
}

/** A queue with one kind of job, which does nothing. */
export interface BenchQueue {
  /** Submits `count` jobs by one bulk call; resolves when they are durable. */
  submit(count: number): Promise<void>;
  /** Submits one job by the call for one job. */
  submitOne(): Promise<void>;
  /** Workers begin; `onStart` is called at the start of every handler. Resolves when they look for jobs. */
  work(onStart: () => void): Promise<void>;
  /** Resolves when `count` jobs that were started since `work` are durably completed. */
  completed(count: number): Promise<void>;
  /** Jobs that are not completed. */
  left(): Promise<number>;
  close(): Promise<void>;
}

/** What a job carries: 64 bytes as JSON. */
export const INPUT = { note: 'x'.repeat(64 - JSON.stringify({ note: '' }).length) } as const;

/** In the order of their turns. */
export const CONTENDERS = ['casare', 'graphile-worker', 'pg-boss', 'bullmq'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** Asks again until nothing is left; the last completions are a few milliseconds away. */
export async function untilNoneLeft(left: () => Promise<number>): Promise<void> {
  while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 2));
}
