/** Uploads of agents with a bucket: staged on the disk, told to be stored only when the bucket has them. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LiveService } from '../live/index.ts';
import { systemClock } from '../platform/clock.ts';
import { openBucket } from '../platform/objects/bucket.ts';
import { startS3ForTests, type S3ForTests } from '../platform/objects/s3-server-for-tests.ts';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { Outbound } from '../platform/outbound/outbound.ts';
import { ArtifactFiles } from './artifact-files.ts';
import { ArtifactsService } from './artifacts.service.ts';
import { NO_QUOTAS } from './quotas.port.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const TENANT = 'default';
let h: JobsHarness;
let s3: S3ForTests;
let bucket: ReturnType<typeof openBucket>;
let root: string;
let agent: TestAgent;
let job: string;
beforeAll(async () => {
  [h, s3] = await Promise.all([jobsHarness(), startS3ForTests()]);
  const settings = { bucket: s3.bucket, endpoint: s3.endpoint, region: 'us-east-1', prefix: '', pathStyle: true };
  const outbound = new Outbound({ allowed: OutboundAllowed.parse('http://127.0.0.1')! });
  bucket = openBucket({ ...settings, keys: { of: s3.keys } }, outbound);
  await h.jobs.start();
  root = await mkdtemp(path.join(os.tmpdir(), 'casare-bucket-'));
  agent = await h.agent('files');
  job = await h.submit(await h.workflow('files'));
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
  await bucket.close();
  await s3.close();
  await rm(root, { recursive: true, force: true });
});

function service(files: ArtifactFiles): ArtifactsService {
  const live = new LiveService(h.database.db);
  return new ArtifactsService({ quotas: NO_QUOTAS, db: h.database.db, files, live, clock: systemClock });
}
function opening(content: string, name: string) {
  return {
    ...{ type: 'artifact.open' as const, stream: 1, jobId: job, attempt: 1, artifactId: randomUUID(), name },
    ...{ kind: 'output' as const, mediaType: 'text/plain', bytes: Buffer.byteLength(content) },
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}
async function upload(artifacts: ArtifactsService, message: ReturnType<typeof opening>, content: string) {
  const answer = await artifacts.open(agent, message);
  if (!('upload' in answer)) return answer;
  const { upload: one } = answer;
  if (one.from < content.length) await one.write(one.from, Buffer.from(content.slice(one.from)));
  return one.finish();
}
async function read(artifacts: ArtifactsService, id: string): Promise<string> {
  const content = (await (await artifacts.find(TENANT, id))?.read(null)) ?? 'missing';
  return typeof content === 'string' ? content : text(content);
}
async function onDisk(): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

it('a file is in the bucket when it is said to be stored, and no longer on the disk; replaced or removed it goes', async () => {
  const files = new ArtifactFiles(root, bucket.objects);
  const artifacts = service(files);
  const first = opening('first', 'a.txt');
  expect(await upload(artifacts, first, 'first')).toEqual({ stored: first.artifactId });
  expect([await bucket.objects.has(TENANT, first.artifactId), await onDisk()]).toEqual([true, []]);
  expect(await read(artifacts, first.artifactId)).toBe('first');
  const second = opening('second', 'a.txt');
  await upload(artifacts, second, 'second');
  expect(await bucket.objects.has(TENANT, first.artifactId)).toBe(false);
  expect(await files.countOf(TENANT)).toBe(1);
  expect([await files.removeTenant(TENANT), await files.countOf(TENANT)]).toEqual([1, 0]);
});

it('with the bucket away nothing is acknowledged and nothing lost: the next try sends not a byte again', async () => {
  const artifacts = service(new ArtifactFiles(root, bucket.objects));
  const message = opening('patience', 'b.txt');
  s3.away = true;
  await expect(upload(artifacts, message, 'patience')).rejects.toMatchObject({ code: 'ARTIFACT_STORE_UNREACHABLE' });
  expect(await artifacts.find(TENANT, message.artifactId)).toBeNull();
  s3.away = false;
  const answer = await artifacts.open(agent, message);
  if (!('upload' in answer)) throw new Error('not opened');
  expect(answer.upload.from).toBe('patience'.length);
  expect(await answer.upload.finish()).toEqual({ stored: message.artifactId });
  expect(await read(artifacts, message.artifactId)).toBe('patience');
});

it('what was on the disk before the bucket came is read from it, and removed with the rest', async () => {
  const before = service(new ArtifactFiles(root));
  const old = opening('old', 'c.txt');
  await upload(before, old, 'old');
  const files = new ArtifactFiles(root, bucket.objects);
  const artifacts = service(files);
  const fresh = opening('new', 'd.txt');
  await upload(artifacts, fresh, 'new');
  expect([await read(artifacts, old.artifactId), await read(artifacts, fresh.artifactId)]).toEqual(['old', 'new']);
  await files.remove(TENANT, old.artifactId);
  await files.remove(TENANT, fresh.artifactId);
  expect([await read(artifacts, old.artifactId), await read(artifacts, fresh.artifactId)]).toEqual([
    'missing',
    'missing',
  ]);
});
