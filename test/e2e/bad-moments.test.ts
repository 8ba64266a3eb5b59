/**
 * What happens at the worst moment, in the middle of a download: a cancel, the worker, the browser or everything
 * killed with -9, the agent's disk full. The job ends once, with a clear reason or with every invoice, and no process
 * is left behind.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { startPortal } from '../../docs/examples/supplier-portal/server.ts';
import { casare, casareAgent } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { browserOf, busyWorkerOf, descendantsOf, runs } from '../support/process-tree.ts';
import { startProgram } from '../support/program.ts';
import { MONTH, startStack, until, type Stack } from '../support/stack.ts';

type Portal = Awaited<ReturnType<typeof startPortal>>;

const WANTED = invoicesOf(MONTH)
  .map((invoice) => `${MONTH}/${invoice.number}.pdf`)
  .sort();

/** Room for the unpacked browser, and above what an agent wants free before it takes a job. */
const DISK = '700m';

let stack: Stack;
/** Each test holds the downloads of a portal of its own. */
let portal: Portal;
let gate: Gate;
beforeAll(async () => {
  stack = await startStack(new Gate(Infinity));
});
beforeEach(async () => {
  gate = new Gate(2);
  portal = await startPortal({ flaky: false, beforeDownload: () => gate.pass() });
});
afterEach(async () => {
  gate.open();
  await portal.close();
});
afterAll(() => stack.stop());

describe.runIf(process.platform === 'linux')('in the middle of a download', () => {
  it('the job is cancelled: it ends cancelled, and no process of it is left', async () => {
    const job = await startedDownloading();
    const worker = busyWorkerOf(stack.agent.pid);
    const started = [worker, ...descendantsOf(worker).map(({ pid }) => pid)];
    expect(await casare(stack, 'job', 'cancel', job.id)).toMatchObject({ code: 0, err: '' });
    expect(await stack.over(job.id)).toMatchObject({ state: 'cancelled', attempt: 1 });
    await until('the end of its processes', 20_000, async () => !started.some(runs));
    expect(browserOf(stack.agent.pid)).toBeNull();
    // A second cancel changes nothing, a retry runs it again.
    expect(await casare(stack, 'job', 'cancel', job.id)).toMatchObject({ code: 0, err: '' });
    gate.open();
    expect(await casare(stack, 'job', 'retry', job.id)).toMatchObject({ code: 0 });
    await expectDone(await stack.over(job.id), { generation: 2 });
    const late = await casare(stack, 'job', 'cancel', job.id);
    expect(late).toEqual({ code: 1, out: '', err: expect.stringMatching(/^JOB_WRONG_STATE: [^\n]+\n$/) as string });
  });

  it('its worker is killed: another one goes on, the job knows nothing of it', async () => {
    const job = await startedDownloading();
    const worker = busyWorkerOf(stack.agent.pid);
    const browser = browserOf(worker)!;
    process.kill(worker, 'SIGKILL');
    gate.open();
    await expectDone(await stack.over(job.id), { generation: 1, attempt: 1 });
    expect(runs(browser)).toBe(false);
    expect(await readFile(path.join(stack.home, 'agent.log'), 'utf8')).toMatch(/its worker died \(signal SIGKILL\)/);
  });

  it('its browser is killed: the job fails and says so, its retry succeeds', async () => {
    const job = await startedDownloading();
    process.kill(browserOf(stack.agent.pid)!, 'SIGKILL');
    const failed = await stack.over(job.id);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'BROWSER_GONE' } });
    gate.open();
    expect(await casare(stack, 'job', 'retry', job.id)).toMatchObject({ code: 0 });
    await expectDone(await stack.over(job.id), { generation: 2 });
  });

  it('control plane, agent and Postgres are killed at once: after their start it ends once', async () => {
    const job = await startedDownloading();
    const postgres = await stack.postgresPid();
    const ended = [stack.controlPlane.end('SIGKILL'), stack.agent.end('SIGKILL')];
    process.kill(postgres, 'SIGKILL');
    await Promise.all(ended);
    gate.open();
    await stack.startControlPlane();
    await stack.startAgent();
    await expectDone(await stack.over(job.id), { generation: 1 });
    expect(await stack.postgresPid()).not.toBe(postgres);
  });
});

