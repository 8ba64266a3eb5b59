/** Collects the parts of a support bundle. What cannot be had is said in its place: a broken agent is what a bundle is made for. */
import { execFile } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statfsSync, statSync } from 'node:fs';
import * as os from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runChecks } from '../doctor/index.ts';
import { describe } from '../fault.ts';
import { type AgentHome, keyStorage } from '../identity/index.ts';
import { policyPlace } from '../policy/index.ts';
import { workersOf } from '../runner/index.ts';
import { agentVersion, askStatus, keptStatus } from '../service/index.ts';
import { systemProgram } from '../windows/index.ts';
import type { Part } from './bundle.ts';
import { withoutJobs } from './job-lines.decision.ts';
import { shownEnvironment } from './environment.decision.ts';

/** Of each log, from its end. */
const LOG_BYTES = 2_097_152;
const SETTINGS_BYTES = 1_048_576;
const ASKING_MS = 10_000;
/** Logs of the agent and of the service host beside it. */
const LOGS = /^[\w.-]+\.log(\.\d+)?$/;
const LOGS_AT_MOST = 6;

export interface CollectOptions {
  readonly home: AgentHome;
  /** `agent.yaml`, where one was named. */
  readonly config: string | null;
  readonly environment: NodeJS.ProcessEnv;
  readonly now: () => number;
  /** Lines of each log. */
  readonly lines: number;
}

/** Never rejects. */
export async function collectParts(options: CollectOptions): Promise<Part[]> {
  const { home, config, environment, now } = options;
  const makers: [string, string, () => unknown][] = [
    ['doctor.json', 'what doctor found', () => runChecks({ home, environment, now })],
    ['status.json', 'what the agent is and does, or was when it last ran', () => statusOf(home)],
    ['versions.json', 'versions of agent, runtime, system and installed package', () => versions()],
    ['machine.json', 'processors, memory, disk, limits of the machine', () => machine(home)],
    ['environment.json', 'variables by name; values only of those on a list', () => shownEnvironment(environment)],
    ['outbox.json', 'counts and sizes of what waits, no content', () => outbox(home)],
    ['workers.json', 'processes of workers of this home', () => workersOf(home.root)],
    ['home.json', 'names, sizes, owners and modes in the agent home', () => listing(home)],
  ];
  const parts = await Promise.all(
    makers.map(async ([name, about, make]): Promise<Part> => ({ name, about, text: await jsonOf(make) })),
  );
  const files: [string, string, string | null][] = [
    ['agent.yaml', 'settings of the installation', config],
    ['network.json', 'the way out: hosts, no credentials', home.network.file],
    ['policy.yaml', 'what jobs may do here', policyPlace(environment['CASARE_POLICY'], home.root).file],
  ];
  return [...parts, ...files.flatMap(([name, about, file]) => settingsPart(name, about, file)), ...logParts(options)];
}

async function jsonOf(make: () => unknown): Promise<string> {
  try {
    return `${JSON.stringify(await make(), null, 2)}\n`;
  } catch (error) {
    return `${JSON.stringify({ unavailable: describe(error) }, null, 2)}\n`;
  }
}

async function statusOf(home: AgentHome): Promise<unknown> {
  const running = await askStatus(home).catch(() => null);
  return running === null ? { up: false, last: keptStatus(home) } : { up: true, ...running };
}

async function versions(): Promise<unknown> {
  const { node, openssl, v8 } = process.versions;
  const system = { type: os.type(), release: os.release(), version: os.version(), arch: process.arch };
  return { agent: agentVersion(), node, openssl, v8, system, package: await installedPackage(), keys: keyStorage() };
}

