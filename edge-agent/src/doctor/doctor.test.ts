/** Each finding of `doctor` of home, identity, clock, disk and processes, with the fault really made where this system can make it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrolServerOptions } from '@casare/certs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AgentHome, agentHome } from '../identity/index.ts';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { Outbox } from '../outbox/index.ts';
import { writeEnrolledHome } from './home-for-tests.ts';
import { serveStatus } from '../service/status.ts';
import { checkMoves } from './disk-checks.ts';
import { type CheckName, runChecks, type TimedCheck } from './index.ts';
import { checkLimits } from './machine-checks.ts';

const DAY = 86_400_000;
const isRoot = process.getuid?.() === 0;

let pki: TestPki;
let folder = '';
let home: AgentHome;
let undo: (() => unknown)[] = [];

beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-doctor-'));
  home = writeEnrolledHome(join(folder, 'agent'), pki, { tunnelUrl: 'wss://127.0.0.1:1/tunnel' });
  undo = [];
});
afterEach(async () => {
  for (const step of undo.reverse()) await step();
  rmSync(folder, { recursive: true, force: true });
});

/** The results of one check. */
async function look(name: CheckName, options: { at?: AgentHome; now?: () => number; env?: NodeJS.ProcessEnv } = {}) {
  const { at = home, now = Date.now, env = {} } = options;
  return runChecks({ home: at, environment: env, now, only: new Set([name]) });
}

function codes(checks: readonly TimedCheck[]): (string | null)[] {
  return checks.map(({ code }) => code);
}

describe('home and identity', () => {
  test('all is well: nothing to do, and nothing was left in the home', async () => {
    const before = readdirSync(home.root);
    for (const name of ['agent home', 'identity', 'policy', 'data folder'] as const) {
      expect(await look(name), name).toMatchObject([{ name, result: 'ok', code: null, fix: '' }]);
    }
    expect(await look('disk')).toMatchObject([
      { found: expect.stringMatching(/a write is on the disk in \d/) as string },
    ]);
    expect(readdirSync(home.root)).toEqual(before);
  });

  test('every problem of permissions is a finding with the command that mends it', async () => {
    chmodSync(home.root, 0o755);
    chmodSync(home.credential, 0o640);
    const found = await look('agent home');
    expect(codes(found)).toEqual(['HOME_OPEN', 'HOME_OPEN']);
    expect(found.map(({ fix }) => fix)).toEqual(['chmod 700 it', 'chmod 600 it']);
  });

  test.skipIf(!isRoot)('root looks at a home as the user that it belongs to (needs root)', async () => {
    for (const path of [home.root, home.credential, home.identity]) chownSync(path, 65_534, 65_534);
    expect(await look('agent home')).toMatchObject([{ result: 'ok' }]);
    chownSync(home.credential, 0, 0);
    expect(await look('agent home')).toMatchObject([{ code: 'HOME_OPEN', fix: 'give it to uid 65534' }]);
  });

  test('a home that is not there', async () => {
    const nowhere = agentHome(join(folder, 'nowhere'), {});
    expect(await look('agent home', { at: nowhere })).toMatchObject([{ code: 'HOME_MISSING', result: 'failed' }]);
    expect(await look('identity', { at: nowhere })).toMatchObject([
      { code: 'NOT_ENROLLED', fix: expect.stringContaining('casare-agent enrol') as string },
    ]);
    for (const name of ['disk', 'data folder'] as const) await look(name, { at: nowhere });
    expect(existsSync(nowhere.root)).toBe(false);
  });

  test.each([
    ['CERT_EXPIRED', 'warning', 3 * DAY],
    ['CERT_RENEWAL_DUE', 'warning', 0.9 * DAY],
    ['CERT_NOT_YET_VALID', 'failed', -DAY],
  ])('%s', async (code, result, shift) => {
    expect(await look('identity', { now: () => Date.now() + shift })).toMatchObject([{ code, result }]);
  });

  test('what the policy forbids is said in short; one with a fault is said by its line', async () => {
    writeFileSync(join(home.root, 'policy.yaml'), 'steps:\n  allow: [http.*, data.*]\nsigned: optional\n');
    const [policy] = await look('policy');
    expect(policy?.found).toMatch(/only steps http\.\*, data\.\*; no scripts in pages; no watching/);
    writeFileSync(join(home.root, 'policy.yaml'), 'steps:\n  alow: []\n');
    expect(await look('policy')).toMatchObject([
      { code: 'POLICY_INVALID', result: 'failed', found: expect.stringMatching(/line 2/) as string, fix: 'correct it' },
    ]);
  });
});

