/**
 * Workers of other users: where runs get them when the agent has a place for worker hosts. A run whose slot no host can
 * serve now waits for one. Each host keeps a spare worker ready, as the agent itself would.
 *
 * Invariants
 * - A user has one host at a time. Before a host is told to start anything, it has ended what an earlier one of its user, or
 *   an earlier agent, left behind.
 * - On Windows nothing outlives its host: the system ends the job object that the host holds. A session that is over never
 *   comes back under its number, so nobody waits for its next host longer than a host may take to end.
 * - Without a host there are no slots: no job comes that could not run.
 */
import type { Server } from 'node:net';
import type { SlotKind } from '@casare/shared/protocol';
import type { WorkerRecord } from '../outbox/index.ts';
import { endForked, type WorkerSource } from '../runner/index.ts';
import { HostLine } from './host-line.ts';
import { HostedWorker } from './hosted-worker.ts';
import type { HostSettings, Probed } from './messages.ts';
import { openPlace, type Place } from './place.ts';
import { isUsable, type SessionState } from './session.decision.ts';
import { type AdmittedHost, openReception } from './reception.ts';

const MAX_HOSTS = 32;
/** What a host of Windows may take to end, with its workers, once its connection is gone, milliseconds. */
const ENDED_WITH_HOST_MS = 30_000;

export interface HostedWorkersOptions {
  readonly place: Place;
  readonly platform: NodeJS.Platform;
  readonly version: string;
  readonly settings: HostSettings;
  readonly log: (level: 'debug' | 'info' | 'warn', message: string) => void;
  /** A host came, went, or has found out what it can do. */
  readonly changed: () => void;
  /**
   * After so many milliseconds without its host nothing is left of a worker, milliseconds; null where only the next host of
   * its user can see to it. Absent: as the platform is.
   */
  readonly endedWithHostMs?: number | null;
}

interface Leftover {
  readonly record: WorkerRecord;
  readonly done: () => void;
}

export class HostedWorkers implements WorkerSource {
  readonly #options: HostedWorkersOptions;
  readonly #hosts = new Map<string, HostLine>();
  /** Taken by runs when there was no host for them. */
  readonly #waiting: HostedWorker[] = [];
  /** Of hosts that are gone, by user. */
  #leftovers: Leftover[] = [];
  readonly #uids = new Set<number>();
  #server: Server | null = null;
  #stopped = false;

  private constructor(options: HostedWorkersOptions) {
    this.#options = options;
  }

