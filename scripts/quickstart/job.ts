/** The example job: pushed, submitted and followed through the REST API like any other, then its files fetched. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Artifact, Job, Step } from '../../shared/dist/api/index.js';
import { api, followEvents, type Client } from '../../shared/dist/client/index.js';
import type { Screen } from './screen.ts';

/** What the example job needs to know. */
export interface ExampleJob {
  readonly client: Client;
  readonly url: string;
  readonly apiKey: string;
  readonly portalUrl: string;
  readonly month: string;
  /** Where its files go. */
  readonly results: string;
  readonly screen: Screen;
}

/** How it ended. */
export interface ExampleResult {
  readonly job: Job;
  readonly files: readonly { readonly artifact: Artifact; readonly path: string }[];
  /** The rows of the portal's table, as the run record holds them. */
  readonly invoices: readonly Record<string, string>[];
  readonly folder: string;
}

const WORKFLOW = path.resolve(import.meta.dirname, '../../docs/examples/supplier-portal/download-invoices.yaml');
const OVER: readonly string[] = ['succeeded', 'failed', 'timed_out', 'cancelled', 'needs_review'];

/** Runs it to its end. */
export async function runExample(example: ExampleJob): Promise<ExampleResult> {
  const { client } = example;
  const source = await readFile(WORKFLOW, 'utf8');
  const workflow = await client.call(api.workflows.push, { body: source, mediaType: 'application/yaml' });
  const job = await follow(example, workflow.id);
  const folder = path.join(example.results, job.id);
  return { job, files: await fetchFiles(client, job, folder), invoices: await invoicesOf(client, job), folder };
}

/** Submits after the event stream is open, so that no step is missed, and prints each step as it ends. */
async function follow({ client, url, apiKey, portalUrl, month, screen }: ExampleJob, workflow: string): Promise<Job> {
  let job: Job | null = null;
  const shown = new Set<string>();
  for await (const item of followEvents({ url, apiKey })) {
    if (item.type === 'open') {
      job ??= await client.call(api.jobs.submit, {
        body: { workflow, input: { portalUrl, month } },
        idempotencyKey: randomUUID(),
      });
      if (item.resumed) screen.detail('(the control plane is back)');
    } else if (job && 'jobId' in item.event && item.event.jobId === job.id) {
      if (item.event.type === 'step.changed') showStep(item.event.step, shown, screen);
      if (item.event.type === 'job.changed') screen.detail(`job ${item.event.state}`);
    }
    if (job && (item.type === 'open' || item.event.type === 'job.changed')) {
      job = await client.call(api.jobs.get, { params: { id: job.id } });
      if (OVER.includes(job.state)) return job;
    }
  }
  throw new Error('UNREACHABLE: the event stream ended before the job did.');
}

function showStep(step: Step, shown: Set<string>, screen: Screen): void {
  const key = `${step.attempt} ${step.seq} ${step.state}`;
  if (step.call === null || step.state === 'running' || shown.has(key)) return;
  shown.add(key);
  const name = `${step.name.padEnd(8)} ${(step.call.split(':')[0] ?? '').padEnd(18)}`;
  if (step.state === 'completed') screen.done(`${name} ${step.durationMs} ms`);
  else screen.detail(`${name} ${step.state}: ${step.error?.title ?? step.error?.detail ?? 'interrupted'}`);
}

async function fetchFiles(client: Client, job: Job, folder: string): Promise<ExampleResult['files']> {
  const files: { artifact: Artifact; path: string }[] = [];
  let cursor: string | null = null;
  do {
    const query = { limit: 200, ...(cursor === null ? {} : { cursor }) };
    const page: { items: Artifact[]; nextCursor: string | null } = await client.call(api.jobs.artifacts, {
      params: { id: job.id },
      query,
    });
    for (const artifact of page.items) {
      const file = path.join(folder, artifact.kind === 'output' ? '' : artifact.kind, artifact.name);
      await mkdir(path.dirname(file), { recursive: true });
      const response = await client.call(api.artifacts.get, { params: { id: artifact.id } });
      await writeFile(file, Buffer.from(await response.arrayBuffer()));
      files.push({ artifact, path: file });
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return files;
}

/** The newest output of the step that read the portal's table. */
async function invoicesOf(client: Client, job: Job): Promise<Record<string, string>[]> {
  const page = await client.call(api.jobs.steps, { params: { id: job.id }, query: { limit: 200 } });
  const list = page.items.filter((step) => step.name === 'list' && Array.isArray(step.output)).at(-1);
  return (list?.output ?? []) as Record<string, string>[];
}
