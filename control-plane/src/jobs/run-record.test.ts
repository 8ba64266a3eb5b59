/** The record of a run as a zip: complete, of one tenant, without what cannot be had, and nothing left when it is broken off. */
import { RecordedEvent, RunRecord, stepsOf } from '@casare/shared/record';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { sql } from '../platform/database/index.ts';
import { isRefusal } from '../platform/refusal.ts';
import { RunRecordService, type SentRecord } from './run-record.service.ts';
import { systemClock } from '../platform/clock.ts';
import { jobsHarness, type JobsHarness, type TestAgent } from './testing.ts';

const at = '2026-01-01T00:00:00.000Z';
const TENANT = 'default';
const VIEWER = '<title>x</title><script type="application/json" id="casare-record"></script><p>end</p>';
const where = { path: '/do/0/act', position: '/do/0/act' };
const inner = { path: '/do/1/no', position: '/do/1/no' };
const OUTPUT = { name: '</script><script>alert(1)</script>' };
const EVENTS: RunEventBody[] = [
  { type: 'run.started', resumed: false },
  { type: 'step.started', ...where, name: 'act', task: 'wait', effect: 'idempotent', onRestart: 'rerun' },
  { type: 'run.log', level: 'info', message: 'hello' },
  { type: 'run.log', level: 'warn', message: 'EVIDENCE_DROPPED: "steps/act/after.png" of "/do/0/act": no room' },
  {
    type: 'step.completed',
    ...where,
    output: OUTPUT,
    durationMs: 5,
    seen: { page: { url: 'https://a/', title: 'A' } },
  },
  {
    type: 'step.started',
    ...inner,
    name: 'no',
    task: 'call',
    call: 'x:1.0.0',
    effect: 'unsafe',
    onRestart: 'suspend',
    input: 1,
  },
  { type: 'step.failed', ...inner, error: { type: 'about:blank', status: 500 }, certain: true, durationMs: 1 },
  { type: 'step.skipped', path: '/do/2/no', position: '/do/2/no', name: 'no' },
];
const numbered = (bodies: readonly RunEventBody[], from = 1): RunEvent[] =>
  bodies.map((body, index) => ({ seq: from + index, at, body }));

const removeJob = sql('testRemoveJob', 'DELETE FROM job WHERE id = $1::uuid');

let h: JobsHarness;
beforeAll(async () => {
  h = await jobsHarness();
  await h.jobs.start();
});
afterAll(async () => {
  await h.jobs.stop();
  await h.close();
});

function service(more: Partial<ConstructorParameters<typeof RunRecordService>[0]> = {}): RunRecordService {
  const { artifacts } = h.jobs;
  const viewer = () => Promise.resolve(VIEWER);
  return new RunRecordService({
    db: h.database.db,
    clock: systemClock,
    workflows: h.workflows,
    artifacts,
    viewer,
    ...more,
  });
}

async function run(name: string, events = EVENTS): Promise<{ agent: TestAgent; id: string }> {
  const agent = await h.agent(name);
  const id = await h.submit(await h.workflow(name));
  await vi.waitFor(() => expect(agent.sent).toHaveLength(1), 5_000);
  expect(await h.jobs.runs.record(agent, id, 1, numbered(events))).toMatchObject({ outcome: 'acked' });
  return { agent, id };
}

async function upload(
  { agent, id }: { agent: TestAgent; id: string },
  name: string,
  content: Buffer | string,
  kind = 'output',
) {
  const artifactId = randomUUID();
  const opened = await h.jobs.artifacts.open(agent, {
    ...{ type: 'artifact.open', stream: 1, jobId: id, attempt: 1, artifactId, name, mediaType: 'text/plain' },
    kind: kind as 'output',
    bytes: Buffer.byteLength(content),
    sha256: createHash('sha256').update(content).digest('hex'),
  });
  if (!('upload' in opened)) throw new Error(JSON.stringify(opened));
  await opened.upload.write(0, Buffer.from(content));
  await opened.upload.finish();
  return artifactId;
}

async function sent(records: RunRecordService, id: string): Promise<SentRecord> {
  const record = await records.open(TENANT, id);
  if (isRefusal(record)) throw new Error(record.code);
  return record;
}

async function unpacked(record: SentRecord): Promise<Map<string, string>> {
  const zip = await fromBufferPromise(await buffer(record.stream));
  const files = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    files.set(entry.fileName, (await buffer(await zip.openReadStreamPromise(entry))).toString());
  }
  return files;
}

