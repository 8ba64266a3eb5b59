/**
 * For tests: a control plane's trust as a process of its own, with one gateway. It starts a rotation, or goes on with the
 * one it finds, and drives it to its end, one write after the other. At the write it is told it kills itself with SIGKILL.
 * Its last line is what it wrote, in order.
 */
import { api, CaKind } from '@casare/shared/api';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { systemClock } from '../platform/clock.ts';
import { openDatabase, sql, type Database } from '../platform/database/index.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { ROTATION_WRITES, type AtWrite, type RotationWrite } from './rotation-writes.ts';
import { signerForTests } from './testing.ts';
import { createTrust, type Trust } from './trust.module.ts';

export const ProcessTask = z.object({
  url: z.string(),
  masterKey: z.base64(),
  kind: CaKind,
  /** Where the rotation is taken back; null: it goes to its end. */
  rollbackFrom: z.enum(['prepare', 'issue', 'serve']).nullable(),
  /** The how-manieth commit of which write to die at. */
  die: z
    .object({ write: z.enum(ROTATION_WRITES), nth: z.int().min(1), moment: z.enum(['before', 'after']) })
    .nullable(),
});
export type ProcessTask = z.infer<typeof ProcessTask>;

const addGateway = sql<never, [id: string]>('processGateway', 'INSERT INTO gateway (id) VALUES ($1)');
const beat = sql<never, [id: string]>(
  'processBeat',
  'UPDATE gateway SET heartbeat_at = clock_timestamp() WHERE id = $1',
);
const dropOthers = sql<never, [id: string]>('processAlone', 'DELETE FROM gateway WHERE id <> $1');

/** A gate that is not met is looked at again, as a person would. */
const TRIES = 50;
const AGAIN_MS = 100;
/** The loop would make what a slow machine has not come to yet, a write that is not there another time. */
const NEVER_MS = 86_400_000;
const BY = { tenant: 'default', actor: 'account:test' };
const HOSTS = ['127.0.0.1'];

export async function runTask(task: ProcessTask, onWrite: AtWrite): Promise<void> {
  const db = openDatabase(task.url);
  const ids = createIds(systemClock);
  const signer = signerForTests(Buffer.from(task.masterKey, 'base64'), HOSTS);
  const trust = createTrust({
    ...{ db, clock: systemClock, ids, log: silentLog, signer, hosts: HOSTS, atWrite: onWrite },
    rotationsMs: NEVER_MS,
  });
  await trust.start();
  for (const tenant of ['default', 'other']) await trust.authorities.agentCa(tenant);
  const gateway = ids.next();
  await db.execute(addGateway(gateway));
  // The one before was killed: its row would be waited for as long as its heartbeat is fresh.
  await db.execute(dropOthers(gateway));
  await drive(task, trust, db, gateway);
  await trust.stop();
  await db.close();
}

async function drive({ kind, rollbackFrom }: ProcessTask, trust: Trust, db: Database, gateway: string): Promise<void> {
  const { rotations } = trust;
  let said = '';
  const follow = async (): Promise<void> => {
    await db.execute(beat(gateway));
    await trust.views.refresh();
    await trust.gateway.renewIfDue();
    const report = trust.gateway.reportAt(trust.views.current.rev);
    if (JSON.stringify(report) === said) return;
    await trust.gateway.report(gateway, report);
    said = JSON.stringify(report);
  };
  await follow();
  const known = must(await rotations.list('default', { limit: 10 })).items.find((one) => one.kind === kind);
  // What a crash left to be made below the new root is made by the loop; here before anything else is done, not beside it.
  if (known !== undefined) await rotations.turn();
  let now = known ?? must(await rotations.start(BY, api.rotations.start.body.parse({ kind })));
  for (let unmet = 0; now.phase !== 'standby';) {
    await follow();
    const from = now.phase;
    const moved =
      from === rollbackFrom
        ? await rotations.rollback(BY, now.id, { reason: 'test', from, dryRun: false })
        : await rotations.advance(BY, now.id, { leaveStragglers: false, from, dryRun: false });
    // Trust follows itself in this process too: what it has just begun is not reported yet.
    unmet = isRefusal(moved) && moved.code === 'ROTATION_GATE_UNMET' ? unmet + 1 : 0;
    if (unmet === 0 || unmet > TRIES) now = must(moved);
    else await setTimeout(AGAIN_MS);
  }
}

function must<T extends object>(outcome: T | Refusal): T {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.detail ?? outcome.title}`);
  return outcome;
}

/** Started as a program, with the task as JSON. */
if (process.argv[2] !== undefined && import.meta.filename === process.argv[1]) {
  const task = ProcessTask.parse(JSON.parse(process.argv[2]));
  const written: RotationWrite[] = [];
  const dies = (write: RotationWrite, moment: 'before' | 'after'): void => {
    const nth = written.filter((one) => one === write).length + (moment === 'before' ? 1 : 0);
    const { die } = task;
    if (die?.write === write && die.nth === nth && die.moment === moment) process.kill(process.pid, 'SIGKILL');
  };
  await runTask(task, async (write, moment) => {
    if (moment === 'after') written.push(write);
    dies(write, moment);
  });
  process.stdout.write(`${JSON.stringify(written)}\n`);
}
