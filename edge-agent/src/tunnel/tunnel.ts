/**
 * The tunnel: dials out, keeps one session, dials again when it is lost, until stopped. TLS 1.3 with the agent's
 * certificate, trusting only the server roots of its enrolment; redirects, compression and oversized frames are
 * refused. States are those of `tunnel.lifecycle.ts`.
 */
import type { ConnectionOptions } from 'node:tls';
import { next } from '@casare/shared/lifecycle';
import { type AgentMessage, CLOSE } from '@casare/shared/protocol';
import { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import { codeOf, describe } from '../fault.ts';
import type { Network } from '../network/index.ts';
import type { Outbox, RunKey } from '../outbox/index.ts';
import { dialGateway } from './dial.ts';
import type { DialHold, TunnelDetail, TunnelPort } from './link.ts';
import { nextDial } from './reconnect.decision.ts';
import { Session } from './session.ts';
import { TUNNEL, type TunnelEvent, type TunnelState } from './tunnel.lifecycle.ts';

export interface TunnelOptions {
  readonly network: Network;
  /** Read for each dial. */
  readonly url: () => string;
  /** Before each dial: null when it may go on. Does not reject. */
  readonly prepare?: () => Promise<DialHold | null>;
  /** Certificate, key and trust anchors; read for each dial, so that a renewed certificate is used. */
  readonly tls: () => ConnectionOptions;
  readonly port: TunnelPort;
  readonly outbox: Outbox;
  /** Where the bytes of a waiting artifact are. */
  readonly pathOf: (artifactId: string) => string;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export class Tunnel {
  readonly #options: TunnelOptions;
  #state: TunnelState = 'idle';
  #socket: WebSocket | null = null;
  #session: Session | null = null;
  #redial: NodeJS.Timeout | undefined;
  #failures = 0;
  #liveSince: number | null = null;
  #leaving: NodeJS.Timeout | undefined;
  #why = '';
  #errorCode: string | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  get state(): TunnelState {
    return this.#state;
  }

  /** Dials, and keeps dialling until `stop`. */
  start(): void {
    this.#dial();
  }

  /** Sends a message over the live session; without one it is dropped: `hello` repeats what matters. */
  send(message: AgentMessage): void {
    if (this.#liveSince !== null) this.#session?.send(message);
  }

  /** Says that a run's events or files wait in the outbox. */
  wake(key?: RunKey): void {
    this.#session?.wake(key);
  }

  /** A run was dropped: nothing of it is sent any more. */
  forget(key: RunKey): void {
    this.#session?.forget(key);
  }

  /** Says goodbye and resolves when the socket is closed, at most two seconds later. */
  async stop(): Promise<void> {
    clearTimeout(this.#redial);
    clearTimeout(this.#leaving);
    this.#move('stop');
    const socket = this.#socket;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    if (this.#session === null) socket.terminate();
    else this.#session.end(CLOSE.goingAway, 'the agent stops');
    await closed;
  }

  #dial(): void {
    if (!this.#move('dial')) return;
    this.#why = '';
    this.#errorCode = undefined;
    const { prepare } = this.#options;
    if (prepare === undefined) this.#connect();
    else void prepare().then((hold) => this.#prepared(hold));
  }

  #prepared(hold: DialHold | null): void {
    if (this.#state !== 'connecting') return;
    if (hold === null) {
      this.#connect();
      return;
    }
    this.#why = hold.why;
    this.#lost(undefined, hold.atLeastMs);
  }

  #connect(): void {
    let socket: WebSocket;
    try {
      socket = dialGateway(this.#options.network, this.#options.url(), this.#options.tls());
    } catch (error) {
      this.#why = describe(error);
      this.#lost(undefined);
      return;
    }
    this.#socket = socket;
    socket.on('open', () => this.#opened(socket));
    socket.on('error', (error) => {
      this.#why = `${codeOf(error)} ${describe(error)}`.trim();
      if (this.#session === null) this.#errorCode = codeOf(error);
    });
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()));
  }

  #opened(socket: WebSocket): void {
    if (!this.#move('opened')) {
      socket.terminate();
      return;
    }
    const { port, outbox, pathOf, clock } = this.#options;
    this.#session = new Session({
      socket,
      port,
      outbox,
      pathOf,
      clock,
      onLive: () => {
        this.#liveSince = clock.now().mono;
        this.#move('welcomed');
      },
      onGoaway: (withinMs) => this.#goaway(withinMs),
      onFault: (error) => (this.#why = describe(error)),
    });
  }

  /** The session serves on until its random part of the time is over: a fleet leaves a gateway one by one. */
  #goaway(withinMs: number): void {
    if (!this.#move('goaway')) return;
    const delayMs = this.#options.random() * withinMs;
    this.#leaving = setTimeout(() => this.#session?.end(CLOSE.goingAway, 'goaway'), delayMs);
  }

  #closed(code: number, reason: string): void {
    if (reason !== '' && this.#why === '') this.#why = reason;
    this.#socket = null;
    this.#session = null;
    this.#lost(code);
  }

  #lost(closeCode: number | undefined, atLeastMs = 0): void {
    if (this.#state === 'stopped') return;
    clearTimeout(this.#leaving);
    const { clock, random } = this.#options;
    const liveMs = this.#liveSince === null ? 0 : clock.now().mono - this.#liveSince;
    this.#liveSince = null;
    const { delayMs, failures } = nextDial(
      {
        failures: this.#failures,
        liveMs,
        ...(closeCode === undefined ? {} : { closeCode }),
        sentAway: this.#state === 'draining',
        atLeastMs,
      },
      random(),
    );
    this.#failures = failures;
    this.#redial = setTimeout(() => this.#dial(), delayMs);
    this.#move('lost', {
      ...(closeCode === undefined ? {} : { closeCode }),
      ...(this.#errorCode ? { errorCode: this.#errorCode } : {}),
      why: this.#why || 'the connection ended',
      retryInMs: Math.round(delayMs),
    });
  }

  #move(event: TunnelEvent, detail: TunnelDetail = {}): boolean {
    const state = next(TUNNEL, this.#state, event);
    if (state === null) return false;
    this.#state = state;
    this.#options.port.changed(state, detail);
    return true;
  }
}
