/**
 * The worker host: a process of the user that jobs run as. It comes to the agent, starts and ends workers on its word, and
 * tells what this user can do on this machine. Of runs it knows nothing: what they say goes past it.
 *
 * Invariants
 * - It has no worker while it has no agent: when the connection ends, every worker ends with everything it started, and only
 *   then does the host dial again.
 * - It never does what the agent does not say, and starts nothing but the product's own worker.
 * - On Linux a process that left the group of its worker and emptied its environment ends with it all the same: once its
 *   parents have ended it is a child of the worker, and then of the host, which has no children but workers. While it tries
 *   what can be done here it has others: a worker that ends meanwhile is said to have ended afterwards.
 * - A worker that cannot be started, such as on a full disk, ends no other one.
 */
import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { probeBrowser } from '../browser/index.ts';
import { probeDesktop } from '../desktop/index.ts';
import { describe, Fault } from '../fault.ts';
import { takeInOrphans } from '../linux/index.ts';
import { type Admitted, dialAgent } from './handshake.ts';
import { type FromHost, HOST_BYTES, MAX_WORKERS, ToHost } from './messages.ts';
import { type Place, readPlace } from './place.ts';
import type { SessionState } from './session.decision.ts';
import { endTree, StartedWorker } from './started-worker.ts';
import { noteEnds, Strays } from './strays.ts';

const RETRY_MS = 250;
const RETRY_MOST_MS = 5_000;
/** How often the state of the session is looked at, milliseconds: a desktop job that comes in between finds it locked. */
const LOOK_MS = 1_000;

export interface HostOptions {
  readonly place: Place;
  /** A folder of the workers' user: profiles of browsers, and a browser that is unpacked. */
  readonly home: string;
  /** How the session of this process stands now; null where there are no sessions. */
  readonly session: () => SessionState | null;
  /** Of the program that runs. */
  readonly version: string;
  /** Of the program that is installed now: after an upgrade another one. Throws while one is under way. */
  readonly installed: () => string;
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** The program of its workers. */
  readonly module: URL;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: (message: string) => void;
  /** Aborted when the host is told to stop. */
  readonly stopped: AbortSignal;
}

/**
 * Serves one agent after the other until it is told to stop; every worker has ended then. @throws Fault WORKER_HOST_VERSION
 * once it has been upgraded: whoever watches over it starts the new one
 */
export async function runWorkerHost(options: HostOptions): Promise<void> {
  const { log, stopped, random } = options;
  // What jobs write is for the group, in which the agent is, and for nobody else.
  process.umask(0o007);
  if (options.platform === 'linux') takeInOrphans();
  noteEnds(stopped);
  const strays = new Strays(log);
  let said = '';
  for (let delay = RETRY_MS; !stopped.aborted; delay = Math.min(delay * 2, RETRY_MOST_MS)) {
    try {
      const place = readPlace(options.place, options.platform);
      const { version } = options;
      const dial = { as: 'host', socket: place.socket, id: idOf(options), key: place.key, version } as const;
      const admitted = await dialAgent(dial);
      log(`the agent at ${place.socket} has admitted this host`);
      [said, delay] = ['', RETRY_MS];
      await new Service({ ...options, strays }, place.socket, admitted).ended();
      log('the agent is gone: every worker has ended');
    } catch (error) {
      if (error instanceof Fault && error.code === 'WORKER_HOST_VERSION' && isReplaced(options)) throw error;
      const text = error instanceof Fault ? `${error.code}: ${error.message}` : describe(error);
      if (text !== said) log(`no agent yet: ${text}`);
      said = text;
    }
    await pause(delay * (0.5 + random()), stopped);
  }
}

/**
 * Whether this is an old program. Where it is not, the agent has not been started anew yet, and is waited for: a task of Windows
 * starts a host that ended only so many times.
 */
function isReplaced({ version, installed }: HostOptions): boolean {
  try {
    return installed() !== version;
  } catch {
    return false;
  }
}

interface ServiceOptions extends HostOptions {
  readonly strays: Strays;
}

/** One connection to an agent. */
class Service {
  readonly #options: ServiceOptions;
  readonly #socket: string;
  readonly #admitted: Admitted;
  readonly #workers = new Map<string, StartedWorker>();
  readonly #over = Promise.withResolvers<void>();
  readonly #leave = (): void => this.#admitted.link.destroy();
  readonly #look: NodeJS.Timeout;
  /** Settles when nothing is tried any more: what was started for it has ended then. */
  readonly #probing: Promise<void>;
  /** What the agent was told last of the session. */
  #told = '';
  #isOver = false;
  #isProbing = true;

