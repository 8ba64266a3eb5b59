/** One connection to a gateway, from its dial to its close, with the session that lives on it. */
import type { ConnectionOptions } from 'node:tls';
import { WebSocket } from 'ws';
import type { Clock } from '../clock.ts';
import { codeOf, describe } from '../fault.ts';
import type { Network } from '../network/index.ts';
import type { Outbox } from '../outbox/index.ts';
import { dialGateway } from './dial.ts';
import type { TunnelDetail, TunnelPort } from './link.ts';
import { Session, type SessionOptions } from './session.ts';

export interface ConnectionOptionsOf {
  readonly network: Network;
  readonly url: string;
  readonly tls: ConnectionOptions;
  readonly port: TunnelPort;
  readonly outbox: Outbox;
  readonly pathOf: (artifactId: string) => string;
  readonly leaving?: SessionOptions['leaving'];
  readonly clock: Clock;
  /** The socket is open; false ends it before it greets. */
  readonly onOpened: () => boolean;
  /** Welcomed; before anything that `welcome` says is acted upon. */
  readonly onLive: () => void;
  readonly onGoaway: (withinMs: number) => void;
  readonly onClosed: (code: number) => void;
}

export class Connection {
  readonly #options: ConnectionOptionsOf;
  readonly #socket: WebSocket;
  #session: Session | null = null;
  #liveAt: number | null = null;
  #why = '';
  #errorCode: string | undefined;

  /** Dials. Throws when the URL or the TLS settings cannot be used. */
  constructor(options: ConnectionOptionsOf) {
    this.#options = options;
    const socket = dialGateway(options.network, options.url, options.tls);
    this.#socket = socket;
    socket.on('open', () => this.#opened());
    socket.on('error', (error) => {
      this.#why = `${codeOf(error)} ${describe(error)}`.trim();
      if (this.#session === null) this.#errorCode = codeOf(error);
    });
    socket.on('close', (code, reason) => {
      if (this.#why === '') this.#why = reason.toString();
      options.onClosed(code);
    });
  }

  /** Null before it greets. */
  get session(): Session | null {
    return this.#session;
  }

  get isLive(): boolean {
    return this.#liveAt !== null;
  }

  /** How long it has been live, milliseconds; 0 when it never was. */
  get liveMs(): number {
    return this.#liveAt === null ? 0 : this.#options.clock.now().mono - this.#liveAt;
  }

  /** Why it ended. */
  get detail(): TunnelDetail {
    return { ...(this.#errorCode ? { errorCode: this.#errorCode } : {}), why: this.#why || 'the connection ended' };
  }

  /** Ends it with a close code, or at once when it has not greeted yet; resolves when it is closed. */
  async end(code: number, reason: string): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    if (this.#session === null) this.#socket.terminate();
    else this.#session.end(code, reason);
    await closed;
  }

  #opened(): void {
    const { onOpened, onLive, onGoaway, port, outbox, pathOf, leaving, clock } = this.#options;
    if (!onOpened()) {
      this.#socket.terminate();
      return;
    }
    this.#session = new Session({
      ...{ socket: this.#socket, port, outbox, pathOf, leaving, clock, onGoaway },
      onLive: () => {
        this.#liveAt = clock.now().mono;
        onLive();
      },
      onFault: (error) => (this.#why = describe(error)),
    });
  }
}