/** What the system's package manager says; null where it knows none. */
async function installedPackage(): Promise<string | null> {
  const ask =
    process.platform === 'win32'
      ? ([
          systemProgram('reg.exe'),
          ['query', String.raw`HKLM\Software\Casare\Agent`, '/v', 'Version', '/reg:64'],
        ] as const)
      : (['dpkg-query', ['--show', '--showformat=${Package} ${Version} ${Status}', 'casare-agent']] as const);
  try {
    const { stdout } = await promisify(execFile)(ask[0], ask[1], { timeout: ASKING_MS, maxBuffer: 65_536 });
    return stdout.trim().replaceAll(/\s+/g, ' ');
  } catch {
    return null;
  }
}

function machine(home: AgentHome): unknown {
  const disk = statfsSync(nearest(home.root));
  const [first] = os.cpus();
  return {
    hostname: os.hostname(),
    processors: { count: os.cpus().length, model: first?.model ?? 'unknown' },
    memory: { total: os.totalmem(), free: os.freemem(), available: process.availableMemory() },
    disk: { bytes: disk.blocks * disk.bsize, free: disk.bavail * disk.bsize, freeInodes: disk.ffree },
    load: os.loadavg(),
    uptimeSeconds: Math.round(os.uptime()),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    user: { uid: process.getuid?.() ?? null, gid: process.getgid?.() ?? null },
    limits: process.platform === 'linux' ? readFileSync('/proc/self/limits', 'latin1').split('\n') : null,
  };
}

async function outbox(home: AgentHome): Promise<unknown> {
  const status = (await askStatus(home).catch(() => keptStatus(home))) ?? null;
  const names = ['outbox.db', 'outbox.db-wal', 'outbox.db-shm', 'outbox.db-reserve'];
  const files = Object.fromEntries(names.map((name) => [name, sizeOf(join(home.root, name))]));
  const spooled = namesIn(home.spool).map((name) => sizeOf(join(home.spool, name)) ?? 0);
  const spool = { files: spooled.length, bytes: spooled.reduce((sum, size) => sum + size, 0) };
  return { heldRuns: status?.heldRuns ?? null, depth: status?.outbox ?? null, files, spool };
}

function listing(home: AgentHome): unknown {
  return namesIn(home.root).map((name) => {
    const found = statSync(join(home.root, name), { throwIfNoEntry: false });
    if (found === undefined) return { name };
    const { size, uid, gid, mode, mtime } = found;
    return { name, size, uid, gid, mode: `0${(mode & 0o7777).toString(8)}`, changed: mtime.toISOString() };
  });
}

function settingsPart(name: string, about: string, file: string | null): Part[] {
  if (file === null || sizeOf(file) === null) return [];
  return [{ name, about: `${about} (${file})`, text: textOf(file, SETTINGS_BYTES) }];
}

function logParts({ home, lines }: CollectOptions): Part[] {
  const changed = (name: string): number => statSync(join(home.logs, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return namesIn(home.logs)
    .filter((name) => LOGS.test(name))
    .toSorted((one, other) => changed(other) - changed(one))
    .slice(0, LOGS_AT_MOST)
    .map((name) => {
      const text = withoutJobs(textOf(join(home.logs, name), LOG_BYTES))
        .slice(-lines - 1)
        .join('\n');
      return {
        name: `logs/${name}`,
        about: `the last ${lines} lines, without what jobs said`,
        text,
        keep: 'end',
      };
    });
}

/** The end of a file, as text; why not, where it cannot be read. */
function textOf(file: string, bytes: number): string {
  try {
    const handle = openSync(file, 'r');
    try {
      const { size } = fstatSync(handle);
      const buffer = Buffer.alloc(Math.min(size, bytes));
      const read = readSync(handle, buffer, 0, buffer.length, Math.max(0, size - bytes));
      const text = buffer.subarray(0, read).toString('utf8');
      // from the middle of a file only whole lines: half a secret has no form
      return size > bytes ? text.slice(text.indexOf('\n') + 1) : text;
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    return `cannot be read: ${describe(error)}\n`;
  }
}

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function nearest(path: string): string {
  let folder = path;
  while (sizeOf(folder) === null) folder = join(folder, '..');
  return folder;
}