describe('the record of a run', () => {
  it('holds every event, its steps and lines, each file, and the page with all of it', async () => {
    const job = await run('whole');
    await upload(job, 'steps/act/before.png', 'picture', 'screenshot');
    await upload(job, 'report.txt', 'report');
    await upload(job, 'report.TXT', 'log', 'log');
    await upload(job, 'empty.txt', '');
    await upload(job, 'steps/act/after.png.withheld.json', '{}', 'screenshot');
    const files = await unpacked(await sent(service(), job.id));
    const events = files.get('events.jsonl')!.trimEnd().split('\n');
    expect(events.map((line) => RecordedEvent.parse(JSON.parse(line)).body)).toEqual(EVENTS);
    const steps: unknown = JSON.parse(files.get('steps.json')!);
    expect(steps).toMatchObject([{ position: where.position, output: OUTPUT }, { input: 1 }, { state: 'skipped' }]);
    // Whoever has only events makes the same of them.
    expect(stepsOf(1, numbered(EVENTS))).toEqual(steps);
    expect(files.get('log.jsonl')).toContain('"message":"hello"');
    const record = RunRecord.parse(JSON.parse(files.get('run.json')!));
    expect(record).toMatchObject({
      ...{ format: 'casare.run', version: 1, counts: { events: 8, steps: 3, lines: 2 } },
      job: { id: job.id, state: 'running', workflow: { name: 'whole' } },
      attempts: [{ attempt: 1 }],
      missing: [
        { what: 'steps/act/after.png', why: 'EVIDENCE_DROPPED: no room', attempt: 1, position: '/do/0/act' },
        { what: 'steps/act/after.png', why: "WITHHELD: the agent's policy keeps it on the premises" },
      ],
    });
    expect(Object.fromEntries(record.artifacts.map(({ file, name, kind }) => [file, `${kind} ${name}`]))).toEqual({
      'artifacts/1/report.TXT': 'log report.TXT',
      'artifacts/1/output/report.txt': 'output report.txt',
      'artifacts/1/empty.txt': 'output empty.txt',
      'artifacts/1/steps/act/before.png': 'screenshot steps/act/before.png',
      'artifacts/1/steps/act/after.png.withheld.json': 'screenshot steps/act/after.png.withheld.json',
    });
    expect(files.get('artifacts/1/steps/act/before.png')).toBe('picture');
    expect(files.get('artifacts/1/output/report.txt')).toBe('report');
    expect(files.get('artifacts/1/empty.txt')).toBe('');
    const page = /^<title>x<\/title><script [^>]*>(.*)<\/script><p>end<\/p>$/s.exec(files.get('index.html')!)![1]!;
    // What a run says can neither end the element nor begin another one.
    expect(page).not.toContain('<');
    expect(JSON.parse(page)).toMatchObject({
      run: { job: { id: job.id } },
      steps: [{ output: OUTPUT }, {}, {}],
      lines: [{}, {}],
    });
  });

  it('goes on without a file that is gone, and says why it is not there', async () => {
    const job = await run('gone');
    const id = await upload(job, 'gone.txt', 'gone');
    await upload(job, 'there.txt', 'there');
    await h.jobs.files.remove(TENANT, id);
    const files = await unpacked(await sent(service({ viewer: () => Promise.resolve(null) }), job.id));
    const { artifacts, missing } = RunRecord.parse(JSON.parse(files.get('run.json')!));
    expect(artifacts.map(({ name, file }) => [name, file])).toEqual([
      ['gone.txt', null],
      ['there.txt', 'artifacts/1/there.txt'],
    ]);
    expect(missing.map(({ what }) => what)).toEqual(expect.arrayContaining(['gone.txt', 'index.html']));
    expect(files.has('index.html')).toBe(false);
    expect(files.get('artifacts/1/there.txt')).toBe('there');
  });

  it('breaks off when the job is removed meanwhile: it would look like one with fewer steps', async () => {
    const job = await run('removed');
    const { stream } = await sent(service(), job.id);
    await h.database.db.execute(removeJob(job.id));
    await expect(buffer(stream)).rejects.toThrow('was removed');
  });

  it('is of a job of the tenant', async () => {
    const job = await run('mine');
    expect(await service().open('other', job.id)).toMatchObject({ code: 'JOB_NOT_FOUND' });
    expect(await service().open(TENANT, randomUUID())).toMatchObject({ code: 'JOB_NOT_FOUND' });
    (await sent(service(), job.id)).stream.destroy();
  });

  it('is sent to a few at once; who breaks off or takes nothing leaves no open file and makes room', async () => {
    const job = await run('busy');
    // More than the pipes between disk and reader hold, packed too.
    await upload(job, 'big.bin', randomBytes(4_000_000));
    const records = service();
    const open = await Promise.all(Array.from({ length: 4 }, () => sent(records, job.id)));
    expect(await records.open(TENANT, job.id)).toMatchObject({ refused: 'busy', code: 'RECORDS_BUSY' });
    // The first bytes of the big file: what is behind it is open now.
    for (const { stream } of open) await vi.waitFor(() => expect(stream.read(1)).not.toBeNull());
    await vi.waitFor(() => expect(openFiles()).toBe(4));
    for (const { stream } of open) stream.destroy();
    await vi.waitFor(() => expect(openFiles()).toBe(0));
    expect((await unpacked(await sent(records, job.id))).get('artifacts/1/big.bin')?.length).toBeGreaterThan(0);

    const impatient = service({ stalledMs: 50 });
    const { stream } = await sent(impatient, job.id);
    await expect(finished(stream)).rejects.toThrow('took nothing');
    await vi.waitFor(() => expect(openFiles()).toBe(0));
  });
});

/** Artifacts that this process has open. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('/artifacts/');
    } catch {
      return false;
    }
  }).length;
}
