/**
 * A Windows of a test's own, by Wine: a prefix that nobody else sees, processes that end with it, loopback shared with
 * the programs of the test on Linux.
 *
 * All of it lives in a process namespace whose first process ends when this one does: nothing is left behind, and nothing
 * else can be hit. What a program writes to its standard output goes to a file, since Node for Windows cannot use the pipes
 * of Linux. An ordinary process is kept open: Wine ends its services with the last one.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendantsOf, type Descendant } from './process-tree.ts';
import { NAMESPACE } from './debian-root.ts';
import { whyNoWine, WINE, wineEnvironment, wineRoot, type WineRoot } from './wine-root.ts';

const RUN_MS = 60_000;
const POLL_MS = 50;

/** How a program ended. */
export interface WineResult {
  /** Its exit code, of which Linux keeps eight bits; null when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface WineProgram {
  /** For programs of Windows itself: Node for Windows cannot read it, and fails when it is asked to. */
  readonly stdin: NodeJS.WritableStream;
  readonly ended: Promise<WineResult>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Kills it with what it has started, and resolves when it has ended. */
  kill(): Promise<void>;
}

export interface Wine {
  /** A folder for the test's files, on Linux. */
  readonly folder: string;
  /** The prefix, on Linux: `drive_c` is in it. Gone, even as a path, once the Windows has stopped. */
  readonly prefix: string;
  /** A path below `folder` or the prefix as Windows has it. */
  path(file: string): string;
  /** Runs a program to its end; `exe` is a path of Windows, or a name that Windows finds. Throws when it takes too long. */
  run(
    exe: string,
    args?: readonly string[],
    options?: { timeout?: number; env?: Readonly<Record<string, string>> },
  ): Promise<WineResult>;
  start(exe: string, args?: readonly string[], options?: { env?: Readonly<Record<string, string>> }): WineProgram;
  /** What Wine has said about services, on the channels that were asked for. */
  said(): string;
  /** Every process of this Windows, by its number on Linux. */
  processes(): Descendant[];
  /** Ends every process, and removes the folder. */
  stop(): Promise<void>;
}

/** Why tests with Wine are skipped, or null: then everything that `startWine` needs is there. */
export async function wineOrReason(): Promise<string | null> {
  const reason = await whyNoWine();
  if (reason !== null) return reason;
  return wineRoot().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message.replaceAll('\n', ' ').slice(0, 300) : String(error)),
  );
}

/**
 * Starts a Windows with a fresh prefix; a `display` where windows are shown, `debug` channels of Wine for `said`. Throws where `wineOrReason` gives a reason.
 * Its first use of a prefix takes two seconds.
 */
