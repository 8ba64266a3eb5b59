/** The agent's line to one worker host: its workers, its spare one, and orders that it answers. */
import type { SlotKind } from '@casare/shared/protocol';
import { z } from 'zod';
import { REFILL_MS } from '../runner/worker-pool.ts';
import type { FrameLink } from './frames.ts';
import { HostedWorker } from './hosted-worker.ts';
import { isUsable, type SessionState } from './session.decision.ts';
import { FromHost, HOST_BYTES, MAX_WORKERS, type Probed, type ToHost } from './messages.ts';

const MARKERS_AT_ONCE = 1_000;
/** What a host may take to end a worker with everything it started, milliseconds. */
const KILL_MS = 30_000;

export interface HostLineOptions {
  readonly identity: string;
  readonly link: FrameLink;
  readonly log: (level: 'debug' | 'warn', message: string) => void;
  /** The host has found out what it can do. */
  readonly changed: () => void;
  /** A worker has ended: there is room for another. */
  readonly freed: () => void;
  /** The host is gone, with the workers that it had started. */
  readonly gone: (workers: readonly HostedWorker[], why: string) => void;
}

export class HostLine {
  readonly #options: HostLineOptions;
  readonly #workers = new Map<string, HostedWorker>();
  readonly #orders = new Map<number, (isDone: boolean) => void>();
  #probed: Probed | null = null;
  #session: SessionState | null = null;
  #spare: HostedWorker | null = null;
  #refill: NodeJS.Timeout | undefined;
  #nextOrder = 1;
  #isGone = false;
  #isStopped = false;

  constructor(options: HostLineOptions) {
    this.#options = options;
    options.link.reads({
      maxBytes: HOST_BYTES,
      onFrame: (raw) => this.#receive(raw),
      onEnd: (why) => this.#lost(why),
    });
  }

  get probed(): Probed | null {
    return this.#probed;
  }

  /** Where there are sessions: how that of the host stands. */
  get session(): SessionState | null {
    return this.#session;
  }

  /** Workers of runs. */
  get busy(): number {
    return this.#workers.size - (this.#spare === null ? 0 : 1);
  }

  worker(marker: string): HostedWorker | undefined {
    return this.#workers.get(marker);
  }

  canTake(slot: SlotKind): boolean {
    if (this.#isGone || this.#workers.size >= MAX_WORKERS) return false;
    if (slot === 'plain') return true;
    if (slot === 'browser') return this.#probed?.browser.ok === true;
    if (!isUsable(this.#session)) return false;
    const { ok, many } = this.#probed?.desktop ?? { ok: false, many: false };
    return ok && (many || ![...this.#workers.values()].some((worker) => worker.slot === 'desktop'));
  }

  warm(): void {
    if (this.#isStopped || this.#isGone || this.#spare !== null || this.#workers.size >= MAX_WORKERS) return;
    const spare = new HostedWorker(null, this.#options.log);
    this.#spare = spare;
    this.start(spare);
    void spare.exited.then((why) => {
      if (this.#spare !== spare) return;
      this.#spare = null;
      this.#options.log('warn', `the spare worker ended: ${why}`);
    });
  }

  take(slot: SlotKind): HostedWorker {
    // A spare one has no slot, which a screen of its own is counted by.
    const spare = slot === 'desktop' ? null : this.#spare;
    if (spare !== null) this.#spare = null;
    clearTimeout(this.#refill);
    if (!this.#isStopped) this.#refill = setTimeout(() => this.warm(), REFILL_MS).unref();
    if (spare !== null) return spare;
    const worker = new HostedWorker(slot, this.#options.log);
    // Started once the run has it on record.
    queueMicrotask(() => this.start(worker));
    this.#workers.set(worker.marker, worker);
    return worker;
  }

  start(worker: HostedWorker): void {
    if (this.#isGone) {
      worker.over('its worker host ended before it was started');
      return;
    }
    this.#workers.set(worker.marker, worker);
    void worker.exited.then(() => {
      this.#workers.delete(worker.marker);
      if (!this.#isStopped) this.#options.freed();
    });
    worker.startAt(this.#options.identity, (message) => {
      this.#tell(message);
      if (message.type === 'kill') this.#expectEnd(worker);
    });
  }

  /** A host that does not end what it is told to (it was stopped, or does not want to) is a host no more. */
  #expectEnd(worker: HostedWorker): void {
    const timer = setTimeout(() => this.#options.link.destroy(), KILL_MS).unref();
    void worker.exited.then(() => clearTimeout(timer));
  }

  /** Ends what is left of workers; false when the host went meanwhile. */
  async reap(markers: readonly string[]): Promise<boolean> {
    for (let at = 0; at < markers.length; at += MARKERS_AT_ONCE) {
      const some = markers.slice(at, at + MARKERS_AT_ONCE);
      if (!(await this.#order((request) => ({ type: 'reap', request, markers: [...some] })))) return false;
    }
    return true;
  }

  async emptyRun(jobId: string): Promise<void> {
    await this.#order((request) => ({ type: 'clear', request, jobId }));
  }

  /** The host ends what it has left, the spare worker, when its agent is gone: it is not waited for. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#refill);
    this.#options.link.destroy();
  }

  #order(message: (request: number) => ToHost): Promise<boolean> {
    if (this.#isGone) return Promise.resolve(false);
    const request = this.#nextOrder++;
    return new Promise((resolve) => {
      this.#orders.set(request, resolve);
      this.#tell(message(request));
    });
  }

  #tell(message: ToHost): void {
    this.#options.link.send(message);
  }

  #receive(raw: unknown): void {
    const parsed = FromHost.safeParse(raw);
    if (!parsed.success) {
      this.#options.log(
        'warn',
        `a worker host sent what is no message: ${z.prettifyError(parsed.error).slice(0, 500)}`,
      );
      this.#options.link.destroy();
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case 'probed': {
        const { browser, desktop } = message;
        this.#probed = { browser, desktop };
        this.#options.changed();
        return;
      }
      case 'session': {
        this.#session = message.session;
        this.#options.changed();
        return;
      }
      case 'spawned': {
        this.#workers.get(message.marker)?.started(message.pid, message.startTicks);
        return;
      }
      case 'line': {
        const pid = this.#workers.get(message.marker)?.record.pid ?? 0;
        this.#options.log('debug', `worker ${pid}: ${message.text}`);
        return;
      }
      case 'exit': {
        this.#workers.get(message.marker)?.over(message.why);
        return;
      }
      case 'done': {
        this.#orders.get(message.request)?.(true);
        this.#orders.delete(message.request);
      }
    }
  }

  #lost(why: string): void {
    this.#isGone = true;
    clearTimeout(this.#refill);
    const workers = [...this.#workers.values()];
    this.#workers.clear();
    // One that only waits to be used is of no run.
    this.#spare = null;
    this.#options.gone(workers, why);
    for (const settle of this.#orders.values()) settle(false);
    this.#orders.clear();
  }
}
