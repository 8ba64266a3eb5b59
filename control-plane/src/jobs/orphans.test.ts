/**
 * Files and their rows compared, on a real database, a disk and a bucket: what nobody names goes when it is old, what somebody names or
 * is about to name stays, and rows without bytes are told of.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveService } from '../live/index.ts';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import { silentLog, type Log, type LogFields } from '../platform/log.ts';
import { Metrics } from '../platform/metrics.ts';
import { openBucket } from '../platform/objects/bucket.ts';
import { objectPath } from '../platform/objects/objects.ts';
import { startS3ForTests, type S3ForTests } from '../platform/objects/s3-server-for-tests.ts';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { Outbound } from '../platform/outbound/outbound.ts';
import { ArtifactFiles } from './artifact-files.ts';
import * as artifactStore from './artifact.store.ts';
import { ArtifactsService } from './artifacts.service.ts';
import { forgetRemovals } from './history.store.ts';
import { claimOrphans, epochOfRecord } from './orphan.store.ts';
import { OrphanSweep } from './orphans.ts';
import { NO_QUOTAS } from './quotas.port.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const keeper = () => Promise.resolve('mine');
const TENANT = 'default';
const DAY_MS = 86_400_000;
const forgetRows = sql<never, []>('testForgetRows', 'DELETE FROM artifact');
const forgetRow = sql<never, [id: string]>('testForgetRow', 'DELETE FROM artifact WHERE id = $1');

let h: JobsHarness;
let s3: S3ForTests;
let bucket: ReturnType<typeof openBucket>;
let agent: TestAgent;
let job: string;
const roots: string[] = [];
beforeAll(async () => {
  [h, s3] = await Promise.all([jobsHarness(), startS3ForTests()]);
  const settings = { bucket: s3.bucket, endpoint: s3.endpoint, region: 'us-east-1', prefix: 'runs/', pathStyle: true };
  const outbound = new Outbound({ allowed: OutboundAllowed.parse('http://127.0.0.1')! });
  bucket = openBucket({ ...settings, keys: { of: s3.keys } }, outbound);
  await h.jobs.start();
  agent = await h.agent('files');
  job = await h.submit(await h.workflow('files'));
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
  await bucket.close();
  await s3.close();
  for (const root of roots) await rm(root, { recursive: true, force: true });
});

interface Around {
  readonly files: ArtifactFiles;
  readonly root: string;
  readonly artifacts: ArtifactsService;
  readonly sweep: OrphanSweep;
  readonly logged: [message: string, fields?: LogFields][];
  readonly metrics: Metrics;
  /** Done between the bytes and their row, once. */
  between: (id: string) => Promise<void>;
  turn(): Promise<void>;
}

/** A month from now: what is put is old at once. */
async function around(place: 'disk' | 'bucket', days: number | null = 7): Promise<Around> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'casare-orphans-'));
  roots.push(root);
  class Files extends ArtifactFiles {
    override async publish(...values: Parameters<ArtifactFiles['publish']>): Promise<void> {
      await super.publish(...values);
      const { between } = made;
      made.between = () => Promise.resolve();
      await between(values[1]);
    }
  }
  const { db } = h.database;
  const clock = new ManualClock(new Date(Date.now() + 30 * DAY_MS));
  const files = new Files(root, place === 'bucket' ? bucket.objects : null);
  const [logged, metrics]: [Around['logged'], Metrics] = [[], new Metrics()];
  const log: Log = { ...silentLog, info: tell, warn: tell, error: tell };
  function tell(...line: [message: string, fields?: LogFields]): void {
    logged.push(line);
  }
  const sweep = new OrphanSweep({ db, clock, log, files, days, keeper, metrics });
  const made: Around = {
    ...{ files, root, sweep, logged, metrics },
    artifacts: new ArtifactsService({ quotas: NO_QUOTAS, db, files, live: new LiveService(db), clock }),
    between: () => Promise.resolve(),
    turn: () => sweep.turn(new AbortController().signal),
  };
  return made;
}

async function upload(artifacts: ArtifactsService, content: string, id: string = randomUUID()) {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const answer = await artifacts.open(agent, {
    ...{ type: 'artifact.open', stream: 1, jobId: job, attempt: 1, artifactId: id, name: `${id}.txt` },
    ...{ kind: 'output', mediaType: 'text/plain', bytes: content.length, sha256 },
  });
  if (!('upload' in answer)) return answer;
  if (answer.upload.from < content.length) await answer.upload.write(answer.upload.from, Buffer.from(content));
  return answer.upload.finish();
}
/** A file without a row. */
async function orphan({ files, root }: Around, content: string, id: string = randomUUID()): Promise<string> {
  const file = path.join(root, randomUUID());
  await writeFile(file, content);
  const part = { path: file, size: content.length } as Parameters<ArtifactFiles['publish']>[2];
  await ArtifactFiles.prototype.publish.call(
    files,
    TENANT,
    id,
    part,
    createHash('sha256').update(content).digest('hex'),
  );
  return id;
}
async function read({ artifacts }: Around, id: string): Promise<string> {
  const content = (await (await artifacts.find(TENANT, id))?.read(null)) ?? 'no row';
  return typeof content === 'string' ? content : text(content);
}
const metricOf = async ({ metrics }: Around, name: string) =>
  (await metrics.registry.getSingleMetric(name)!.get()).values.reduce((sum, { value }) => sum + value, 0);

