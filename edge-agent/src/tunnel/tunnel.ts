/**
 * The tunnel: dials out, keeps one session, dials again when it is lost, until stopped. TLS 1.3 with the agent's
 * certificate, trusting only the server roots it holds; redirects, compression and oversized frames are refused. States
 * are those of `tunnel.lifecycle.ts`.
 *
 * Make before break: after `goaway` and for a new certificate a second connection is made while the first one serves. It
 * takes over when it is welcomed; until then it changes nothing, and when it fails it is tried again.
 *
 * Invariants: at most two connections at once; from the greeting of the second on no run begins by the first; of the one
 * that was taken over nothing is heard any more before the verdicts of the new one are acted upon.
 */
import type { ConnectionOptions } from 'node:tls';
import { next } from '@casare/shared/lifecycle';
import { type AgentMessage, CLOSE } from '@casare/shared/protocol';
import type { Clock } from '../clock.ts';
import { describe } from '../fault.ts';
import type { Network } from '../network/index.ts';
import type { Outbox, RunKey } from '../outbox/index.ts';
import { Connection } from './connection.ts';
import type { DialHold, TunnelDetail, TunnelPort } from './link.ts';
import { nextDial } from './reconnect.decision.ts';
import type { SessionOptions } from './session.ts';
import { TUNNEL, type TunnelEvent, type TunnelState } from './tunnel.lifecycle.ts';

export interface TunnelOptions {
  readonly network: Network;
  /** Read for each dial. */
  readonly url: () => string;
  /** Before each dial that nothing else serves during: null when it may go on. Does not reject. */
  readonly prepare?: () => Promise<DialHold | null>;
  /** Certificate, key and trust anchors; read for each dial, so that a renewed certificate is used. */
  readonly tls: () => ConnectionOptions;
  readonly port: TunnelPort;
  readonly outbox: Outbox;
  /** Where the bytes of a waiting artifact are. */
  readonly pathOf: (artifactId: string) => string;
  /** What of an event leaves the agent; everything when absent. */
  readonly leaving?: SessionOptions['leaving'];
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** After these no other connection of this agent is of any use. */
const FINAL: ReadonlySet<number> = new Set([CLOSE.locked, CLOSE.notAdmitted]);

interface Dialled {
  readonly connection: Connection;
  /** The certificate that it stands on, counted. */
  readonly certificate: number;
}

export class Tunnel {
  readonly #options: TunnelOptions;
  #state: TunnelState = 'idle';
  #main: Dialled | null = null;
  /** Made while `#main` is live, to take over from it. */
  #second: Dialled | null = null;
  /** A second one of ours has greeted: whoever replaced the first one then was this process. */
  #overtaken = false;
  /** The first one ended before the second one was welcomed, which goes on. */
  #succeeding = false;
  #certificate = 0;
  #redial: NodeJS.Timeout | undefined;
  #failures = 0;
  #handOver: { readonly at: number; readonly timer: NodeJS.Timeout } | null = null;
  #handOverFailures = 0;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  get state(): TunnelState {
    return this.#state;
  }

  /** True while the live session stands on a certificate that has been replaced. */
  get isOutdated(): boolean {
    return this.#main !== null && this.#main.certificate !== this.#certificate;
  }

  /** Dials, and keeps dialling until `stop`. */
  start(): void {
    this.#dial();
  }

  /** Sends a message over the live session; without one it is dropped: `hello` repeats what matters. */
  send(message: AgentMessage): void {
    const live = this.#main?.connection;
    if (live?.isLive === true) live.session?.send(message);
  }

  /** Says that a run's events or files wait in the outbox. */
  wake(key?: RunKey): void {
    this.#main?.connection.session?.wake(key);
  }

  /** A run was dropped: nothing of it is sent any more. */
  forget(key: RunKey): void {
    this.#main?.connection.session?.forget(key);
  }

  /** The next dial uses another certificate: a live session is replaced by one that stands on it. */
  certificateReplaced(): void {
    this.#certificate += 1;
    this.handOver(0);
  }