export async function startWine(options: { display?: boolean; debug?: string } = {}): Promise<Wine> {
  const root = await wineRoot();
  const folder = await mkdtemp(path.join(tmpdir(), 'casare-wine-'));
  const system = await enter(root, folder);
  try {
    const environment = [...wineEnvironment('/mnt/prefix', '/mnt/home').split(' ')];
    if (options.debug !== undefined) environment.push(`WINEDEBUG=-all,${options.debug}`);
    if (options.display === true) environment.push(`DISPLAY=:${await showScreen(system)}`);
    const wine = new Session(folder, system, environment);
    await wine.open();
    return wine;
  } catch (error) {
    await system.end();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The namespaces, and a way to run something in them. */
interface System {
  /** The first process, by its number outside. */
  readonly first: number;
  readonly command: (environment: readonly string[], program: readonly string[]) => [string, string[]];
  end(): Promise<void>;
}

/** What is in `/mnt` of the system is the test's folder; nothing else of it can be written. */
const ENTER = `
set -e
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount -t tmpfs tmpfs "$1/dev/shm"
mount -t overlay -o "lowerdir=$3,upperdir=$2/changes,workdir=$2/work" overlay "$2/prefix" 2>/dev/null || cp -a "$3/." "$2/prefix/"
mount --rbind "$2" "$1/mnt"
mount -o remount,ro,bind "$1"
exec chroot "$1" /bin/sh -c 'exec 3<&0; echo ready; cat <&3 >/dev/null & wait $!'
`;

async function enter({ root, prefix }: WineRoot, folder: string): Promise<System> {
  for (const name of ['prefix', 'changes', 'work', 'home', 'files']) await mkdir(path.join(folder, name));
  const holder = spawn('unshare', [...NAMESPACE, 'sh', '-c', ENTER, 'sh', root, folder, prefix]);
  const ended = once(holder, 'exit');
  let said = '';
  holder.stderr.on('data', (part: Buffer) => (said = `${said}${part.toString()}`.slice(-2_000)));
  const answer = await Promise.race([once(holder.stdout, 'data'), ended]);
  if (!Buffer.isBuffer(answer[0])) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`a system for Wine does not start: ${said}`);
  }
  const first = descendantsOf(holder.pid!)[0]!.pid;
  const into = ['--target', String(first), '--mount', '--pid', '--root', '--'];
  return {
    first,
    command: (environment, program) => [
      'nsenter',
      [...into, 'env', '-i', '-C', '/mnt/files', ...environment, ...program],
    ],
    end: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}

/** A screen in memory; gives its number. */
async function showScreen(system: System): Promise<string> {
  const xvfb = ['Xvfb', '-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'];
  const [program, args] = system.command(['PATH=/usr/bin:/bin', 'HOME=/mnt/home'], xvfb);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const answer = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (!Buffer.isBuffer(answer[0])) throw new Error(`Xvfb ended with ${String(answer[0])}`);
  return answer[0].toString().trim();
}

class Session implements Wine {
  readonly folder: string;
  readonly prefix: string;
  readonly #home: string;
  readonly #system: System;
  readonly #environment: readonly string[];
  #started = 0;
  /** Of every program that runs; what it has said is read at its end. */
  readonly #running = new Set<Promise<WineResult>>();
  #held: WineProgram | null = null;

  constructor(home: string, system: System, environment: readonly string[]) {
    this.#home = home;
    this.folder = path.join(home, 'files');
    // It is mounted in there only.
    this.prefix = `/proc/${system.first}/root/mnt/prefix`;
    this.#system = system;
    this.#environment = environment;
  }

  /** Starts the process that keeps services alive: a prompt whose input stays open. It is the first, and starts Windows. */
  async open(): Promise<void> {
    const held = this.start('cmd.exe', ['/q', '/k', 'echo open']);
    this.#held = held;
    const deadline = performance.now() + RUN_MS;
    while (!held.stdout().includes('open')) {
      if (performance.now() > deadline) throw new Error(`Wine does not start: ${held.stderr().slice(-2_000)}`);
      await sleep(POLL_MS);
    }
  }

  path(file: string): string {
    const inC = path.relative(path.join(this.prefix, 'drive_c'), file);
    if (!inC.startsWith('..')) return `C:\\${windows(inC)}`;
    const below = path.relative(this.folder, file);
    if (below.startsWith('..')) throw new Error(`${file} is neither in ${this.folder} nor on drive C`);
    return `Z:\\mnt\\files\\${windows(below)}`;
  }

  async run(
    exe: string,
    args: readonly string[] = [],
    { timeout = RUN_MS, env = {} }: { timeout?: number; env?: Readonly<Record<string, string>> } = {},
  ): Promise<WineResult> {
    const program = this.#spawn('ignore', exe, args, env);
    const clock = new AbortController();
    const result = await Promise.race([program.ended, sleep(timeout, null, { signal: clock.signal })]);
    clock.abort();
    if (result !== null) return result;
    await program.kill();
    throw new Error(`${exe} took longer than ${timeout} ms: ${program.stdout()}${program.stderr()}`.slice(0, 2_000));
  }

  start(
    exe: string,
    args: readonly string[] = [],
    { env = {} }: { env?: Readonly<Record<string, string>> } = {},
  ): WineProgram {
    const { child, ...program } = this.#spawn('pipe', exe, args, env);
    // A program that has ended does not read what is sent to it.
    child.stdin!.on('error', () => undefined);
    return { ...program, stdin: child.stdin! };
  }

  #spawn(input: 'ignore' | 'pipe', exe: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.#started += 1;
    const log = (kind: string): string => path.join(this.#home, 'home', `${this.#started}.${kind}`);
    const [out, err] = [log('out'), log('err')];
    const files = [openSync(out, 'w'), openSync(err, 'w')];
    const extra = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const [program, command] = this.#system.command([...this.#environment, ...extra], [WINE, exe, ...args]);
    const child = spawn(program, command, { stdio: [input, ...files] });
    for (const file of files) closeSync(file);
    const stdout = (): string => readFileSync(out, 'utf8');
    const stderr = (): string => readFileSync(err, 'utf8');
    const ended = once(child, 'exit').then(([code]) => ({
      code: code as number | null,
      stdout: stdout(),
      stderr: stderr(),
    }));
    this.#running.add(ended);
    void ended.finally(() => this.#running.delete(ended));
    return { child, ended, stdout, stderr, kill: () => killed(child, ended) };
  }

  said(): string {
    return this.#held?.stderr() ?? '';
  }

  processes(): Descendant[] {
    const namespace = readlinkSync(`/proc/${this.#system.first}/ns/pid`);
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && isIn(namespace, name))
      .flatMap((name) => {
        try {
          const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
          return [{ pid: Number(name), command }];
        } catch {
          // It has ended meanwhile.
          return [];
        }
      });
  }

  async stop(): Promise<void> {
    await this.#system.end();
    await Promise.all(this.#running);
    await rm(this.#home, { recursive: true, force: true });
  }
}

/** `nsenter` waits for what it has started: when that is killed it ends with it. */
async function killed(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  for (const { pid } of descendantsOf(child.pid!).toReversed()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  await ended;
}

function isIn(namespace: string, pid: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) === namespace;
  } catch {
    return false;
  }
}

function windows(file: string): string {
  return file.replaceAll('/', '\\');
}