describe.each(['disk', 'bucket'] as const)('on a %s', (place) => {
  let a: Around;
  beforeEach(async () => {
    await h.database.db.execute(forgetRows());
    a = await around(place);
  });

  it('what no row names goes, counted; what one names stays', async () => {
    const kept = await upload(a.artifacts, 'kept');
    const [one, two] = [await orphan(a, 'one'), await orphan(a, 'three')];
    await a.turn();
    expect([await a.files.has(TENANT, one), await a.files.has(TENANT, two)]).toEqual([false, false]);
    expect(await read(a, (kept as { stored: string }).stored)).toBe('kept');
    expect(await metricOf(a, 'casare_artifact_orphans_removed_total')).toBe(2);
    expect(await metricOf(a, 'casare_artifact_orphan_bytes_removed_total')).toBe(8);
    expect(a.logged.map(([message]) => message)).toEqual(['files that no record names were taken away']);
    expect(await metricOf(a, 'casare_artifacts_missing')).toBe(0);
  });

  it('what is younger than the days stays, and everything where there are none', async () => {
    const [young, never] = [await around(place, 31), await around(place, null)];
    const ids = [await orphan(young, 'young'), await orphan(never, 'never')];
    await young.turn();
    await never.turn();
    expect([await young.files.has(TENANT, ids[0]!), await never.files.has(TENANT, ids[1]!)]).toEqual([true, true]);
  });

  it('an earlier copy that goes between the bytes and the row: the file is refused for now, and the next try is whole', async () => {
    const id = randomUUID();
    await orphan(a, 'again', id);
    a.between = async () => {
      await a.turn();
      expect(await a.files.has(TENANT, id)).toBe(false);
    };
    expect(await upload(a.artifacts, 'again', id)).toMatchObject({ refused: { code: 'ARTIFACT_BUSY' } });
    expect(await upload(a.artifacts, 'again', id)).toEqual({ stored: id });
    expect(await read(a, id)).toBe('again');
  });

  it('a removal that was begun and not ended refuses the file until it is over', async () => {
    const id = randomUUID();
    a.between = async () => {
      expect(await claimOrphans(h.database.db, TENANT, [id])).toEqual([id]);
    };
    expect(await upload(a.artifacts, 'later', id)).toMatchObject({ refused: { code: 'ARTIFACT_BUSY' } });
    expect(await a.artifacts.find(TENANT, id)).toBeNull();
    await a.files.remove(TENANT, id);
    await forgetRemovals(h.database.db, [{ tenant: TENANT, id }]);
    expect(await upload(a.artifacts, 'later', id)).toEqual({ stored: id });
    expect(await read(a, id)).toBe('later');
  });

  it('a row whose bytes are gone is told of, and whoever still has them may send them', async () => {
    const { stored: id } = (await upload(a.artifacts, 'lost')) as { stored: string };
    await a.files.remove(TENANT, id);
    await a.turn();
    expect(await metricOf(a, 'casare_artifacts_missing')).toBeGreaterThanOrEqual(1);
    expect(a.logged.filter(([, fields]) => fields?.id === id)).toEqual([
      ['the bytes of a file on record are gone: restore them from a backup', { tenant: TENANT, id, job }],
    ]);
    expect(await read(a, id)).toBe('missing');
    expect(await upload(a.artifacts, 'lost', id)).toEqual({ stored: id });
    expect(await read(a, id)).toBe('lost');
    await h.database.db.execute(forgetRow(id));
  });
});

it('a file that is being registered waits for nobody, and whoever would take it away waits for it and sees its row', async () => {
  const { db } = h.database;
  const id = randomUUID();
  const writer = { ...agent, jobId: job, attempt: 1 };
  const file = { id, name: `${id}.txt`, kind: 'output', mediaType: 'text/plain', bytes: 1, sha256: '', position: null };
  const claimed: Promise<string[]>[] = [];
  await db.transaction(async (tx) => {
    expect(await artifactStore.register(tx, writer, file)).toEqual({ replaced: null });
    claimed.push(claimOrphans(db, TENANT, [id, randomUUID()].sort()));
    // Its own transaction has begun and waits.
    const waits = sql<{ n: number }, []>(
      'testWaitsForFile',
      `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
    );
    await vi.waitFor(async () => expect((await db.query(waits()))[0]!.n).toBe(1), 5_000);
  });
  expect(await claimed[0]).not.toContain(id);
  await db.execute(forgetRow(id));
});

it('uploads that nobody goes on with go, and one that comes stays; what has another name stays', async () => {
  const a = await around('disk');
  const [left, coming] = [randomUUID(), randomUUID()];
  const parts = (id: string) => path.join(a.root, `${objectPath(TENANT, id)}.parts`);
  for (const id of [left, coming]) {
    await mkdir(parts(id), { recursive: true });
    await writeFile(path.join(parts(id), 'a'), 'part');
  }
  // Its newest part counts.
  const soon = new Date(Date.now() + 29 * DAY_MS);
  await utimes(path.join(parts(coming), 'a'), soon, soon);
  const other = path.join(a.root, TENANT, 'notes.txt');
  await writeFile(other, 'not ours');
  await a.turn();
  const entries = await readdir(a.root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  expect(files.sort()).toEqual([path.join(parts(coming), 'a'), other].sort());
});

it('where another installation keeps files in the bucket, none goes; nor after a restore, until somebody says so', async () => {
  const a = await around('bucket');
  const id = await orphan(a, 'of another one');
  await bucket.objects.keepers('another-1');
  await a.turn();
  expect(await a.files.has(TENANT, id)).toBe(true);
  expect(a.logged).toContainEqual([
    expect.stringContaining('another installation'),
    expect.objectContaining({ others: ['another-1'] }),
  ]);
  const mine = `mine-${await epochOfRecord(h.database.db)}`;
  expect((await bucket.objects.keepers(mine)).sort()).toEqual(['another-1', mine].sort());
});
