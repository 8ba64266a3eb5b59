/** For tests: a place for worker hosts, and hosts that are real processes. Importing this ends them after each test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, vi } from 'vitest';
import { agentVersion } from '../service/machine.ts';
import { HostedWorkers } from './hosted-workers.ts';
import { type Place, placeOf } from './place.ts';

const MAIN = fileURLToPath(new URL('./main-for-tests.ts', import.meta.url));
const NODE_FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];

export interface HostProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  output: string;
}

/** Of agent and host. */
export const VERSION = agentVersion();

let running: HostProcess[] = [];

afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
});

/** A place below the folder, made as an installer would. */
export function makePlaceIn(folder: string): Place {
  const place = placeOf(`${folder}/workers/host.sock`);
  mkdirSync(place.root);
  chmodSync(place.root, 0o750);
  return place;
}

export interface Hosted {
  readonly workers: HostedWorkers;
  readonly place: Place;
  readonly logged: readonly string[];
}

/** The agent's side of the place; with `endedWithHostMs` as on Windows, where workers end with their host. */
export async function openHosted(place: Place, endedWithHostMs: number | null = null): Promise<Hosted> {
  const logged: string[] = [];
  const workers = await HostedWorkers.open({
    ...{ place, platform: process.platform, version: VERSION, settings: {}, changed: () => undefined, endedWithHostMs },
    log: (_, message) => logged.push(message),
  });
  return { workers, place, logged };
}

/** Starts a host whose workers run this module, and waits until the agent has it. */
export async function startHost(hosted: Hosted, module: URL): Promise<HostProcess> {
  const host = spawnHost(hosted.place, module);
  await vi.waitFor(() => expect(hosted.workers.identities, host.output).toHaveLength(1));
  return host;
}

export function spawnHost(place: Place, module: URL, variables: NodeJS.ProcessEnv = {}): HostProcess {
  // No browser is tried: these tests are about processes.
  const test = { CASARE_BROWSER: '/does/not/exist', CASARE_CANARY: 'must-not-be-inherited' };
  const env = { ...process.env, ...test, ...variables };
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, place.socket, module.href], { env });
  const host: HostProcess = { child, output: '', ended: once(child, 'close') };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => (host.output += piece.toString()));
  }
  running.push(host);
  return host;
}
