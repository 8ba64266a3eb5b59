/**
 * A desktop job on Windows, by Wine, from end to end: a control plane on Linux sends the example to the packed agent, which
 * fills a form and reads back what the program made of it. First by a worker of the agent's own, as without a service; then
 * by a worker host beside it, as in the session of a person whose agent is a service.
 *
 * Here everything is one user in one session: that two users cannot read each other's files is for a real Windows to show.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { z } from 'zod';
import type { Job } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { readSource } from '@casare/shared/workflow';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { Gate } from '../support/gate.ts';
import { ROOT } from '../support/program.ts';
import { startStack, type Stack, until } from '../support/stack.ts';
import { onDrive, textOnDrive, windowsAgent, type WindowsAgent } from '../support/windows-agent.ts';
import { compileForm } from '../support/windows-desk.ts';
import { startWine, wineOrReason, type Wine, type WineProgram } from '../support/wine.ts';

const reason = await wineOrReason();
const EXAMPLE = path.join(ROOT, 'docs/examples/windows-orders');
const ROOM = 'room=desk';
const NAME = 'at the desk';
const HOME = String.raw`C:\ProgramData\Casare\Agent`;
const CONFIG = ['--home', HOME, '--config', String.raw`${HOME}\agent.yaml`];
const SOCKET = String.raw`C:\ProgramData\Casare\Workers\host.sock`;
const WORKER_HOST = ['worker-host', '--socket', SOCKET, '--home', String.raw`C:\users\Public\Casare Ж`];
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A start of the agent with its probes, and a whole run: Node alone takes seconds here. */
const START_MS = 120_000;
const RUN_MS = 240_000;

describe.skipIf(reason !== null)(skipName('a desktop job on Windows, by Wine', reason), () => {
  let wine: Wine;
  let agent: WindowsAgent;
  let stack: Stack;
  let form: string;
  const started: WineProgram[] = [];

  beforeAll(async () => {
    stack = await startStack(new Gate(0));
    wine = await startWine({ display: true });
    agent = await windowsAgent(wine);
    await compileForm(onDrive(wine, 'form.exe'));
    form = wine.path(onDrive(wine, 'form.exe'));
    const { token } = await stack.client.call(api.joinTokens.create, { body: { autoApprove: true, tags: [ROOM] } });
    const settings = ['--url', stack.enrolUrl, '--name', NAME, '--join-token', token];
    expect(await agent.run(['service', 'configure', '--home', HOME, ...settings])).toMatchObject({ code: 0 });
  }, 600_000);
  afterEach(async () => {
    for (const program of started.splice(0).toReversed()) await program.kill();
  });
  afterAll(async () => {
    await wine.stop();
    await stack.stop();
  });

  test('the orders of a CSV file are entered, read back whole, and recorded step by step with pictures', async () => {
    start(['run', ...CONFIG]);
    await withCapability('desktop=uia');
    await expectEntered(await submit());
  }, 600_000);

  test('a worker host has them entered in its session, whose state the agent knows; without one they wait', async () => {
    expect(await agent.run(['service', 'configure', '--home', HOME, '--worker-socket', SOCKET])).toMatchObject({
      code: 0,
    });
    const running = start(['run', ...CONFIG]);
    await until('the place of the worker hosts', START_MS, () =>
      Promise.resolve(running.stdout().includes('which come to')),
    );
    const job = await submit();
    const key = await textOnDrive(wine, 'ProgramData', 'Casare', 'Workers', 'key.json');
    expect(JSON.parse(key)).toMatchObject({
      socket: expect.stringMatching(/^\\\\\.\\pipe\\casare-workers-[0-9a-f]{32}$/) as string,
    });

    expect(await stack.client.call(api.jobs.get, { params: { id: job.id } })).toMatchObject({ state: 'pending' });
    const host = start(WORKER_HOST);
    // What the agent could do before it had a place for hosts is no longer told by then.
    await withCapability('session=active');
    await withCapability('desktop=uia');
    expect(await capabilities()).toEqual(
      expect.arrayContaining(['session=active', 'screen=1280x800', 'screen.dpi=96']),
    );
    await expectEntered(job);

    await host.kill();
    await until('the end of the session', 30_000, async () => !(await capabilities()).includes('session=active'));
  }, 600_000);

  /** Ended with the test. */
  function start(args: readonly string[]): WineProgram {
    const program = agent.start(args);
    onTestFailed(() => console.error(program.stdout().slice(-4_000), program.stderr().slice(-4_000)));
    started.push(program);
    return program;
  }

  async function capabilities(): Promise<readonly string[]> {
    const { items } = await stack.client.call(api.agents.list, {});
    return items.find(({ name }) => name === NAME)?.capabilities ?? [];
  }

  async function withCapability(wanted: string): Promise<void> {
    await until(`an agent with ${wanted}`, START_MS, async () => (await capabilities()).includes(wanted));
  }

  /** The example as it stands, with a picture of every step. */
  async function submit(): Promise<Job> {
    const text = await readFile(path.join(EXAMPLE, 'enter-orders.yaml'), 'utf8');
    const source = readSource(text, 'yaml');
    if (!source.ok) throw new Error('the example is no YAML');
    const { document, ...rest } = z
      .object({ document: z.record(z.string(), z.json()) })
      .catchall(z.json())
      .parse(source.value);
    const pictured = { ...document, metadata: { rpa: { record: { screenshots: 'always' } } } };
    const { id } = await stack.client.call(api.workflows.push, { body: { document: pictured, ...rest } });
    const { input } = await example();
    return stack.client.call(api.jobs.submit, {
      body: { workflow: id, input: { ...input, app: form }, requires: [ROOM] },
    });
  }

  async function expectEntered({ id }: Job): Promise<void> {
    const { output } = await example();
    expect(await stack.over(id, RUN_MS)).toMatchObject({ state: 'succeeded', error: null, output });
    const steps = await stack.steps(id);
    const results = steps.filter(({ name }) => name === 'result');
    expect(results.map((step) => step.output)).toEqual((output as { results: unknown }).results);
    expect(steps.map(({ state }) => state)).toEqual(steps.map(() => 'completed'));
    const files = await stack.files(id);
    const saved = steps.find(({ name }) => name === 'save')!;
    const pictures = files.filter(({ kind, name }) => kind === 'screenshot' && name.endsWith('after.png'));
    // Of each step on the form, of which there are more than twice seven.
    expect(pictures.length).toBeGreaterThanOrEqual(14);
    const picture = pictures.find(({ position }) => position === saved.position) ?? pictures[0]!;
    expect((await stack.bytes(picture.id)).subarray(0, PNG.length)).toEqual(PNG);
  }
});

async function example() {
  return z
    .object({ input: z.record(z.string(), z.string()), output: z.json() })
    .parse(JSON.parse(await readFile(path.join(EXAMPLE, 'example.json'), 'utf8')));
}
