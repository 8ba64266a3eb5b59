/**
 * The agent as a person and a service manager meet it: real processes from the sources, a real enrol listener, the test
 * peer as control plane.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { writeEnrolledHome } from '../doctor/home-for-tests.ts';
import { agentHome } from '../identity/index.ts';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { startTicksOf } from '../runner/process-tree.ts';
import { askStatus } from '../service/index.ts';
import { ProtocolPeer } from '../tunnel/protocol-peer-for-tests.ts';

const MAIN = new URL('./main.ts', import.meta.url).pathname;
const NODE_FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
const SLOW = { timeout: 20_000 };

let pki: TestPki;
let peer: ProtocolPeer;
let folder = '';
let running: Started[] = [];

interface Started {
  readonly child: ChildProcess;
  output: string;
  readonly ended: Promise<number | null>;
}

beforeAll(async () => {
  pki = await createTestPki();
  peer = await ProtocolPeer.start(pki);
  folder = mkdtempSync(join(tmpdir(), 'casare-agent-'));
  writeEnrolledHome(folder, pki, { tunnelUrl: peer.url });
});
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map((started) => started.ended));
  running = [];
});
afterAll(async () => {
  await peer.stop();
  rmSync(folder, { recursive: true, force: true });
});

function casareAgent(...argv: string[]): Started {
  // a browser that is not there: these tests are about the process, and the probe must not take the time
  const env = { ...process.env, CASARE_BROWSER: '/does/not/exist' };
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, argv[0] ?? '', '--home', folder, ...argv.slice(1)], {
    env,
  });
  const started: Started = { child, output: '', ended: once(child, 'close').then(([code]) => code as number | null) };
  child.stdout.on('data', (chunk: Buffer) => (started.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (started.output += chunk.toString()));
  running.push(started);
  return started;
}

async function runAgent(...flags: string[]): Promise<Started> {
  const sessions = peer.hellos.length;
  const agent = casareAgent('run', ...flags);
  await vi.waitFor(() => expect(peer.hellos.length, agent.output).toBeGreaterThan(sessions), SLOW);
  return agent;
}

test('status and healthcheck tell about a running agent, a second one is refused, SIGTERM stops it cleanly', async () => {
  const agent = await runAgent();
  const status = casareAgent('status', '--output', 'json');
  expect(await status.ended).toBe(0);
  expect(JSON.parse(status.output)).toMatchObject({
    ...{ up: true, agentId: pki.agentId, pid: agent.child.pid, tenant: 'acme', running: [] },
    outbox: { events: 0, oldest: null, files: 0 },
    keyStorage: expect.stringContaining('file') as string,
  });
  const health = casareAgent('healthcheck');
  expect(await health.ended, health.output).toBe(0);
  const second = casareAgent('run');
  expect(await second.ended).toBe(1);
  expect(second.output).toMatch(/^AGENT_RUNNING: .*\n$/);
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
  const none = casareAgent('healthcheck');
  expect(await none.ended).toBe(1);
  expect(none.output).toMatch(/^AGENT_NOT_RUNNING: /);
});

test('the end of standard input is a stop for who asked for that, and for nobody else', async () => {
  const agent = await runAgent('--stop-on-stdin-end');
  agent.child.stdin!.end();
  expect(await agent.ended, agent.output).toBe(0);
  expect(agent.output).toContain('stopped');
  const other = await runAgent();
  other.child.stdin!.end();
  const health = casareAgent('healthcheck');
  expect(await health.ended, health.output).toBe(0);
});

test('kill -9 of the agent in the middle of a run: its worker dies, the next start finishes the run', async () => {
  const agent = await runAgent();
  const run = assignment({}, [{ pause: { wait: { seconds: 2 } } }, { last: { set: { done: true } } }]);
  peer.send(run);
  const started = (): boolean => peer.eventsOf(run).some(({ body }) => body.type === 'step.started');
  await vi.waitFor(() => expect(started(), agent.output).toBe(true), SLOW);
  const children = readFileSync(`/proc/${agent.child.pid}/task/${agent.child.pid}/children`, 'utf8').trim().split(' ');
  expect(children.length).toBeGreaterThan(0);
  agent.child.kill('SIGKILL');
  await vi.waitFor(() => expect(children.map(Number).map(startTicksOf)).toEqual(children.map(() => null)), SLOW);
  await runAgent();
  await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type).toBe('run.completed'), SLOW);
  const events = peer.eventsOf(run);
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  expect(peer.hellos.map((hello) => hello.epoch)).toEqual([...peer.hellos.keys()].map((index) => index + 1));
});

test('SIGTERM in the middle of a run leaves it unfinished, and the next start finishes it', async () => {
  const agent = await runAgent();
  const run = assignment({}, [{ pause: { wait: { seconds: 3 } } }, { last: { set: { done: true } } }]);
  peer.send(run);
  await vi.waitFor(() => expect(peer.eventsOf(run).length).toBeGreaterThan(1), SLOW);
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
  expect(peer.eventsOf(run).at(-1)?.body.type).toBe('step.started');
  await runAgent();
  await vi.waitFor(() => expect(peer.eventsOf(run).at(-1)?.body.type).toBe('run.completed'), SLOW);
});

test('doctor shows every check with its code and what to do, and exits 1 when one has failed', async () => {
  const doctor = casareAgent('doctor', '--json');
  expect(await doctor.ended, doctor.output).toBe(1);
  const { checks } = JSON.parse(doctor.output) as {
    checks: (Record<'name' | 'result' | 'fix', string> & { code: string | null })[];
  };
  const results = Object.fromEntries(checks.map(({ name, result, code }) => [name, code ?? result]));
  const either = (code: string): string => expect.stringMatching(new RegExp(`^(ok|${code})$`)) as string;
  expect(results).toEqual({
    'agent home': 'ok',
    identity: 'ok',
    policy: 'ok',
    limits: either('FILES_FEW|MEMORY_LOW'),
    'leftover workers': 'ok',
    'agent process': 'AGENT_NOT_RUNNING',
    'worker host': 'ok',
    version: 'ok',
    disk: either('DISK_LOW|DISK_SLOW'),
    'data folder': 'ok',
    session: either('SESSION_NONE'),
    'way out': 'ok',
    resolution: 'ok',
    tcp: 'ok',
    proxy: 'ok',
    interception: 'ok',
    // nothing listens at the enrol URL of this home
    clock: 'CLOCK_UNKNOWN',
    tunnel: 'ok',
    'secret providers': 'ok',
    browser: 'BROWSER_NONE',
    desktop: either('DESKTOP_NONE'),
  });
  for (const { result, fix } of checks) if (result !== 'ok') expect(fix).not.toBe('');
});

test('doctor --only makes only these checks, exit 0 with warnings alone; a name that is none is usage', async () => {
  const doctor = casareAgent('doctor', '--only', 'agent home,agent process');
  expect(await doctor.ended, doctor.output).toBe(0);
  expect(doctor.output.split('\n').map((line) => line.split('  ')[0])).toEqual([
    ...['CHECK', 'agent home', 'agent process', ''],
  ]);
  expect(doctor.output).toMatch(/^agent process +warning +AGENT_NOT_RUNNING +not running +casare-agent run --home/m);
  const wrong = casareAgent('doctor', '--only', 'weather');
  expect(await wrong.ended).toBe(2);
  expect(wrong.output).toMatch(/^USAGE: --only knows no check "weather": agent home, /);
});

test('doctor changes nothing: a home that is not there is not made', async () => {
  const nowhere = join(folder, 'nowhere');
  const doctor = casareAgent('doctor', '--output', 'json', '--home', nowhere);
  expect(await doctor.ended).toBe(1);
  const { checks } = JSON.parse(doctor.output) as { checks: { name: string; result: string }[] };
  expect(checks.find(({ name }) => name === 'disk')?.result).toMatch(/ok|warning/);
  expect(existsSync(nowhere)).toBe(false);
});

test('usage errors exit 2, an agent that is not enrolled exits 3, each in one line', async () => {
  const wrong = casareAgent('run', '--slots', 'gpu=1');
  expect(await wrong.ended).toBe(2);
  expect(wrong.output).toMatch(/^USAGE: [^\n]+\n$/);
  const unknown = casareAgent('fly');
  expect(await unknown.ended).toBe(2);
  const version = casareAgent('--version');
  expect(await version.ended).toBe(0);
  expect(version.output).toMatch(/^\d+\.\d+\.\d+\n$/);
  const empty = casareAgent('run', '--home', join(folder, 'empty'));
  expect(await empty.ended).toBe(3);
  expect(empty.output).toMatch(/^NOT_ENROLLED: [^\n]+\n$/);
});

test('without the policy that it should have an agent does not start, and says why in one line', async () => {
  const policy = join(folder, 'rules.yaml');
  const refused = async (): Promise<string> => {
    const agent = casareAgent('run', '--policy', policy);
    expect(await agent.ended).toBe(1);
    expect(agent.output).toMatch(/^[^\n]+\n$/);
    return agent.output;
  };
  expect(await refused()).toMatch(/^POLICY_MISSING: /);
  writeFileSync(policy, 'steps:\n  alow: []\n');
  expect(await refused()).toMatch(
    /^POLICY_INVALID: .*line 2, column 3: there is no `alow` here; did you mean `allow`\?/,
  );
  chmodSync(policy, 0o666);
  expect(await refused()).toMatch(/^POLICY_UNSAFE: .*chmod go-w/);
});

test('an agent that waits for approval, or is paused later, says so and status exits 6', async () => {
  peer.standing = { agentState: 'pending' };
  await runAgent();
  const pending = casareAgent('status');
  expect(await pending.ended, pending.output).toBe(6);
  expect(pending.output).toMatch(/^state +pending: gets no jobs, it waits for approval/m);
  peer.send({ type: 'pong', n: 0, leaseMs: 60_000, agentState: 'paused' });
  await expect.poll(async () => (await askStatus(agentHome(folder, {}))).agentState).toBe('paused');
  peer.standing = {};
});

// the last one: it leaves a run in the outbox
test('status says which step a run is at, which slot it takes, and later what was last known', async () => {
  peer.standing = { agentState: 'active', version: '0.1.0' };
  const agent = await runAgent();
  peer.send(assignment({}, [{ pause: { wait: { seconds: 60 } } }]));
  const step = async (): Promise<unknown> => (await askStatus(agentHome(folder, {}))).running[0]?.step;
  await expect.poll(step).toBe('pause');
  const status = casareAgent('status');
  expect(await status.ended, status.output).toBe(0);
  for (const line of [
    /^running +small: job \S+, attempt 1, step pause, since \d{4}-/m,
    /^slots +plain 1 of 4, browser 0 of 0, desktop 0 of \d$/m,
    /^state +active$/m,
    /^control plane +wss:\S+, version 0\.1\.0$/m,
    /^last error +\S+ no browser jobs: .*set it to the full path/m,
  ]) {
    expect(status.output).toMatch(line);
  }
  agent.child.kill('SIGTERM');
  expect(await agent.ended).toBe(0);
  const off = casareAgent('status');
  expect(await off.ended).toBe(1);
  expect(off.output).toMatch(/^WHAT +WAS$/m);
  expect(off.output).toMatch(/^AGENT_NOT_RUNNING: .*casare-agent run --home/m);
  const json = casareAgent('status', '--json');
  expect(await json.ended).toBe(1);
  expect(JSON.parse(json.output.split('\n')[0]!)).toMatchObject({ up: false, last: { agentState: 'active' } });
});
