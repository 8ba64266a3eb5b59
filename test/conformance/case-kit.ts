/** What the cases of the conformance suite are made of: jobs, agents, events, and how a case is run. */
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { foldEvents, newEvents } from '../../control-plane/src/jobs/run-fold.decision.ts';
import { lockHeldLeases, writeRuns } from '../../control-plane/src/jobs/run.store.ts';
import * as submit from '../../control-plane/src/jobs/submit.store.ts';
import type { Database, Transaction } from '../../control-plane/src/platform/database/index.ts';

export const TENANT = 'default';
export const OTHER = 'other';
export const [PAST, FUTURE] = ['2020-01-01T00:00:00.000Z', '2090-01-01T00:00:00.000Z'];
/** Longer than the suite runs. */
export const MINUTE = 60_000;

export function uuid(number: number): string {
  return `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
}
export const AGENTS = [uuid(901), uuid(902), uuid(903)];
export const [A, B, C] = AGENTS as [string, string, string];
export const [GATEWAY, SECOND] = [uuid(801), uuid(802)];

export function newJob(number: number, change: Partial<submit.NewJob> = {}): submit.NewJob {
  return {
    ...{ id: uuid(number), workflowId: uuid(700), routeId: 1, priority: 50, maxAttempts: 3, input: '{"n":1}' },
    ...{ requires: [], site: null, notBefore: null, deadline: null, concurrencyKey: null, createdBy: 'key:test' },
    ...{ concurrencyLimit: 1, retry: null, timeoutMs: null, attemptTimeoutMs: null },
    ...change,
  };
}

export const place = (position: string) => ({ path: position, position });
export const started = (position: string): RunEventBody => ({
  ...{ type: 'step.started', ...place(position), name: 'act', task: 'call', call: 'browser.click:1.0.0' },
  ...{ effect: 'unsafe', onRestart: 'suspend' },
});
export const completed = (position: string): RunEventBody => ({
  ...{ type: 'step.completed', ...place(position), output: { done: [1, null] }, durationMs: 12 },
});
export const failed = (position: string): RunEventBody => ({
  ...{ type: 'step.failed', ...place(position), certain: true, durationMs: 7 },
  error: { type: 'about:blank', status: 500 },
});
export const events = (from: number, ...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at: PAST, body }));

export const tenantOf = { tenant: TENANT };
export const key = (number: number, attempt = 1) => ({ ...tenantOf, jobId: uuid(number), attempt });
export const request = (number: number, agentId: string) => ({
  ...{ ...tenantOf, jobId: uuid(number), agentId },
  slot: 'plain' as const,
});

/** Records events the way `recordBatch` does. */
export async function record(
  tx: Transaction,
  number: number,
  agentId: string,
  all: readonly RunEvent[],
): Promise<void> {
  const held = await lockHeldLeases(tx, [{ ...key(number), agentId }]);
  const writes = held.flatMap((lease) => {
    const events = newEvents(lease.ackedSeq, all)!;
    return events.length === 0 ? [] : { ...lease, events, fold: foldEvents(lease.state, events)! };
  });
  if (writes.length > 0) await writeRuns(tx, writes);
}

/** One case; what it returns is compared too. */
export interface Case {
  readonly name: string;
  readonly run: (db: Database) => Promise<unknown>;
}

export const inTransaction = (name: string, run: (tx: Transaction) => Promise<unknown>): Case => ({
  name,
  run: (db) => db.transaction(run),
});
export const alone = (name: string, run: (db: Database) => Promise<unknown>): Case => ({ name, run });
