/**
 * Kill anything with -9, or pull the cable, in the middle of a job: it ends exactly once, with every invoice once, and
 * its record has neither a hole nor a repeat.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '@casare/shared/api';
import { api } from '@casare/shared/api';
import { invoicePdf } from '../../docs/examples/supplier-portal/invoice-pdf.ts';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { Gate } from '../support/gate.ts';
import { MONTH, startStack, until, type Stack } from '../support/stack.ts';

const INVOICES = invoicesOf(MONTH);
const CABLE_MS = 20_000;

let stack: Stack;
let gate: Gate;
beforeEach(async () => {
  gate = new Gate(2);
  stack = await startStack(gate);
});
afterEach(async () => {
  gate.open();
  await stack.stop();
});

describe('in the middle of a job', () => {
  it('the agent is killed: it resumes after its restart', async () => {
    const job = await startedDownloading();
    await stack.agent.end('SIGKILL');
    gate.open();
    await stack.startAgent();
    await expectDoneOnce(await stack.over(job.id));
  });

  it('the control plane is killed: the run goes on and is recorded after the restart', async () => {
    const job = await startedDownloading();
    await stack.controlPlane.end('SIGKILL');
    gate.open();
    await stack.startControlPlane();
    await expectDoneOnce(await stack.over(job.id));
  });

  it('Postgres is killed: it is started again and nothing is lost', async () => {
    const job = await startedDownloading();
    const pid = await stack.postgresPid();
    process.kill(pid, 'SIGKILL');
    gate.open();
    await until('Postgres being back', 30_000, async () => (await stack.postgresPid().catch(() => pid)) !== pid);
    await expectDoneOnce(await stack.over(job.id));
  });

  it('the cable is pulled for 20 s: the run goes on, its events arrive complete and in order', async () => {
    const job = await startedDownloading();
    const served = downloads();
    stack.relay.unplug();
    const cut = pause(CABLE_MS);
    gate.open();
    // The agent goes on without the control plane: the portal sees the remaining downloads meanwhile.
    await until('downloads during the cut', CABLE_MS, async () => downloads() > served);
    await cut;
    const { opened } = stack.relay;
    stack.relay.plug();
    const done = await stack.over(job.id);
    expect(stack.relay.opened).toBeGreaterThan(opened);
    await expectDoneOnce(done);
    expect(done.attempt).toBe(1);
    const steps = await stack.steps(job.id);
    const numbers = steps.map((step) => step.seq);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(steps.every((step) => step.state === 'completed' || step.state === 'skipped')).toBe(true);
  });
});

/** Submits the example and resolves when two invoices are downloaded and the third is asked for. */
async function startedDownloading(): Promise<Job> {
  const job = await stack.submit();
  await gate.held();
  expect(downloads()).toBe(2);
  const now = await stack.client.call(api.jobs.get, { params: { id: job.id } });
  expect(now.state).toBe('running');
  return job;
}

function downloads(): number {
  return stack.portal.requests.filter((request) => request.kind === 'download' && request.status === 200).length;
}

async function expectDoneOnce(job: Job): Promise<void> {
  expect({ state: job.state, error: job.error }).toEqual({ state: 'succeeded', error: null });
  const wanted = INVOICES.map((invoice) => `${MONTH}/${invoice.number}.pdf`).sort();
  const { files } = job.output as { files: string[] };
  expect([...files].sort()).toEqual(wanted);
  const stored = (await stack.files(job.id)).filter((file) => file.kind === 'output');
  expect(stored.map((file) => file.name).sort()).toEqual(wanted);
  for (const invoice of INVOICES) {
    const file = stored.find((candidate) => candidate.name.endsWith(`${invoice.number}.pdf`))!;
    expect((await stack.bytes(file.id)).equals(invoicePdf(invoice))).toBe(true);
  }
  // It ended once: nothing more happens to it, and nobody holds it.
  const again = await stack.client.call(api.jobs.get, { params: { id: job.id } });
  expect(again).toEqual(job);
}