const mountable = mayMount();
describe.skipIf(mountable !== null)(`the disk of the agent is full${mountable ?? ''}`, () => {
  let disk: string;
  let home: string;
  let filler: string;
  beforeAll(() => {
    disk = mkdtempSync(path.join(os.tmpdir(), 'casare-disk-'));
    home = path.join(disk, 'agent');
    filler = path.join(disk, 'filler');
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk]);
    mkdirSync(home, { mode: 0o700 });
  });
  afterAll(() => {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  it('in the middle of a job it fails with the code, and a new job waits until there is room', async () => {
    const { token } = await stack.client.call(api.joinTokens.create, {
      body: { autoApprove: true, tags: ['disk=small'] },
    });
    const join = ['--url', stack.enrolUrl, '--token', token, '--name', 'small'];
    expect(await casareAgent('enrol', ...join, '--home', home)).toMatchObject({ code: 0, err: '' });
    const log = path.join(stack.home, 'small.log');
    const agent = startProgram('edge-agent/dist/cli/main.js', ['run', '--home', home], process.env, log);
    try {
      const job = await startedDownloading(['disk=small']);
      fill();
      gate.open();
      const failed = await stack.over(job.id);
      expect(failed.state).toBe('failed');
      expect(failed.error?.code).toMatch(/^(DISK_FULL|OUTBOX_FULL)$/);
      expect(failed.error?.detail).toMatch(/free (some )?space/);

      const doctor = await casareAgent('doctor', '--home', home);
      expect(doctor.code).toBe(1);
      expect(doctor.out).toMatch(/^disk +failed +DISK_FULL +0\.\d GiB free.* +free space: no job is accepted/m);

      expect(await casare(stack, 'job', 'retry', job.id)).toMatchObject({ code: 0 });
      await until('a refused attempt', 30_000, async () => {
        const { attempt } = await stack.client.call(api.jobs.get, { params: { id: job.id } });
        return attempt > failed.attempt;
      });
      await rm(filler);
      await expectDone(await stack.over(job.id), { generation: 2 });
      expect(runs(agent.pid)).toBe(true);
    } finally {
      await agent.end();
    }
  });

  /** Leaves no byte free. */
  function fill(): void {
    const file = openSync(filler, 'w');
    try {
      for (const block of [Buffer.alloc(1_048_576), Buffer.alloc(4_096)]) writeUntilFull(file, block);
    } finally {
      closeSync(file);
    }
  }
});

function writeUntilFull(file: number, block: Buffer): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** Submits the example and resolves when two invoices are downloaded and the third is asked for. */
async function startedDownloading(requires: string[] = []): Promise<Job> {
  const job = await stack.submit({ portalUrl: portal.url }, requires);
  await gate.held();
  return job;
}

async function expectDone(job: Job, more: object): Promise<void> {
  expect(job).toMatchObject({ state: 'succeeded', error: null, ...more });
  const { files } = job.output as { files: string[] };
  expect([...files].sort()).toEqual(WANTED);
  const outputs = (await stack.files(job.id)).filter((file) => file.kind === 'output').map((file) => file.name);
  expect([...new Set(outputs)].sort()).toEqual(WANTED);
  expect(await stack.client.call(api.jobs.get, { params: { id: job.id } })).toEqual(job);
}

/** Null when a small disk can be mounted, else why not. */
function mayMount(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return ' (skipped: mounting a small disk needs root on Linux)';
  const folder = mkdtempSync(path.join(os.tmpdir(), 'casare-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return null;
  } catch {
    return ' (skipped: this system does not let a disk be mounted)';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
