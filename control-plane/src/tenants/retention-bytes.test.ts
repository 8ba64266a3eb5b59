/**
 * Retention to its end: the rows of what is old go, then their bytes, from a disk and from a bucket; nothing that is open, of another
 * tenant, or younger than its own kind's days.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ArtifactFiles } from '../jobs/index.ts';
import { keepHistory } from '../jobs/testing.ts';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { firstIdAt } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { openBucket } from '../platform/objects/bucket.ts';
import { startS3ForTests, type S3ForTests } from '../platform/objects/s3-server-for-tests.ts';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { Outbound } from '../platform/outbound/outbound.ts';
import { RetentionSweep } from './retention.ts';

const DAY_MS = 86_400_000;
const KEPT = { jobs: 9, logs: 6, artifacts: 3 };
const addTenant = sql<never, [id: string]>('testAddTenantBytes', 'INSERT INTO tenant (id, name) VALUES ($1, $1)');
const keep = sql<never, [tenant: string, jobs: number, logs: number, artifacts: number]>(
  'testKeepBytes',
  'INSERT INTO tenant_retention VALUES ($1, $2, $3, $4)',
);
const addJob = sql<never, [tenant: string, id: string, state: string, ended: Date | null, file: string]>(
  'testAddJobBytes',
  `WITH job AS (
     INSERT INTO job (tenant_id, id, workflow_id, route_id, state, priority, max_attempts, input, created_by, ended_at)
     VALUES ($1, $2, gen_random_uuid(), 1, $3, 50, 1, '{}', 'test', $4)
   ), events AS (
     INSERT INTO job_event (tenant_id, job_id, attempt, seq, at, body)
     SELECT $1, $2, 1, n, now(), jsonb_build_object('type', type)
     FROM unnest(ARRAY['run.started', 'run.log']) WITH ORDINALITY e(type, n)
   )
   INSERT INTO artifact (tenant_id, job_id, attempt, id, name, kind, media_type, bytes, sha256)
   VALUES ($1, $2, 1, $5, 'a', 'output', 'text/plain', 5, '')`,
);
const leftOf = sql<{ job: boolean; log: boolean; started: boolean; file: boolean }, [tenant: string, id: string]>(
  'testLeftBytes',
  `SELECT EXISTS (SELECT FROM job WHERE tenant_id = $1 AND id = $2) AS job,
     EXISTS (SELECT FROM job_event WHERE tenant_id = $1 AND job_id = $2 AND body->>'type' = 'run.log') AS log,
     EXISTS (SELECT FROM job_event WHERE tenant_id = $1 AND job_id = $2 AND body->>'type' = 'run.started') AS started,
     EXISTS (SELECT FROM artifact WHERE tenant_id = $1 AND job_id = $2) AS file`,
);

const clock = new ManualClock('2026-06-15T12:00:00Z');
let database: TestDatabase;
let s3: S3ForTests;
let bucket: ReturnType<typeof openBucket>;
let folder: string;
beforeAll(async () => {
  [database, s3] = await Promise.all([testDatabase(), startS3ForTests()]);
  const settings = { bucket: s3.bucket, endpoint: s3.endpoint, region: 'us-east-1', prefix: '', pathStyle: true };
  const outbound = new Outbound({ allowed: OutboundAllowed.parse('http://127.0.0.1')! });
  bucket = openBucket({ ...settings, keys: { of: s3.keys } }, outbound);
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-retention-'));
});
afterAll(async () => {
  await bucket.close();
  await s3.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

interface Kept {
  readonly id: string;
  readonly file: string;
}

/** A job that ended so many days ago (null: it has not), with a line of its log and a file of five bytes. */
async function job(files: ArtifactFiles, tenant: string, state: string, daysAgo: number | null): Promise<Kept> {
  const at = clock.now().getTime() - (daysAgo ?? 30) * DAY_MS;
  const id = `${firstIdAt(at).slice(0, 18)}${randomUUID().slice(18)}`;
  const file = randomUUID();
  await database.db.execute(addJob(tenant, id, state, daysAgo === null ? null : new Date(at), file));
  const part = path.join(folder, randomUUID());
  await writeFile(part, 'bytes');
  const sha256 = createHash('sha256').update('bytes').digest('hex');
  await files.publish(tenant, file, { path: part, size: 5 } as Parameters<ArtifactFiles['publish']>[2], sha256);
  return { id, file };
}

describe.each(['disk', 'bucket'] as const)('on a %s', (place) => {
  test('each kind goes by its own days, bytes after rows; what is open or of another tenant stays whole', async () => {
    const { db } = database;
    const files = new ArtifactFiles(path.join(folder, place), place === 'bucket' ? bucket.objects : null);
    const [tenant, other] = [`kept-${place}`, `other-${place}`];
    for (const id of [tenant, other]) await db.execute(addTenant(id));
    await db.execute(keep(tenant, KEPT.jobs, KEPT.logs, KEPT.artifacts));
    const jobs = {
      young: await job(files, tenant, 'succeeded', 2),
      withoutFiles: await job(files, tenant, 'failed', 4),
      withoutLogs: await job(files, tenant, 'cancelled', 7),
      gone: await job(files, tenant, 'timed_out', 10),
      running: await job(files, tenant, 'running', null),
      inReview: await job(files, tenant, 'needs_review', 10),
    };
    const theirs = await job(files, other, 'succeeded', 10);

    const signal = new AbortController().signal;
    await new RetentionSweep({ db, clock, log: silentLog }).turn(signal);
    const left = async (of: string, { id, file }: Kept) => {
      const [rows] = await db.query(leftOf(of, id));
      return { ...rows, bytes: await files.has(of, file) };
    };
    // Rows first: until the next turn of the history the bytes are there, and nobody finds them.
    expect(await left(tenant, jobs.gone)).toEqual({ job: false, log: false, started: false, file: false, bytes: true });
    await keepHistory({ db, clock, log: silentLog, files, keepDays: null });

    const whole = { job: true, log: true, started: true, file: true, bytes: true };
    expect(await left(tenant, jobs.young)).toEqual(whole);
    expect(await left(tenant, jobs.withoutFiles)).toEqual({ ...whole, file: false, bytes: false });
    expect(await left(tenant, jobs.withoutLogs)).toEqual({ ...whole, log: false, file: false, bytes: false });
    expect(await left(tenant, jobs.gone)).toEqual({
      job: false,
      log: false,
      started: false,
      file: false,
      bytes: false,
    });
    expect(await left(tenant, jobs.running)).toEqual(whole);
    expect(await left(tenant, jobs.inReview)).toEqual(whole);
    expect(await left(other, theirs)).toEqual(whole);
    expect([await files.countOf(tenant), await files.countOf(other)]).toEqual([3, 1]);
  });

  test('bytes that cannot be removed now are removed later', async () => {
    const { db } = database;
    const files = new ArtifactFiles(path.join(folder, place), place === 'bucket' ? bucket.objects : null);
    const tenant = `later-${place}`;
    await db.execute(addTenant(tenant));
    await db.execute(keep(tenant, 1, 1, 1));
    const { file } = await job(files, tenant, 'succeeded', 5);
    await new RetentionSweep({ db, clock, log: silentLog }).turn(new AbortController().signal);
    const away = { remove: () => Promise.reject(new Error('away')) };
    const deps = { db, clock, log: silentLog, keepDays: null };
    await expect(keepHistory({ ...deps, files: away })).rejects.toThrow('away');
    expect(await files.has(tenant, file)).toBe(true);
    await keepHistory({ ...deps, files });
    expect(await files.has(tenant, file)).toBe(false);
  });
});