describe('clock', () => {
  /** A control plane whose clock is off by so much. */
  async function controlPlane(offMs: number): Promise<AgentHome> {
    const server: Server = createServer(enrolServerOptions(pki.gateway, pki.serverRoot), (_, response) => {
      response.sendDate = false;
      response.setHeader('date', new Date(Date.now() + offMs).toUTCString());
      response.end('{}');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    undo.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const enrolUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return writeEnrolledHome(home.root, pki, { tunnelUrl: 'wss://127.0.0.1:1/tunnel', enrolUrl });
  }

  test.each([
    [0, null],
    [120_000, 'CLOCK_DRIFT'],
    [-600_000, 'CLOCK_OFF'],
  ])('a control plane that is %i ms ahead: %s, with how exactly that is known', async (offMs, code) => {
    const at = await controlPlane(offMs);
    const [clock] = await look('clock', { at });
    expect(clock?.code).toBe(code);
    const [, seconds, side, bound] = /^([\d.]+) s (behind|ahead of) the control plane, ±([\d.]+) s$/.exec(
      clock!.found,
    )!;
    if (offMs !== 0) expect(side).toBe(offMs > 0 ? 'behind' : 'ahead of');
    expect(Math.abs(Number(seconds) - Math.abs(offMs) / 1_000)).toBeLessThanOrEqual(Number(bound) + 0.2);
  });

  test('without the enrol listener it is not known', async () => {
    expect(await look('clock')).toMatchObject([{ code: 'CLOCK_UNKNOWN', result: 'warning' }]);
  });
});

const mountable = mayMount();
describe.skipIf(mountable !== null)(`disks that are mounted for it${mountable ?? ''}`, () => {
  function disk(options: string): AgentHome {
    const at = join(folder, 'disk');
    mkdirSync(at);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at]);
    undo.push(() => execFileSync('umount', ['-l', at]));
    return agentHome(join(at, 'agent'), {});
  }

  test('a disk with too little room is DISK_FULL', async () => {
    const at = disk('size=16m');
    writeEnrolledHome(at.root, pki, { tunnelUrl: 'wss://127.0.0.1:1/' });
    expect(await look('disk', { at })).toMatchObject([{ code: 'DISK_FULL', fix: 'free space: no job is accepted' }]);
  });

  test('no byte free: the write in the data folder says it too', async () => {
    const at = disk('size=1m');
    mkdirSync(at.root, { mode: 0o700 });
    expect(() => writeFileSync(join(at.root, '..', 'filler'), Buffer.alloc(2_097_152))).toThrow(/ENOSPC/);
    expect(await look('data folder', { at })).toMatchObject([
      { code: 'DISK_FULL', found: expect.stringContaining('ENOSPC') as string },
    ]);
  });

  test('less than outbox and files may grow by is DISK_LOW', async () => {
    const at = disk('size=512m');
    mkdirSync(at.root, { mode: 0o700 });
    expect(await look('disk', { at })).toMatchObject([{ code: 'DISK_LOW', result: 'warning' }]);
  });

  test('a read-only file system', async () => {
    const at = disk('size=512m');
    mkdirSync(at.root, { mode: 0o700 });
    execFileSync('mount', ['-o', 'remount,ro', join(folder, 'disk')]);
    for (const name of ['disk', 'data folder'] as const) {
      expect(await look(name, { at }), name).toMatchObject([{ code: 'DISK_READ_ONLY', result: 'failed' }]);
    }
  });
});

const append = mayAppendOnly();
test.skipIf(append !== null)(
  `files that cannot be renamed after they were written are FILES_HELD, with the folder to exclude${append ?? ''}`,
  async () => {
    // what an antivirus does to a file by sharing modes, an append-only folder does here: EPERM at the renaming
    const at = writeEnrolledHome(join(folder, 'held'), pki, { tunnelUrl: 'wss://127.0.0.1:1/' });
    const held = join(at.root, 'doctor-held');
    mkdirSync(held);
    execFileSync('chattr', ['+a', held]);
    undo.push(() => execFileSync('chattr', ['-a', held]));
    expect(await checkMoves(held, at.root)).toMatchObject({
      code: 'FILES_HELD',
      result: 'failed',
      fix: expect.stringMatching(new RegExp(`exclude this folder .*: ${at.root}$`)) as string,
    });
  },
);

describe('processes', () => {
  function started(child: ChildProcess): ChildProcess {
    undo.push(async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    });
    return child;
  }

  test('no agent runs', async () => {
    expect(await look('agent process')).toMatchObject([
      { code: 'AGENT_NOT_RUNNING', fix: `casare-agent run --home ${home.root}` },
    ]);
  });

  test('a process that holds the outbox and does not answer is named', async () => {
    const outbox = Outbox.open({ file: home.outbox });
    undo.push(() => outbox.close());
    expect(await look('agent process')).toMatchObject([
      { code: 'AGENT_NOT_ANSWERING', fix: expect.stringContaining(`kill ${process.pid}`) as string },
    ]);
  });

  test('a worker of this home that nobody stands over is named; one of another home is not', async () => {
    const worker = (root: string): ChildProcess => {
      const env = { CASARE_HOME: root, CASARE_WORKER_MARKER: randomUUID() };
      return started(spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => 0, 1e6)'], { env }));
    };
    const [ours, other] = [worker(home.root), worker(join(folder, 'other'))];
    // what a process was started with is to be read once it runs
    await Promise.all([ours, other].map((child) => once(child.stdout!, 'data')));
    const [found] = await look('leftover workers');
    expect(found).toMatchObject({ code: 'LEFTOVER_WORKERS', fix: `end them: kill ${ours.pid}` });
  });
});

