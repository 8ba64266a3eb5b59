/**
 * One client: real TLS 1.3 with its own certificate, and a WebSocket of a hundred lines, so that ten thousand fit into
 * one process and leave the server the processor. It dials, greets, pings, and when it loses its tunnel dials again as
 * the product's agent decides.
 */
import { SUBPROTOCOL } from '@casare/shared/protocol';
import { randomUUID } from 'node:crypto';
import {
  connect,
  type ConnectionOptions,
  type DetailedPeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { nextDial } from '../../../edge-agent/dist/tunnel/reconnect.decision.js';

/** What all clients of a process share. */
export interface ClientWorld {
  readonly port: number;
  readonly tls: ConnectionOptions;
  /** Digest of the roots that agents hold. */
  readonly bundle: string;
  /** A client was welcomed. `ms`: since it dialled. */
  readonly onWelcome: (ms: number) => void;
  /** A try failed, or a tunnel ended that nobody dropped. */
  readonly onLost: (why: string, wasLive: boolean) => void;
  readonly onPong: () => void;
  /** Anything else that the gateway says; left out: it is ignored. */
  readonly onMessage?: (client: Client, message: { readonly type: string }) => void;
}

/** As the product's agent waits for a byte of its upgrade, and for its welcome, milliseconds. */
const DIAL_MS = 20_000;
const WELCOME_MS = 15_000;

export class Client {
  readonly #world: ClientWorld;
  readonly #context: SecureContext;
  readonly #localAddress: string;
  readonly #instance = randomUUID();
  #socket: TLSSocket | null = null;
  #input: Buffer = Buffer.alloc(0);
  #state: 'away' | 'tls' | 'open' | 'live' = 'away';
  #timer: NodeJS.Timeout | undefined;
  #dialledAt = 0;
  #failures = 0;
  #ping = 0;

  constructor(world: ClientWorld, context: SecureContext, localAddress: string) {
    this.#world = world;
    this.#context = context;
    this.#localAddress = localAddress;
  }

  get live(): boolean {
    return this.#state === 'live';
  }

  /** Dials now. */
  dial(): void {
    const { port, tls } = this.#world;
    this.#state = 'tls';
    this.#input = Buffer.alloc(0);
    this.#dialledAt = performance.now();
    const to = { host: '127.0.0.1', port, localAddress: this.#localAddress };
    const socket = connect({ ...tls, ...to, secureContext: this.#context, checkServerIdentity: () => undefined });
    // Reading the server's certificate into objects costs a client as much as the handshake; that it is the host's is
    // what the agent's own tests are about.
    socket.getPeerCertificate = () => ({}) as DetailedPeerCertificate;
    socket.setNoDelay(true);
    socket.on('secureConnect', () => socket.write(UPGRADE));
    socket.on('data', (data: Buffer) => this.#receive(socket, data));
    let why = 'the connection ended';
    socket.on('error', (error: Error) => (why = error.message));
    socket.on('close', () => this.#lost(socket, why));
    this.#socket = socket;
    this.#within(DIAL_MS, socket, 'no upgrade in time');
  }

  /** Dials after the time that the agent's decision gives for a tunnel that had lived. */
  dialLater(): void {
    this.#failures = 0;
    this.#redial(60_000);
  }

  ping(): void {
    if (this.#state === 'live') this.#send({ type: 'ping', n: ++this.#ping });
  }

  /** Sends a message over the tunnel. */
  say(message: object): void {
    this.#send(message);
  }

  /** Cuts the tunnel off; it stays away until it is told to dial. */
  drop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#state = 'away';
    socket?.destroy();
  }

  #receive(socket: TLSSocket, data: Buffer): void {
    if (socket !== this.#socket) return;
    this.#input = this.#input.length === 0 ? data : Buffer.concat([this.#input, data]);
    if (this.#state === 'tls' && !this.#upgraded(socket)) return;
    for (let frame = this.#frame(); frame !== null; frame = this.#frame()) this.#handle(socket, frame);
  }

  #upgraded(socket: TLSSocket): boolean {
    const end = this.#input.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.#input.subarray(0, end).toString('latin1');
    this.#input = this.#input.subarray(end + 4);
    if (!head.startsWith('HTTP/1.1 101 ')) {
      socket.destroy(new Error(head.split('\r\n')[0]));
      return false;
    }
    this.#state = 'open';
    this.#within(WELCOME_MS, socket, 'no welcome in time');
    this.#send({ ...HELLO, instance: this.#instance, bundle: this.#world.bundle });
    return true;
  }

  /** The next whole frame of the input: a server's is never masked, and none of ours is cut into pieces. */
  #frame(): { opcode: number; payload: Buffer } | null {
    const input = this.#input;
    if (input.length < 2) return null;
    const short = input[1]! & 0x7f;
    const head = short === 126 ? 4 : 2;
    if (short === 127) throw new Error('a frame too large for this bench');
    if (input.length < head) return null;
    const length = short === 126 ? input.readUInt16BE(2) : short;
    if (input.length < head + length) return null;
    this.#input = input.subarray(head + length);
    return { opcode: input[0]! & 0x0f, payload: input.subarray(head, head + length) };
  }

  #handle(socket: TLSSocket, { opcode, payload }: { opcode: number; payload: Buffer }): void {
    if (opcode === 8) {
      const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      socket.destroy(new Error(`closed with ${code} ${payload.subarray(2).toString()}`));
      return;
    }
    const message = JSON.parse(payload.toString()) as { type: string };
    const { type } = message;
    if (type === 'welcome') {
      clearTimeout(this.#timer);
      this.#state = 'live';
      this.#failures = 0;
      this.#world.onWelcome(performance.now() - this.#dialledAt);
    } else if (type === 'pong') this.#world.onPong();
    else this.#world.onMessage?.(this, message);
  }

  /** Masked with zeros, which changes nothing. */
  #send(message: object): void {
    const payload = Buffer.from(JSON.stringify(message));
    const head = payload.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
    head[0] = 0x81;
    head[1] = 0x80 | Math.min(126, payload.length);
    if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
    this.#socket?.write(Buffer.concat([head, payload]));
  }

  #within(ms: number, socket: TLSSocket, why: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => socket.destroy(new Error(why)), ms);
  }

  #lost(socket: TLSSocket, why: string): void {
    if (socket !== this.#socket) return;
    const wasLive = this.#state === 'live';
    this.#socket = null;
    this.#state = 'away';
    this.#world.onLost(why, wasLive);
    this.#redial(0);
  }

  #redial(liveMs: number): void {
    clearTimeout(this.#timer);
    const ended = { failures: this.#failures, liveMs, sentAway: false };
    const { delayMs, failures } = nextDial(ended, Math.random());
    this.#failures = failures;
    this.#timer = setTimeout(() => this.dial(), delayMs);
  }
}

const UPGRADE = [
  'GET /tunnel HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==',
  `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
  '\r\n',
].join('\r\n');

const HELLO = {
  type: 'hello',
  protocol: 1,
  epoch: 1,
  facts: { hostname: 'bench-host', os: 'linux', arch: 'x64', agentVersion: '0.1.0', nodeVersion: '24.21.0' },
  capabilities: ['os=linux', 'arch=x64', 'browser=chromium'],
  declared: ['team=blue'],
  slots: { plain: 4, browser: 2, desktop: 0 },
  runs: [],
};
