/**
 * The agent as a service of Windows, by Wine: its packed files, the service host, a control plane on Linux. node.exe is
 * killed, and the service stopped, in the middle of a job: it ends once, with each step recorded once.
 */
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import type { Job } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { AGENT_FILE, makeAgent } from '../../installer/bundle/agent.ts';
import { TARGETS } from '../../installer/bundle/target.ts';
import { buildHost } from '../../installer/windows/host/build.ts';
import { Gate } from '../support/gate.ts';
import { runs as isAlive } from '../support/process-tree.ts';
import { ROOT } from '../support/program.ts';
import { startStack, until, type Stack } from '../support/stack.ts';
import { createService, type WindowsService } from '../support/windows-service.ts';
import { startWine, wineOrReason, type Wine } from '../support/wine.ts';

const reason = await wineOrReason();
const ROOM = 'room=windows';
const NAME = 'on Windows';
const PAGES = ['one', 'two', 'three', 'four'];
const WORK = `
document: { dsl: '1.0.3', namespace: windows, name: pages, version: '1.0.0' }
do:
${PAGES.map((page) => `  - ${page}: { call: http, with: { method: get, endpoint: '\${ $workflow.input.pages + "${page}" }' } }`).join('\n')}
output: { as: '{ last: . }' }
`;

describe.skipIf(reason !== null)(skipName('the agent as a service, by Wine', reason), () => {
  let wine: Wine;
  let stack: Stack;
  let service: WindowsService;
  let pages: Pages;

  beforeAll(async () => {
    stack = await startStack(new Gate(Infinity));
    wine = await startWine();
    const program = path.join(wine.folder, 'program');
    await makeAgent({ root: ROOT, target: TARGETS['win-x64'], out: program, at: new Date('2026-01-01T00:00:00Z') });
    await buildHost(ROOT, program, '1.2.3');
    service = await createService(wine, program, null, ['--first-pause-ms', '200']);
    const body = { autoApprove: true, tags: [ROOM] };
    const { token } = await stack.client.call(api.joinTokens.create, { body });
    const agent = `${wine.path(service.folder)}\\${AGENT_FILE}`;
    const what = ['--home', wine.path(service.home), '--url', stack.enrolUrl, '--join-token', token, '--name', NAME];
    const set = await wine.run(`${wine.path(service.folder)}\\node.exe`, [agent, 'service', 'configure', ...what]);
    expect(set).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(path.join(service.home, 'join-token'))).toBe(true);
    await service.start();
    await service.reaches('RUNNING');
    await connected();
  }, 600_000);
  afterAll(async () => {
    await wine.stop();
    await stack.stop();
  });
  beforeEach(async () => {
    pages = await openPages();
    onTestFailed(async () => console.error((await service.log()).slice(-6_000)));
  });
  afterEach(() => pages.close());

  async function connected(): Promise<void> {
    await until('the agent on Windows', 90_000, async () => {
      const { items } = await stack.client.call(api.agents.list, {});
      return items.some((agent) => agent.name === NAME && agent.connected);
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${(await service.log()).slice(-4_000)}`);
    });
  }

  /** Submits the job, and resolves when its first page is recorded, and its second asked for and not yet answered. */
  async function inTheMiddle(): Promise<Job> {
    const { id } = await stack.client.call(api.workflows.push, { body: WORK, mediaType: 'application/yaml' });
    const input = { pages: pages.url };
    const job = await stack.client.call(api.jobs.submit, { body: { workflow: id, input, requires: [ROOM] } });
    await pages.gate.held();
    await until('the record of the first page', 60_000, async () =>
      (await stack.steps(job.id)).some(({ name, state }) => name === 'one' && state === 'completed'),
    );
    return job;
  }

  async function expectDoneOnce(id: string): Promise<void> {
    const job = await stack.over(id, 120_000);
    expect(job).toMatchObject({ state: 'succeeded', error: null, output: { last: 'page four' } });
    const completed = (await stack.steps(id)).filter((step) => step.state === 'completed').map(({ name }) => name);
    expect([...new Set(completed)]).toEqual(PAGES);
    // Only what was under way, and may be done again, was.
    expect(pages.asked).toEqual(['one', 'two', 'two', 'three', 'four']);
  }

  test('it has enrolled from agent.yaml, and erased the token', () => {
    expect(existsSync(path.join(service.home, 'join-token'))).toBe(false);
  });

  test('its log is in agent.log, which the service host holds: nobody else may write it', async () => {
    const lines = (await service.log()).split(/\r?\n/).filter((line) => line.startsWith('{"level":'));
    expect(lines.length).toBeGreaterThan(0);
  });

  test('node.exe is killed in the middle of a job: it is started again, and the job goes on where it stood', async () => {
    const job = await inTheMiddle();
    const before = service.pids('casare-agent.mjs');
    expect(before).toHaveLength(1);
    const all = service.pids('node.exe');
    process.kill(before[0]!, 'SIGKILL');
    // Its worker ends with it: until then it would go on with the next page.
    await expect.poll(() => all.filter((pid) => isAlive(pid))).toEqual([]);
    pages.gate.open();
    await expectDoneOnce(job.id);
    expect(service.pids('casare-agent.mjs')).not.toContain(before[0]);
    expect(await service.log()).toContain('The agent ended by itself');
    expect((await service.state()).state).toBe('RUNNING');
  });

  test('the service is stopped in the middle of a job: it ends softly, and the job goes on at the next start', async () => {
    const job = await inTheMiddle();
    await service.stop();
    await service.reaches('STOPPED');
    expect(await service.log()).toMatch(/The agent was stopped, and ended in time with exit code 0\.\s*$/);
    expect(service.pids('node.exe')).toEqual([]);
    pages.gate.open();
    await service.start();
    await expectDoneOnce(job.id);
  });
});

interface Pages {
  readonly url: string;
  /** After the first page each waits for it. */
  readonly gate: Gate;
  readonly asked: string[];
  close(): Promise<void>;
}

async function openPages(): Promise<Pages> {
  const gate = new Gate(1);
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const page = request.url!.slice(1);
    asked.push(page);
    void gate.pass().then(() => response.writeHead(200, { 'content-type': 'text/plain' }).end(`page ${page}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    gate,
    asked,
    close: () =>
      new Promise((resolve) => {
        gate.open();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
