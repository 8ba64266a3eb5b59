/**
 * Says that the database was restored from a backup (ADR 0021), while no control plane runs: what the record has forgotten
 * may have happened, and nothing of it is done a second time unless a person says so.
 */
import { userInfo } from 'node:os';
import { forgetSignIns } from './accounts/index.ts';
import { appendAudit } from './audit/index.ts';
import { declareRestored, expectStopped } from './jobs/index.ts';
import { openStore } from './local-store.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { Transaction } from './platform/database/index.ts';
import { prepareHome } from './platform/home.ts';
import { createIds } from './platform/ids.ts';
import { createLog } from './platform/log.ts';
import { distrustRestored, INSTALLATION } from './trust/index.ts';
import { WorkflowsService } from './workflows/index.ts';

/** How the restore is to be taken. */
export interface RestoredOptions {
  /** Until when the control plane worked with the record that was lost. */
  readonly failedAt: Date;
  /** False: jobs in the queue are run, though they may have run since the backup. */
  readonly askAboutPending: boolean;
  /** Which one it was restored from, where that is known. */
  readonly backup?: { readonly id: string; readonly madeAt: string };
}

/** What was done. */
export interface Restored {
  readonly epoch: number;
  /** Jobs that waited in the queue and now wait for a person. */
  readonly asked: number;
  /** Attempts that were out and are judged when their agents come back. */
  readonly leases: number;
  readonly tokens: number;
  readonly sessions: number;
}

/** Twice the interval of a gateway's heartbeat, milliseconds. */
export const BEAT_MS = 5_000;

/** @throws Fault, one line each: CONTROL_PLANE_RUNS, HOME_*, DATABASE_*, MIGRATION_* */
export async function sayRestored(config: Config, options: RestoredOptions): Promise<Restored> {
  const log = createLog({ level: 'error', name: 'restored' });
  await prepareHome(config.home);
  await using opened = new AsyncDisposableStack();
  const db = await openStore(config, log, opened);
  await expectStopped(db, BEAT_MS);
  const clock = systemClock;
  const workflows = new WorkflowsService(db, clock, createIds(clock));
  let [tokens, sessions] = [0, 0];
  const also = async (tx: Transaction, jobs: object): Promise<void> => {
    tokens = await distrustRestored(tx);
    sessions = await forgetSignIns(tx);
    const from = options.backup === undefined ? {} : { backup: options.backup };
    const detail = { ...jobs, tokens, sessions, failedAt: options.failedAt.toISOString(), ...from };
    const actor = `local:${userInfo().username}`;
    await appendAudit(tx, { tenant: INSTALLATION, actor, action: 'store.restored', subject: 'store', detail });
  };
  const { askAboutPending, failedAt } = options;
  const deps = { db, clock, workflows, random: Math.random };
  return { ...(await declareRestored(deps, failedAt, { askAboutPending, also })), tokens, sessions };
}
