/**
 * One run as an agent carries it out, without a control plane: a worker process of its own, every event over its pipe into
 * the outbox, leave to act asked for and given. What a step costs a customer.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../../edge-agent/dist/clock.js';
import { Outbox, StoredAssignment } from '../../../edge-agent/dist/outbox/index.js';
import { Policy } from '../../../edge-agent/dist/policy/index.js';
import { ForkedWorker } from '../../../edge-agent/dist/runner/forked-worker.js';
import { Run } from '../../../edge-agent/dist/runner/run.js';

import { assignment } from '../../../edge-agent/src/outbox/outbox-for-tests.ts';
import { cpuSeconds } from './process-cpu.ts';

/** No control plane takes the right to act away. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;
const WORKER = new URL('../../../edge-agent/dist/runner/worker.js', import.meta.url);

/** What came of it, by the times of its record. */
export interface Ran {
  /** From the first recorded step to the ending, milliseconds. */
  readonly ms: number;
  /** Processor time of the worker and of this process, without the browser, seconds. */
  readonly cpu: number;
  /** From the end of one step to the end of another, by their names; to the ending of the run without another. */
  readonly msBetween: (from: string, to?: string) => number;
  readonly ending: string;
}

/** Runs tasks in a fresh worker, which has waited for its job as the spare one of an agent does. */
export async function runOnAgent(
  folder: string,
  tasks: unknown[],
  environment: Readonly<Record<string, string>>,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<Ran> {
  const runFolder = path.join(folder, 'run');
  await mkdir(path.join(runFolder, 'files'), { recursive: true });
  const outbox = Outbox.open({ file: path.join(folder, 'outbox.db') });
  const log = (): void => undefined;
  const worker = new ForkedWorker({ module: WORKER, environment, log }, process.env);
  const plain = assignment({}, tasks);
  const { document } = plain.workflow as unknown as { document: { document: object } };
  Object.assign(document.document, { metadata });
  const given = StoredAssignment.parse(plain);
  outbox.accept(given);
  await worker.ready;
  const ended = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  let atFirst: { readonly worker: number; readonly own: NodeJS.CpuUsage } | undefined;
  const run = new Run(
    given,
    { secrets: {} },
    {
      ...{ outbox, runFolder, log, clock: systemClock, policy: Policy.parse({}) },
      intake: { keep: () => Promise.reject(new Error('a run of the bench stores nothing')) } as never,
      takeWorker: () => worker,
      lease: () => ({ mono: FOR_EVER, wall: FOR_EVER }),
      // Called at every event; the worker has loaded its code by the first one.
      wake: () => {
        atFirst ??= { worker: cpuSeconds(worker.record.pid), own: process.cpuUsage() };
      },
      ended: () => ended.resolve(),
      gone: () => gone.resolve(),
    },
  );
  run.start();
  await ended.promise;
  const cpu = cpuSeconds(worker.record.pid) - atFirst!.worker + seconds(process.cpuUsage(atFirst!.own));
  const journal = outbox.journal(run.key);
  await gone.promise;
  outbox.close();
  await rm(folder, { recursive: true, force: true });
  const at = (index: number): number => Date.parse(journal.at(index)?.at ?? '');
  const endOf = (name: string): number =>
    journal.findIndex(({ body }) => body.type === 'step.completed' && body.path.endsWith(`/${name}`));
  const started = journal.findIndex(({ body }) => body.type === 'step.started');
  return {
    ms: at(-1) - at(started),
    cpu,
    msBetween: (from, to) => (to === undefined ? at(-1) : at(endOf(to))) - at(endOf(from)),
    ending: journal.at(-1)?.body.type ?? 'none',
  };
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}
