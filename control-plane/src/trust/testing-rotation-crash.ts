/** For tests: a rotation whose process is killed at every write, before and after its COMMIT, and what is left at the end. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import type { ProcessTask } from './testing-rotation-process.ts';
import { bundleRotationProgram } from './testing-rotation-program.ts';
import type { RotationWrite, WriteMoment } from './rotation-writes.ts';

/** Made once for a file of tests, when its first process starts. */
let program: Promise<string> | undefined;
const MOMENTS: readonly WriteMoment[] = ['before', 'after'];
/** Killed at once; each has two processes, one after the other. */
const AT_ONCE = 2;

const addTenants = sql<never, []>(
  'crashTenants',
  `INSERT INTO tenant (id, name, operator) VALUES ('default', 'default', true), ('other', 'other', false)`,
);
const summary = sql<{ what: string; n: number }, []>(
  'crashSummary',
  `SELECT 'ca ' || kind || ' ' || coalesce(tenant_id, '-') || ' ' || state || CASE WHEN cross_pem IS NULL THEN '' ELSE ' crossed' END
     AS what, count(*)::int AS n FROM certificate_authority GROUP BY 1
   UNION ALL SELECT 'rotation ' || kind || ' ' || phase || ' ' || coalesce(outcome, 'open') || ' rev ' || rev, count(*)::int
     FROM ca_rotation GROUP BY 1
   UNION ALL SELECT 'audit ' || action, count(*)::int FROM audit_event
     WHERE action LIKE 'rotation.%' OR action = 'ca.created' GROUP BY 1
   UNION ALL SELECT 'live ' || (body->>'action'), count(*)::int FROM live_event WHERE body->>'type' = 'trust.changed' GROUP BY 1
   ORDER BY 1`,
);
// Invariant 5: every certificate has its row and its audit event, and nothing else has.
const unaudited = sql<{ n: number }, []>(
  'crashUnaudited',
  `SELECT count(*)::int AS n FROM gateway_certificate g FULL JOIN audit_event a
     ON a.subject = 'certificate:' || g.serial AND a.action = 'gatewayCertificate.issued'
   WHERE (a.action = 'gatewayCertificate.issued' OR a.action IS NULL) AND (g.serial IS NULL OR a.subject IS NULL)`,
);

type Plan = Pick<ProcessTask, 'kind' | 'rollbackFrom'>;
type Die = NonNullable<ProcessTask['die']>;

/** Runs a plan undisturbed: its writes in order, and what is left at its end. */
export async function runUndisturbed(plan: Plan): Promise<{ writes: RotationWrite[]; end: unknown }> {
  const world = await openWorld();
  try {
    const { code, lines } = await run({ ...plan, ...world.task, die: null });
    expect(code).toBe(0);
    return { writes: JSON.parse(lines) as RotationWrite[], end: await world.end() };
  } finally {
    await world.database.close();
  }
}

/** Kills the plan's process at each of `writes`, before and after; a fresh one must come to the same end. How many kills. */
export async function killAtEach(plan: Plan, writes: readonly RotationWrite[], end: unknown): Promise<number> {
  const deaths = writes.flatMap((write, at) => {
    const nth = writes.slice(0, at + 1).filter((one) => one === write).length;
    return MOMENTS.map((moment): Die => ({ write, nth, moment }));
  });
  const rest = [...deaths];
  const worker = async (): Promise<void> => {
    for (let die = rest.shift(); die !== undefined; die = rest.shift()) await killAt(plan, die, end);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return deaths.length;
}

async function killAt(plan: Plan, die: Die, end: unknown): Promise<void> {
  const world = await openWorld();
  const where = `${plan.kind}, killed ${die.moment} ${die.write} no. ${die.nth}`;
  try {
    const killed = await run({ ...plan, ...world.task, die });
    expect([where, killed.signal, killed.errors]).toEqual([where, 'SIGKILL', '']);
    const resumed = await run({ ...plan, ...world.task, die: null });
    expect([where, resumed.code, resumed.errors]).toEqual([where, 0, '']);
    expect([where, await world.end()]).toEqual([where, end]);
  } finally {
    await world.database.close();
  }
}

async function openWorld(): Promise<{
  database: TestDatabase;
  task: Pick<ProcessTask, 'url' | 'masterKey'>;
  end: () => Promise<unknown>;
}> {
  const database = await testDatabase();
  await database.db.execute(addTenants());
  return {
    database,
    task: { url: database.url, masterKey: randomBytes(32).toString('base64') },
    async end() {
      expect(await database.db.query(unaudited())).toEqual([{ n: 0 }]);
      return database.db.query(summary());
    },
  };
}

async function run(
  task: ProcessTask,
): Promise<{ code: number | null; signal: string | null; lines: string; errors: string }> {
  const file = await (program ??= bundleRotationProgram());
  const child = spawn(process.execPath, [file, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [lines, errors] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (lines += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, lines, errors };
}