  constructor(options: ServiceOptions, socket: string, admitted: Admitted) {
    this.#options = options;
    this.#socket = socket;
    this.#admitted = admitted;
    admitted.link.reads({
      maxBytes: HOST_BYTES,
      onFrame: (raw) => this.#receive(raw),
      onEnd: () => void this.#end(),
    });
    options.stopped.addEventListener('abort', this.#leave);
    if (options.stopped.aborted) this.#leave();
    admitted.link.resume();
    this.#tellSession();
    this.#look = setInterval(() => this.#tellSession(), LOOK_MS);
    this.#probing = this.#probe()
      .catch((error: unknown) => options.log(`what can be done here was not found out: ${describe(error)}`))
      .then(() => {
        this.#isProbing = false;
        this.#endStrays();
      });
  }

  /** Resolves when the agent is gone, and every worker and what was tried with it. */
  ended(): Promise<void> {
    return this.#over.promise;
  }

  async #end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#look);
    this.#options.stopped.removeEventListener('abort', this.#leave);
    // Tries as long as it takes: a host that has workers is of no other use.
    while (this.#workers.size > 0) {
      for (const [marker, worker] of this.#workers) {
        await worker.end().then(
          () => this.#workers.delete(marker),
          (error: unknown) => this.#options.log(describe(error)),
        );
      }
    }
    await this.#probing;
    this.#endStrays();
    this.#over.resolve();
  }

  #receive(raw: unknown): void {
    const parsed = ToHost.safeParse(raw);
    if (!parsed.success) {
      this.#options.log(`the agent sent what is no message: ${z.prettifyError(parsed.error).slice(0, 500)}`);
      this.#leave();
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case 'spawn': {
        this.#start(message.marker, message.ticket);
        return;
      }
      case 'kill': {
        this.#workers.get(message.marker)?.kill();
        return;
      }
      case 'reap': {
        void this.#reap(message.markers, message.request);
        return;
      }
      case 'clear': {
        this.#clear(message.jobId);
        this.#say({ type: 'done', request: message.request });
      }
    }
  }

  /** Besides its workers a host has the children alone that it tries things with. */
  #endStrays(): number {
    if (this.#isProbing) return 0;
    return this.#options.strays.end(new Set([...this.#workers.values()].map(({ record }) => record.pid)));
  }

  #start(marker: string, ticket: string): void {
    if (this.#isOver || this.#workers.has(marker)) return;
    try {
      if (this.#workers.size >= MAX_WORKERS) throw new Error(`this host has ${MAX_WORKERS} workers already`);
      this.#startNew(marker, ticket);
    } catch (error) {
      this.#say({ type: 'exit', marker, why: describe(error) });
    }
  }

  #startNew(marker: string, ticket: string): void {
    const { environment, module, home, log, version, platform } = this.#options;
    const given = { CASARE_HOME: home, ...settled(this.#admitted.settings) };
    const worker: StartedWorker = new StartedWorker({
      ...{ ticket: { socket: this.#socket, marker, ticket, version }, module, environment, given },
      onLine: (text) => {
        if (!this.#say({ type: 'line', marker, text })) this.#admitted.link.drained(worker.hold());
      },
      onExit: (why) => {
        this.#workers.delete(marker);
        this.#say({ type: 'exit', marker, why: why.slice(0, 2_000) });
      },
      endStrays: () => this.#endStrays(),
      settled: platform === 'linux' ? this.#probing : Promise.resolve(),
      onStuck: log,
    });
    this.#workers.set(marker, worker);
    const { pid, startTicks } = worker.record;
    this.#say({ type: 'spawned', marker, pid, startTicks });
  }

  async #reap(markers: readonly string[], request: number): Promise<void> {
    try {
      for (const marker of markers) await endTree({ pid: 0, startTicks: 0, marker }, () => this.#endStrays());
      this.#say({ type: 'done', request });
    } catch (error) {
      // The agent asks the next host: this one comes again as such.
      this.#options.log(describe(error));
      this.#leave();
    }
  }

  /** Its own files only: the folder itself, and what the agent made in it, is the agent's. */
  #clear(jobId: string): void {
    const folder = join(this.#options.place.runs, jobId);
    try {
      for (const name of readdirSync(folder)) empty(join(folder, name));
    } catch (error) {
      this.#options.log(`the folder of job ${jobId} is not cleared: ${describe(error)}`);
    }
  }

  async #probe(): Promise<void> {
    const { home, environment, platform } = this.#options;
    const env = { ...environment, ...settled(this.#admitted.settings) };
    const browser = await probeBrowser({ home, env, platform });
    const off = { ok: false, found: 'being tried', many: false };
    const told = {
      ...browser,
      path: browser.path?.slice(0, 2_000) ?? null,
      why: browser.why?.slice(0, 2_000) ?? null,
    };
    this.#say({ type: 'probed', browser: told, desktop: off });
    if (this.#isOver) return;
    const desktop = await probeDesktop(env, platform);
    this.#say({ type: 'probed', browser: told, desktop: { ...desktop, found: desktop.found.slice(0, 2_000) } });
  }

  #tellSession(): void {
    const session = this.#options.session();
    const text = JSON.stringify(session);
    if (session === null || text === this.#told) return;
    this.#told = text;
    this.#say({ type: 'session', session });
  }

  #say(message: FromHost): boolean {
    return this.#isOver ? true : this.#admitted.link.send(message);
  }
}

/** A user has one host in each session. */
function idOf({ session }: HostOptions): string {
  const own = session();
  return own === null ? '' : String(own.id);
}

function settled(settings: Admitted['settings']): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
}

/** Removes what can be removed; a folder of a worker may be closed even to its owner. */
function empty(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isDirectory()) {
    if (found.uid === process.getuid?.()) chmodSync(path, 0o700);
    for (const name of readdirSync(path)) empty(join(path, name));
  }
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is the agent's.
  }
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stopped.addEventListener('abort', done);
  });
}
