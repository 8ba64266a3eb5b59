/**
 * The tunnel listener: TLS 1.3 with a mandatory client certificate, one path, one subprotocol, nothing else.
 *
 * Invariants: a socket becomes a WebSocket only after admission; identity comes from the TLS session alone, no header
 * is ever looked at for it; whatever a peer does before that, it can neither end the process nor keep others out.
 * Bounds: handshakes under way, sessions, sockets of one agent, header lines and bytes, time for each step.
 */
import { CLOSE, AGENT_FRAME_BYTES, SUBPROTOCOL } from '@casare/shared/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket, type TlsOptions } from 'node:tls';
import { WebSocketServer, type WebSocket } from 'ws';
import { takeTurns, type Turns } from '../platform/edge/arrival-turns.ts';
import { clientOf } from '../platform/edge/client-address.ts';
import type { Entrance } from '../platform/edge/entrances.ts';
import { boundHandshakes } from '../platform/edge/pending-handshakes.ts';
import { RefusalLog } from '../platform/edge/refusal-log.ts';
import { openListener, type OpenListener } from '../platform/http/listeners.ts';
import type { Log } from '../platform/log.ts';
import type { Admission, AdmissionRefusal, AdmittedPeer, Presenter } from '../trust/index.ts';
import { answersNow } from './liveness-probe.ts';
import { refusalOfUpgrade } from './upgrade.decision.ts';

export interface TunnelServerOptions {
  readonly admission: Pick<Admission, 'admit'>;
  readonly log: Log;
  /** Hosts that agents may ask for; see `gatewayHosts`. */
  readonly hosts: readonly string[];
  readonly bounds: TunnelBounds;
  /** True while this replica does not know what is locked: nobody new is let in. */
  readonly isBlind: () => boolean;
  /** Counts who was turned away because of that. */
  readonly onBlind?: () => void;
  /** A superseded certificate was presented by a process that lives. */
  readonly onCloned: (who: Presenter) => Promise<void>;
}

export interface TunnelBounds {
  /** Open tunnels of this replica. */
  readonly sessions: number;
  /** Open tunnels of one agent: a reconnect may overtake the end of the one before. */
  readonly perAgent: number;
  /** TLS handshakes under way. */
  readonly handshakes: number;
}

/** Counts what is bounded. */
export interface SessionCounts {
  readonly size: number;
  countOf(peer: AdmittedPeer): number;
}

type OnTunnel = (socket: WebSocket, peer: AdmittedPeer) => void;

/** Time for a request's head once TLS is up, milliseconds. */
const HEAD_MS = 10_000;
const HEAD_BYTES = 8_192;
/** More at once make each slower and none sooner; an agent gives up a dial that is not answered for 20 s. */
const TURNS = { atOnce: 256, turnMs: 250, busyTurnMs: 1_000, waitMs: 18_000 };
/** Time to answer the close frame of a refusal, milliseconds. */
const REFUSED_MS = 2_000;