  /** Opens the place and listens. Throws a Fault: WORKER_PLACE_… */
  static async open(options: HostedWorkersOptions): Promise<HostedWorkers> {
    const { place, platform, version, settings, log } = options;
    const workers = new HostedWorkers(options);
    workers.#server = await openReception({
      ...{ place, platform, version, settings, log, key: openPlace(place, platform) },
      refuses: (identity) => workers.#refuses(identity),
      onHost: (host) => workers.#came(host),
      ticketOf: (marker) => workers.#worker(marker)?.ticket() ?? null,
      onWorker: (marker, link) => workers.#worker(marker)?.connected(link),
    });
    log('info', `workers are started by worker hosts, which come to ${place.socket}`);
    return workers;
  }

  /** What the hosts that are here can do, those that have tried it. */
  get probed(): readonly Probed[] {
    return [...this.#hosts.values()].map((host) => host.probed).filter((probed) => probed !== null);
  }

  /** The sessions of the hosts that are here, where there are such. */
  get sessions(): readonly SessionState[] {
    return [...this.#hosts.values()].map((host) => host.session).filter((session) => session !== null);
  }

  /** Desktops that a job could have now; Infinity where each run makes its own. */
  get desktops(): number {
    const able = [...this.#hosts.values()].filter((host) => host.probed?.desktop.ok === true && isUsable(host.session));
    return able.reduce((sum, host) => sum + (host.probed?.desktop.many === true ? Infinity : 1), 0);
  }

  /** Hosts by their users. */
  get identities(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /** True for a user that a host has shown itself to be: files of runs belong to such a one. */
  isWorkers(uid: number): boolean {
    return this.#uids.has(uid);
  }

  /** Hosts keep their spares by themselves. */
  warm(): void {
    for (const host of this.#hosts.values()) host.warm();
  }

  take(slot: SlotKind): HostedWorker {
    const host = this.#hostFor(slot);
    if (host !== null) return host.take(slot);
    const worker = new HostedWorker(slot, this.#options.log);
    this.#waiting.push(worker);
    this.#options.log('warn', `a ${slot} run waits for a worker host`);
    return worker;
  }

  clear(record: WorkerRecord): Promise<void> | null {
    if (record.host === undefined) {
      // Put on record and never started, or forked by an agent that had no place for hosts.
      endForked(record, this.#options.log);
      return null;
    }
    return new Promise((resolve) => this.#leave({ record, done: resolve }));
  }

  /** Removes what workers left in the folder of a run, where the agent may not. */
  async emptyRun(jobId: string): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.emptyRun(jobId)));
  }

  stop(): Promise<void> {
    this.#stopped = true;
    for (const host of this.#hosts.values()) host.stop();
    this.#server?.close();
    return Promise.resolve();
  }

  #refuses(identity: string): string | null {
    if (this.#stopped) return 'the agent is stopping';
    if (this.#hosts.has(identity)) return `${identity} has a worker host already`;
    return this.#hosts.size >= MAX_HOSTS ? `there are ${MAX_HOSTS} worker hosts already` : null;
  }

  #came({ identity, uid, link }: AdmittedHost): void {
    const { log, changed } = this.#options;
    if (uid !== null) this.#uids.add(uid);
    if (uid !== null && uid === process.getuid?.()) {
      log('warn', 'the worker host has the user of the agent: jobs can read its keys; run the host as another user');
    }
    log('info', `worker host of ${identity} is here`);
    const host: HostLine = new HostLine({
      ...{ identity, link, log },
      changed: () => {
        this.#serve();
        changed();
      },
      freed: () => this.#serve(),
      gone: (workers, why) => {
        this.#hosts.delete(identity);
        if (!this.#stopped) log('warn', `worker host of ${identity} is gone: ${why}`);
        for (const worker of workers) {
          worker.orphaned();
          this.#leave({ record: worker.record, done: () => worker.over('its worker host ended') });
        }
        if (!this.#stopped) changed();
      },
    });
    this.#hosts.set(identity, host);
    this.#reap();
    this.#serve();
    host.warm();
  }

  /** The next host of its user ends what is left of it, or nothing is left after a time. */
  #leave(leftover: Leftover): void {
    this.#leftovers.push(leftover);
    this.#reap();
    const { platform, endedWithHostMs = platform === 'win32' ? ENDED_WITH_HOST_MS : null } = this.#options;
    if (endedWithHostMs === null) return;
    setTimeout(() => {
      // A host that was asked meanwhile answers for it.
      if (!this.#leftovers.includes(leftover)) return;
      this.#leftovers = this.#leftovers.filter((other) => other !== leftover);
      leftover.done();
    }, endedWithHostMs).unref();
  }

  #reap(): void {
    for (const [identity, host] of this.#hosts) {
      const due = this.#leftovers.filter(({ record }) => record.host === identity);
      if (due.length === 0) continue;
      this.#leftovers = this.#leftovers.filter((leftover) => !due.includes(leftover));
      void host.reap(due.map(({ record }) => record.marker)).then((isDone) => {
        if (isDone) for (const { done } of due) done();
        else for (const leftover of due) this.#leave(leftover);
      });
    }
  }

  #serve(): void {
    for (const worker of this.#waiting.splice(0)) {
      const host = worker.isWaiting ? this.#hostFor(worker.slot ?? 'plain') : null;
      if (host !== null) host.start(worker);
      else if (worker.isWaiting) this.#waiting.push(worker);
    }
  }

  /** The one with the fewest workers of those that can. */
  #hostFor(slot: SlotKind): HostLine | null {
    const able = [...this.#hosts.values()].filter((host) => host.canTake(slot));
    return able.toSorted((one, other) => one.busy - other.busy)[0] ?? null;
  }

  #worker(marker: string): HostedWorker | undefined {
    for (const host of this.#hosts.values()) {
      const worker = host.worker(marker);
      if (worker !== undefined) return worker;
    }
    return undefined;
  }
}
