/** Files of runs on a real database and disk: complete or absent, replaced without leftovers, inside their folder. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LiveService } from '../live/index.ts';
import { systemClock } from '../platform/clock.ts';
import { isRefusal } from '../platform/refusal.ts';
import { ArtifactFiles } from './artifact-files.ts';
import { NO_QUOTAS } from './quotas.port.ts';
import { ArtifactsService } from './artifacts.service.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

type Open = Parameters<ArtifactsService['open']>[1];
const TENANT = 'default';

let h: JobsHarness;
let root: string;
let artifacts: ArtifactsService;
let agent: TestAgent;
let job: string;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
  root = await mkdtemp(path.join(os.tmpdir(), 'casare-artifacts-'));
  artifacts = service();
  agent = await h.agent('files');
  const workflow = await h.workflow('files');
  job = await h.submit(workflow);
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
  await rm(root, { recursive: true, force: true });
});

function service(on = root): ArtifactsService {
  const live = new LiveService(h.database.db);
  return new ArtifactsService({
    quotas: NO_QUOTAS,
    db: h.database.db,
    files: new ArtifactFiles(on),
    live,
    clock: systemClock,
  });
}
function opened(answer: Awaited<ReturnType<ArtifactsService['open']>>) {
  if (!('upload' in answer)) throw new Error('not opened');
  return answer.upload;
}
function opening(content: string, more: Partial<Open> = {}): Open {
  return {
    ...{ type: 'artifact.open', stream: 1, jobId: job, attempt: 1, artifactId: randomUUID() },
    ...{ name: 'report.txt', kind: 'output', mediaType: 'text/plain', bytes: Buffer.byteLength(content) },
    sha256: createHash('sha256').update(content).digest('hex'),
    ...more,
  };
}
async function upload(content: string, more: Partial<Open> = {}): Promise<unknown> {
  const answer = await artifacts.open(agent, opening(content, more));
  if (!('upload' in answer)) return answer;
  await answer.upload.write(answer.upload.from, Buffer.from(content));
  return answer.upload.finish();
}
async function textOf(found: Awaited<ReturnType<ArtifactsService['find']>>): Promise<string> {
  const content = await found!.read(null);
  return typeof content === 'string' ? content : text(content);
}
async function filesOnDisk(): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe('a file', () => {
  it('that many send under one name at once is there once, and nothing else is left on the disk', async () => {
    const contents = Array.from({ length: 8 }, (_, index) => `content ${index}`);
    await Promise.all(contents.map((content) => upload(content)));
    const page = await h.jobs.query.artifacts(TENANT, job, { limit: 10 });
    if (isRefusal(page)) throw new Error(page.code);
    expect(page.items).toHaveLength(1);
    expect(await filesOnDisk()).toEqual([page.items[0]!.id]);
    const found = await artifacts.find(TENANT, page.items[0]!.id);
    expect(contents).toContain(await textOf(found));
  });

  it('is found under its id whatever case the agent wrote it in', async () => {
    const artifactId = randomUUID().toUpperCase();
    await upload('upper', { artifactId, name: 'upper.txt' });
    const found = await artifacts.find(TENANT, artifactId.toLowerCase());
    expect(await textOf(found)).toBe('upper');
  });

  it('of an attempt without a lease, or with another hash, leaves nothing', async () => {
    const before = await filesOnDisk();
    expect(await upload('late', { attempt: 2, name: 'late.txt' })).toMatchObject({ refused: { code: 'FENCED' } });
    expect(await upload('bent', { sha256: '0'.repeat(64), name: 'bent.txt' })).toMatchObject({
      refused: { code: 'ARTIFACT_HASH' },
    });
    expect(await filesOnDisk()).toEqual(before);
  });

  it('goes on where an interrupted upload stopped', async () => {
    const message = opening('in two parts', { name: 'parts.txt' });
    const first = opened(await artifacts.open(agent, message));
    await first.write(0, Buffer.from('in two'));
    await first.abort();
    const second = opened(await artifacts.open(agent, message));
    expect(second.from).toBe(6);
    await second.write(6, Buffer.from(' parts'));
    expect(await second.finish()).toEqual({ stored: message.artifactId });
    expect(await artifacts.open(agent, message)).toEqual({ stored: message.artifactId });
  });

  it('that two replicas on one disk write: what the one that was cut off still writes is nobody’s', async () => {
    const message = opening('written by two', { name: 'two.txt' });
    const other = service();
    const stale = opened(await artifacts.open(agent, message));
    await stale.write(0, Buffer.from('written'));
    const taken = opened(await other.open(agent, message));
    expect(taken.from).toBe(7);
    await stale.write(7, Buffer.from(' by'));
    await taken.write(7, Buffer.from(' by two'));
    expect(await taken.finish()).toEqual({ stored: message.artifactId });
    await stale.write(10, Buffer.from(' two'));
    await expect(stale.finish()).rejects.toMatchObject({ code: 'ENOENT' });
    const found = await other.find(TENANT, message.artifactId);
    expect(await textOf(found)).toBe('written by two');
  });

  it('whose bytes are in another home is found without them', async () => {
    const message = opening('elsewhere', { name: 'elsewhere.txt' });
    const upload = opened(await artifacts.open(agent, message));
    await upload.write(0, Buffer.from('elsewhere'));
    await upload.finish();
    const apart = service(path.join(root, 'another-home'));
    const found = await apart.find(TENANT, message.artifactId);
    expect(found!.artifact.name).toBe('elsewhere.txt');
    expect([await found!.isThere(), await found!.read(null)]).toEqual([false, 'missing']);
  });
});
