/**
 * For tests: a worker process that does what the assignment's input says, one entry after the other, over the same
 * channel as the product's worker. It can die, hang, and start processes in groups of their own, as a browser does.
 */
import { spawn } from 'node:child_process';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEventBody } from '@casare/shared/protocol';
import { systemClock, type Instant } from '../clock.ts';
import { codeOf, describe } from '../fault.ts';
import { openAgentLink } from '../worker-host/worker-link.ts';
import type { ToWorker } from './ipc.ts';
import { WorkerChannel } from './worker-channel.ts';

type Start = Extract<ToWorker, { type: 'start' }>;
type Entry =
  | 'die'
  | 'complete'
  | 'ignore cancel'
  | 'show environment'
  | 'wait for cancel'
  | 'wait for pause'
  | { record: RunEventBody }
  | { note: RunEventBody }
  | { goAhead: RunEventBody }
  | { standStillUntil: string; record: RunEventBody }
  | { spawnTree: string }
  | { spawnStray: string }
  | { dieAt: string }
  | { keep: string; content: string }
  | { keepPath: string }
  | { keepLink: string };

/**
 * A file, until which this process stands still as soon as it has leave to act, as a stopped one or a sleeping machine. That it
 * does is said by a file beside it, `….held`.
 */
let standStillUntil: string | null = null;
const cancelled = Promise.withResolvers<void>();
/** Whether it was told to pause, and each word as it comes. */
let paused = false;
let onPause: () => void = () => undefined;
const link = await openAgentLink();
const channel = new WorkerChannel((message) => link.send(message), now);
const duties = { start: (message: Start) => void run(message), cancel: () => cancelled.resolve(), pause: setPause };
link.listen(
  (raw) => channel.receive(raw, duties),
  () => process.exit(1),
);
channel.ready();

async function run(start: Start): Promise<void> {
  if (start.journal.length > 0 && Object.keys(start.secrets).length > 0) {
    const message = `resumed after ${start.journal.length} with ${JSON.stringify(start.secrets['a']).slice(1, -1)}`;
    await channel.record({ type: 'run.log', level: 'info', message });
    return;
  }
  try {
    for (const entry of start.assignment.input as unknown as Entry[]) await perform(entry, start);
  } catch (error) {
    channel.broken(codeOf(error), describe(error));
  }
}

async function perform(entry: Entry, { runFolder }: Start): Promise<void> {
  if (entry === 'die') process.kill(process.pid, 'SIGKILL');
  else if (entry === 'complete') await channel.record({ type: 'run.completed', output: null });
  else if (entry === 'ignore cancel') await new Promise(() => setInterval(() => undefined, 1_000));
  else if (entry === 'show environment') await log(JSON.stringify([process.env, process.argv, process.execArgv]));
  else if (entry === 'wait for cancel') await cancelled.promise;
  else if (entry === 'wait for pause') await pausedOnce();
  else if ('note' in entry) void channel.record(entry.note).catch(() => undefined);
  else if ('goAhead' in entry) void channel.record(entry.goAhead, true).catch(() => undefined);
  else if ('standStillUntil' in entry) {
    standStillUntil = entry.standStillUntil;
    await channel.record(entry.record);
  } else if ('record' in entry) await channel.record(entry.record);
  else if ('spawnTree' in entry) await spawnTree(entry.spawnTree);
  else if ('spawnStray' in entry) await spawnStray(entry.spawnStray);
  else if ('dieAt' in entry) await dieAt(entry.dieAt);
  else if ('keep' in entry) {
    const path = join(runFolder, 'files', entry.keep);
    writeFileSync(path, entry.content);
    await keep(runFolder, path, entry.keep);
  } else if ('keepPath' in entry) await keep(runFolder, entry.keepPath, 'stolen').catch(() => undefined);
  else {
    const made = join(runFolder, 'files', 'link');
    symlinkSync(entry.keepLink, made);
    await keep(runFolder, made, 'stolen');
  }
}

function setPause(on: boolean): void {
  paused = on;
  onPause();
}

/** As the engine does: it stands still when it is told to, and goes on when that is taken back. */
async function pausedOnce(): Promise<void> {
  const until = (on: boolean): Promise<void> =>
    new Promise((resolve) => {
      onPause = () => (paused === on ? resolve() : undefined);
      onPause();
    });
  await until(true);
  await channel.record({ type: 'run.paused' });
  await until(false);
  await channel.record({ type: 'run.resumed' });
}

/** An hour has passed when it goes on. */
function now(): Instant {
  if (standStillUntil === null) return systemClock.now();
  writeFileSync(`${standStillUntil}.held`, '');
  while (!existsSync(standStillUntil)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  standStillUntil = null;
  // said after whatever the channel says now
  setImmediate(() => channel.log('info', 'goes on'));
  const { mono, wall } = systemClock.now();
  return { mono: mono + 3_600_000, wall: wall + 3_600_000 };
}

async function log(message: string): Promise<void> {
  await channel.record({ type: 'run.log', level: 'info', message });
}

async function keep(runFolder: string, path: string, name: string): Promise<void> {
  link.share(path, runFolder);
  await channel.keep({ path, name, kind: 'output', mediaType: 'text/plain' });
}

/** This process, a child in a group of its own, and a grandchild whose parent has ended. */
async function spawnTree(file: string): Promise<void> {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const shell = spawn('sh', ['-c', 'setsid sleep 600 >/dev/null 2>&1 & echo $!'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const orphan = await new Promise<number>((resolve) => {
    shell.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
  });
  writeFileSync(file, JSON.stringify([process.pid, child.pid, orphan]));
}

/** What nothing tells to be of this worker: another group and session, no environment, a parent that has ended. */
async function spawnStray(file: string): Promise<void> {
  const shell = spawn('sh', ['-c', 'env -i setsid sleep 600 >/dev/null 2>&1 & echo $!'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stray = new Promise<string>((resolve) =>
    shell.stdout.once('data', (piece: Buffer) => resolve(piece.toString())),
  );
  await new Promise((resolve) => shell.once('close', resolve));
  writeFileSync(file, (await stray).trim());
}

/** Once there is such a file. */
async function dieAt(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
  process.kill(process.pid, 'SIGKILL');
}