  /** Replaces the live session by a new one, dialled after a random part of `withinMs` at the latest. */
  handOver(withinMs: number): void {
    if (this.#main?.connection.isLive === true) this.#planHandOver(this.#options.random() * withinMs);
  }

  /** Says goodbye and resolves when the sockets are closed, at most two seconds later. */
  async stop(): Promise<void> {
    clearTimeout(this.#redial);
    this.#dropHandOver();
    this.#move('stop');
    const open = [this.#main, this.#second].flatMap((dialled) => (dialled === null ? [] : [dialled.connection]));
    await Promise.all(open.map((connection) => connection.end(CLOSE.goingAway, 'the agent stops')));
  }

  #dial(): void {
    if (!this.#move('dial')) return;
    const { prepare } = this.#options;
    if (prepare === undefined) this.#connect();
    else void prepare().then((hold) => this.#prepared(hold));
  }

  #prepared(hold: DialHold | null): void {
    if (this.#state !== 'connecting') return;
    if (hold === null) this.#connect();
    else this.#lost(undefined, { detail: { why: hold.why }, atLeastMs: hold.atLeastMs });
  }

  #connect(): void {
    try {
      this.#main = this.#open();
    } catch (error) {
      this.#lost(undefined, { detail: { why: describe(error) } });
    }
  }

  #open(): Dialled {
    const { url, tls } = this.#options;
    const connection: Connection = new Connection({
      ...this.#options,
      url: url(),
      tls: tls(),
      onOpened: () => this.#opened(connection),
      onLive: () => this.#live(connection),
      onGoaway: (withinMs) => {
        this.#move('goaway');
        this.handOver(withinMs);
      },
      onClosed: (code) => this.#closed(connection, code),
    });
    return { connection, certificate: this.#certificate };
  }

  #opened(connection: Connection): boolean {
    if (connection === this.#main?.connection) return this.#move('opened');
    this.#overtaken = connection === this.#second?.connection;
    if (this.#overtaken) this.#main?.connection.session?.yield();
    return this.#overtaken;
  }

  #live(connection: Connection): void {
    const takesOver = connection === this.#second?.connection;
    if (takesOver) {
      const before = this.#main?.connection;
      this.#main = this.#second;
      this.#second = null;
      before?.session?.retire();
      void before?.end(CLOSE.goingAway, 'a newer session took over');
    }
    this.#dropHandOver();
    const tookOver = takesOver || this.#succeeding;
    [this.#overtaken, this.#succeeding] = [false, false];
    this.#move('welcomed', tookOver ? { tookOver } : {});
    // the certificate came while this one was dialled
    if (this.isOutdated) this.#planHandOver(0);
  }

  #closed(connection: Connection, code: number): void {
    if (connection === this.#second?.connection) this.#secondLost(connection.detail);
    else if (connection === this.#main?.connection) this.#mainLost(connection, code);
  }

  #mainLost(connection: Connection, code: number): void {
    const second = this.#second;
    this.#main = null;
    this.#second = null;
    const { liveMs, detail } = connection;
    if (second === null || this.#state === 'stopped' || FINAL.has(code)) {
      this.#lost(code, { detail, liveMs });
      void second?.connection.end(CLOSE.goingAway, 'the session ended');
      return;
    }
    // the second one is on its way, often welcomed already on the other side: it is the tunnel now
    this.#main = second;
    this.#succeeding = true;
    this.#move('succeeded', { why: detail.why ?? '' });
    if (second.connection.session !== null) this.#move('opened');
  }

  #planHandOver(delayMs: number): void {
    if (this.#second !== null) return;
    const at = this.#options.clock.now().mono + delayMs;
    if (this.#handOver !== null && this.#handOver.at <= at) return;
    clearTimeout(this.#handOver?.timer);
    this.#handOver = { at, timer: setTimeout(() => this.#dialSecond(), delayMs) };
  }

  #dialSecond(): void {
    this.#handOver = null;
    if (this.#second !== null || this.#main?.connection.isLive !== true) return;
    try {
      this.#second = this.#open();
    } catch (error) {
      this.#secondLost({ why: describe(error) });
    }
  }

  /** The first one serves on, and a second one is tried again. */
  #secondLost(detail: TunnelDetail): void {
    this.#second = null;
    if (this.#state === 'stopped') return;
    this.#main?.connection.session?.keep();
    const tried = { failures: this.#handOverFailures, liveMs: 0, sentAway: false };
    const { delayMs, failures } = nextDial(tried, this.#options.random());
    this.#handOverFailures = failures;
    this.#planHandOver(delayMs);
    this.#options.port.stayed({ ...detail, retryInMs: Math.round(delayMs) });
  }

  #dropHandOver(): void {
    clearTimeout(this.#handOver?.timer);
    this.#handOver = null;
    this.#handOverFailures = 0;
  }

  #lost(
    code: number | undefined,
    { detail, liveMs = 0, atLeastMs = 0 }: { detail: TunnelDetail; liveMs?: number; atLeastMs?: number },
  ): void {
    if (this.#state === 'stopped') return;
    this.#dropHandOver();
    const closeCode = code === CLOSE.replaced && this.#overtaken ? undefined : code;
    [this.#overtaken, this.#succeeding] = [false, false];
    const coded = closeCode === undefined ? {} : { closeCode };
    const sentAway = this.#state === 'draining';
    const ended = { failures: this.#failures, liveMs, ...coded, sentAway, atLeastMs };
    const { delayMs, failures } = nextDial(ended, this.#options.random());
    this.#failures = failures;
    this.#redial = setTimeout(() => this.#dial(), delayMs);
    this.#move('lost', { ...coded, ...detail, retryInMs: Math.round(delayMs) });
  }

  #move(event: TunnelEvent, detail: TunnelDetail = {}): boolean {
    const state = next(TUNNEL, this.#state, event);
    if (state === null) return false;
    this.#state = state;
    this.#options.port.changed(state, detail);
    return true;
  }
}