test('a worker host that is set up and has not come is said while the agent runs', async () => {
  const only = new Set<CheckName>(['worker host']);
  const look = (workerSocket?: string) => runChecks({ home, environment: {}, now: Date.now, only, workerSocket });
  expect(await look()).toMatchObject([{ result: 'ok' }]);
  expect(await look('/run/casare/host.sock')).toMatchObject([{ result: 'ok' }]);
  let browser = 'no worker host is here';
  const at = new Date().toISOString();
  const server = await serveStatus(home, () => ({
    ...{ agentId: pki.agentId, tenant: 'acme', name: 'x', version: '0.1.0', pid: process.pid, startedAt: at },
    ...{ tunnel: { state: 'live', since: at, url: 'wss://x/' }, leased: true, capabilities: [], browser },
    ...{ slots: { plain: 1, browser: 0, desktop: 0 }, certificateUntil: at, running: [], heldRuns: 0 },
  }));
  undo.push(() => server.close());
  expect(await look('/run/casare/host.sock')).toMatchObject([{ code: 'WORKER_HOST_AWAY', result: 'failed' }]);
  browser = '153.0';
  expect(await look('/run/casare/host.sock')).toMatchObject([{ result: 'ok' }]);
});

test('few open files, little memory', () => {
  expect(codes(checkLimits({ files: 1_000, memory: 1_000_000_000 }).map((check) => ({ ...check, ms: 0 })))).toEqual([
    'FILES_FEW',
    'MEMORY_LOW',
  ]);
  expect(checkLimits({ files: Infinity, memory: 8e9 })).toMatchObject([{ result: 'ok' }]);
  const script = `import('${new URL('./machine-checks.ts', import.meta.url).href}').then(({ checkLimits }) => console.log(JSON.stringify(checkLimits())))`;
  const args = [
    '-c',
    `ulimit -n 300; exec "${process.execPath}" --conditions=source --no-warnings -e "$1"`,
    'sh',
    script,
  ];
  expect(execFileSync('sh', args, { encoding: 'utf8' })).toMatch(/FILES_FEW.*at most 300 files/);
});

describe('session', () => {
  test('no program to make a display with', async () => {
    expect(await look('session', { env: { PATH: folder } })).toMatchObject([
      { code: 'SESSION_NONE', found: expect.stringMatching(/Xvfb/) as string },
    ]);
  });

  test('a display that does not answer, a setting that is none', async () => {
    const env = { PATH: folder, CASARE_DESKTOP: 'display', DISPLAY: ':4711' };
    expect(await look('session', { env })).toMatchObject([{ code: 'DISPLAY_UNREACHABLE' }]);
    expect(await look('session', { env: { CASARE_DESKTOP: 'big' } })).toMatchObject([{ code: 'SESSION_SETTING' }]);
  });
});

test('a check that breaks, and one that does not end, stop no other', async () => {
  // nothing at all can be read of an identity that is a folder
  rmSync(home.identity);
  mkdirSync(home.identity);
  const only = new Set<CheckName>(['identity', 'policy', 'tcp']);
  const checks = await runChecks({ home, environment: {}, now: Date.now, only });
  expect(checks.map(({ name, code }) => [name, code])).toEqual([
    ['identity', 'IDENTITY_DAMAGED'],
    ['policy', null],
    ['tcp', 'IDENTITY_DAMAGED'],
  ]);
  const silent = createTcpServer((socket) => undo.push(() => socket.destroy()));
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  undo.push(() => silent.close());
  const at = writeEnrolledHome(join(folder, 'other'), pki, {
    tunnelUrl: `wss://127.0.0.1:${(silent.address() as AddressInfo).port}/tunnel`,
  });
  const late = await runChecks({
    home: at,
    environment: {},
    now: Date.now,
    only: new Set(['agent home', 'tunnel']),
    checkMs: 200,
  });
  expect(late.map(({ code }) => code)).toEqual([null, 'CHECK_TIMED_OUT']);
});

/** Null, or why no file system can be mounted. */
function mayMount(): string | null {
  if (!isRoot) return ' (needs root)';
  const at = mkdtempSync(join(tmpdir(), 'casare-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', at], { stdio: 'ignore' });
    execFileSync('umount', [at]);
    return null;
  } catch {
    return ' (this root may not mount)';
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

/** Null, or why no folder can be made append-only. */
function mayAppendOnly(): string | null {
  const at = mkdtempSync(join(tmpdir(), 'casare-append-'));
  try {
    execFileSync('chattr', ['+a', at], { stdio: 'ignore' });
    execFileSync('chattr', ['-a', at], { stdio: 'ignore' });
    return null;
  } catch {
    return ' (this file system, or user, makes no folder append-only)';
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}
