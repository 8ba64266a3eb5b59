/**
 * A run is paused in the middle: the step under way ends and no further one starts, whatever happens to the tunnel, the
 * agent and the control plane meanwhile; resumed, it does every step once.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { api, type Job } from '@casare/shared/api';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { Gate } from '../support/gate.ts';
import { MONTH, startStack, until, type Stack } from '../support/stack.ts';

/** Long enough for a step that should not start. */
const A_WHILE_MS = 2_000;

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

const downloads = (): number =>
  stack.portal.requests.filter((request) => request.kind === 'download' && request.status === 200).length;
const shown = (id: string): Promise<Job> => stack.client.call(api.jobs.get, { params: { id } });
const becomes = (id: string, state: Job['state']): Promise<Job> =>
  until(`the job being ${state}`, 30_000, async () => {
    const job = await shown(id).catch(() => null);
    return job?.state === state && job;
  });

async function pausedInTheMiddle(): Promise<Job> {
  const job = await stack.submit();
  await gate.held();
  const asked = await stack.client.call(api.jobs.pause, { params: { id: job.id } });
  expect(asked).toMatchObject({ state: 'running', pausing: true });
  // Before the agent has heard of it, the step under way may end and the next one start.
  const log = path.join(stack.home, 'agent.log');
  await until('the agent being told', 30_000, async () =>
    (await readFile(log, 'utf8')).includes(`job ${job.id}: paused`),
  );
  return job;
}

it('over a cut of the tunnel: the step ends, none starts, and each is done once', async () => {
  const job = await pausedInTheMiddle();
  stack.relay.unplug();
  gate.open();
  await until('the step under way being done', 30_000, async () => downloads() === 3);
  await pass(A_WHILE_MS);
  stack.relay.plug();
  await becomes(job.id, 'paused');
  await pass(A_WHILE_MS);
  expect(await shown(job.id)).toMatchObject({ state: 'paused', attempt: 1 });
  expect(downloads()).toBe(3);

  await stack.client.call(api.jobs.resume, { params: { id: job.id } });
  const done = await stack.over(job.id);
  expect(done).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect(downloads()).toBe(invoicesOf(MONTH).length);
  const calls = (await stack.steps(job.id)).filter((step) => step.call !== null);
  expect(calls.every((step) => step.state === 'completed')).toBe(true);
  expect(new Set(calls.map((step) => step.position)).size).toBe(calls.length);
});

it('over a restart of the agent and of the control plane: it stays paused until it is resumed', async () => {
  const job = await pausedInTheMiddle();
  gate.open();
  await becomes(job.id, 'paused');
  const before = downloads();
  await stack.agent.end('SIGKILL');
  await stack.startAgent();
  await stack.controlPlane.end('SIGKILL');
  await stack.startControlPlane();
  await pass(A_WHILE_MS);
  expect((await becomes(job.id, 'paused')).attempt).toBe(1);
  expect(downloads()).toBe(before);

  await stack.client.call(api.jobs.resume, { params: { id: job.id } });
  expect(await stack.over(job.id)).toMatchObject({ state: 'succeeded', attempt: 1 });
});

it('a cancel of a paused job works at once', async () => {
  const job = await pausedInTheMiddle();
  gate.open();
  await becomes(job.id, 'paused');
  await stack.client.call(api.jobs.cancel, { params: { id: job.id } });
  expect((await becomes(job.id, 'cancelled')).attempt).toBe(1);
});