export class TunnelServer {
  readonly #options: TunnelServerOptions;
  readonly #hosts: ReadonlySet<string>;
  readonly #refusals: RefusalLog;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: AGENT_FRAME_BYTES,
    maxFragments: 1_024,
    maxBufferedChunks: 8_192,
    autoPong: false,
    handleProtocols: () => SUBPROTOCOL,
  });
  #onTunnel: OnTunnel | null = null;
  #counts: SessionCounts = { size: 0, countOf: () => 0 };
  #server: Server | null = null;
  #listener: OpenListener | null = null;
  #handshakes = () => 0;
  #turns: Turns | null = null;
  #byName: TlsOptions['SNICallback'];
  /** Below each tunnel that was handed on, the connection whose arrival is not over. */
  readonly #arriving = new WeakMap<WebSocket, Duplex>();
  #admitting = 0;
  #leaving = false;

  constructor(options: TunnelServerOptions) {
    this.#options = options;
    this.#hosts = new Set(options.hosts);
    this.#refusals = new RefusalLog(options.log);
  }

  /** Who is told of each new tunnel; set before `listen`. */
  onTunnel(callback: OnTunnel): void {
    this.#onTunnel = callback;
  }

  /** Where open sessions are counted; set before `listen`. */
  countBy(counts: SessionCounts): void {
    this.#counts = counts;
  }

  /** The tunnel was welcomed: its arrival is over. */
  arrived(tunnel: WebSocket): void {
    const socket = this.#arriving.get(tunnel);
    if (socket) this.#turns?.over(socket);
    this.#arriving.delete(tunnel);
  }

  /** TLS handshakes under way. */
  get handshakes(): number {
    return this.#handshakes();
  }

  /** Starts to serve; gives the port. @throws Fault PORT_IN_USE, PORT_NOT_USABLE */
  async listen(tls: TlsOptions, entrance: Entrance): Promise<number> {
    const limits = {
      maxHeaderSize: HEAD_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: HEAD_MS,
      keepAliveTimeout: 1_000,
      connectionsCheckingInterval: 2_000,
    };
    this.#byName = tls.SNICallback;
    const SNICallback: NonNullable<TlsOptions['SNICallback']> = (name, done) => {
      if (this.#byName) this.#byName(name, done);
      else done(null);
    };
    const settings = { ...tls, ...limits, SNICallback };
    const server = createServer(settings, (request, response) => this.#plain(request, response));
    // Counting here would cut headers off silently; the bytes bound them, and an upgrade counts its lines.
    server.maxHeadersCount = 0;
    server.maxConnections = this.#options.bounds.sessions + this.#options.bounds.handshakes;
    this.#handshakes = boundHandshakes(server, this.#options.bounds.handshakes);
    this.#turns = takeTurns(server, TURNS);
    server.on('tlsClientError', (error, socket) => {
      this.#refusals.refused('a TLS client was refused', {
        error: error.message,
        why: String(socket.authorizationError),
      });
      socket.destroy();
    });
    server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    server.on('clientError', (_, socket) => socket.destroy());
    this.#server = server;
    this.#listener = await openListener(server, entrance);
    return this.#listener.port;
  }

  /** New connections get this certificate; open ones stay as they are. */
  renew(tls: TlsOptions): void {
    const { key, cert, ca, minVersion, maxVersion, secureOptions } = tls;
    this.#byName = tls.SNICallback;
    this.#server?.setSecureContext({ key, cert, ca, minVersion, maxVersion, secureOptions });
  }

  /** From here on nobody is let in. */
  leave(): void {
    this.#leaving = true;
  }

  /** Stops listening and cuts what is left. */
  async close(): Promise<void> {
    this.leave();
    await this.#listener?.close(0);
  }

  #plain(_: IncomingMessage, response: ServerResponse): void {
    response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' }).end();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', destroy);
    try {
      await this.#tryUpgrade(request, socket, head);
    } catch (error) {
      this.#options.log.error('a tunnel could not be judged', { error });
      refuse(socket, '503 Service Unavailable');
    }
  }

  async #tryUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const judged = socket instanceof TLSSocket ? await this.#judge(request, socket) : '403 Forbidden';
    if (socket.destroyed) return;
    if (typeof judged === 'string') refuse(socket, judged);
    else if (!judged.ok) this.#turnAway(request, socket, head, judged);
    else {
      this.#webSockets.handleUpgrade(request, socket, head, (tunnel) => {
        this.#arriving.set(tunnel, socket);
        if (this.#onTunnel) this.#onTunnel(tunnel, judged.peer);
        else tunnel.terminate();
      });
    }
  }

  /** A status line to refuse with, or what admission says. */
  async #judge(request: IncomingMessage, socket: TLSSocket): Promise<string | Awaited<ReturnType<Admission['admit']>>> {
    const refusal = refusalOfUpgrade(headOf(request, socket), this.#hosts);
    if (refusal !== null) return refusal;
    if (this.#isFull() || this.#isBlind(request)) return '503 Service Unavailable';
    const admission = await this.#admit(socket);
    if (!admission.ok) return admission;
    // Others may have come in meanwhile, or this replica may have begun to stop.
    if (this.#isFull() || this.#isBlind(request)) return '503 Service Unavailable';
    const tunnels = this.#counts.countOf(admission.peer);
    return tunnels < this.#options.bounds.perAgent ? admission : '429 Too Many Requests';
  }

  #isFull(): boolean {
    return this.#leaving || this.#counts.size + this.#admitting >= this.#options.bounds.sessions;
  }

  #isBlind({ socket }: IncomingMessage): boolean {
    const { isBlind, onBlind } = this.#options;
    if (!isBlind()) return false;
    onBlind?.();
    const why = 'this replica has not learned for 30 s what is locked; look at the database';
    this.#refusals.refused('a tunnel was refused', { code: 'LOCK_FEED_STALE', why, address: clientOf(socket).address });
    return true;
  }

  async #admit(socket: TLSSocket): ReturnType<Admission['admit']> {
    this.#admitting += 1;
    try {
      return await this.#options.admission.admit(socket);
    } finally {
      this.#admitting -= 1;
    }
  }

  /** Refuses; an agent whose certificate is ours is told why by a close code, so that a locked one stops its work. */
  #turnAway(request: IncomingMessage, socket: Duplex, head: Buffer, refusal: AdmissionRefusal): void {
    const { code, why, who } = refusal;
    this.#refusals.refused('a tunnel was refused', { code, why, address: clientOf(socket).address });
    if (who === null) {
      refuse(socket, '403 Forbidden');
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (tunnel) => {
      tunnel.on('error', () => tunnel.terminate());
      if (code === 'CERTIFICATE_SUPERSEDED') void this.#lockOut(tunnel, who);
      else sayGoodbye(tunnel, code);
    });
  }

  /**
   * The certificate was superseded, so who presents it is a second holder. Its connection must be alive for that: bytes
   * of one that the agent itself gave up may arrive late. It is no session; its messages are not read.
   */
  async #lockOut(tunnel: WebSocket, who: Presenter): Promise<void> {
    try {
      if (await answersNow(tunnel)) {
        await this.#options.onCloned(who);
        sayGoodbye(tunnel, 'AGENT_LOCKED');
        return;
      }
    } catch (error) {
      this.#options.log.error('a second holder could not be put on record', { ...who, error });
    }
    sayGoodbye(tunnel, 'CERTIFICATE_SUPERSEDED');
  }
}

function headOf(request: IncomingMessage, socket: TLSSocket) {
  return {
    method: request.method,
    url: request.url,
    headerLines: request.rawHeaders.length / 2,
    host: request.headers.host,
    serverName: (socket as { servername?: string | false | null }).servername,
    protocols: request.headers['sec-websocket-protocol'],
  };
}

function destroy(this: Duplex): void {
  this.destroy();
}

/** Answers an upgrade with a status and ends the connection. */
function refuse(socket: Duplex, status: string): void {
  if (socket.destroyed) return;
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function sayGoodbye(tunnel: WebSocket, code: AdmissionRefusal['code']): void {
  tunnel.close(closeCodeOf(code), code);
  const cut = setTimeout(() => tunnel.terminate(), REFUSED_MS);
  tunnel.once('close', () => clearTimeout(cut));
}

function closeCodeOf(code: AdmissionRefusal['code']): number {
  if (code.endsWith('_LOCKED')) return CLOSE.locked;
  if (code === 'TENANT_SUSPENDED') return CLOSE.suspended;
  if (code === 'CA_NOT_ACTIVE') return CLOSE.certificateRetired;
  return code === 'CERTIFICATE_EXPIRED' ? CLOSE.certificateExpired : CLOSE.notAdmitted;
}
