/**
 * For tests: the control plane's end of the tunnel over real mTLS and WebSocket. It keeps what a control plane would
 * commit (events without holes, files by offset) and can be told to misbehave. It survives its sessions: what it has
 * committed stays when a connection is cut.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tunnelServerOptions } from '@casare/certs';
import { AgentMessage, decodeChunk, type RunEvent, ServerMessage, SUBPROTOCOL } from '@casare/shared/protocol';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TestPki } from '../identity/pki-for-tests.ts';
import type { Message, Verdict } from './link.ts';

/** A file as far as it has arrived. */
interface Arriving {
  readonly open: Message<'artifact.open'>;
  bytes: Buffer;
  stored: boolean;
}

export class ProtocolPeer {
  readonly url: string;
  readonly #server: Server;
  readonly hellos: Message<'hello'>[] = [];
  readonly messages: AgentMessage[] = [];
  /** Committed events by `job/attempt`. */
  readonly events = new Map<string, RunEvent[]>();
  /** Events that came a second time. */
  repeats = 0;
  readonly files = new Map<string, Arriving>();
  /** Where each opened stream was told to start. */
  readonly startedFrom: number[] = [];
  socket: WebSocket | null = null;
  /** Settings of the next sessions. */
  acknowledges = true;
  answersPings = true;
  leaseMs = 60_000;
  /** What it says of the agent and of itself. */
  standing: { agentState?: string; version?: string } = {};
  /** Bytes of credit given at a time, and the total after which the connection is cut; for files. */
  creditBytes = 1_048_576;
  cutAfterBytes = Number.POSITIVE_INFINITY;
  verdicts: (hello: Message<'hello'>) => Verdict[] = (hello) =>
    hello.runs.map(({ jobId, attempt }) => ({
      jobId,
      attempt,
      verdict: 'continue',
      ackedSeq: this.events.get(`${jobId}/${attempt}`)?.length ?? 0,
      secrets: {},
      cancelling: false,
    }));
  /** Replaces the answer to hello with raw frames, for hostile servers. */
  hostile: ((socket: WebSocket) => void) | null = null;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}/tunnel`;
  }

  /** The code that a file is refused with; null: it is taken. */
  refuses: (open: Message<'artifact.open'>) => string | null = () => null;

  static async start(pki: TestPki): Promise<ProtocolPeer> {
    const server = createServer(tunnelServerOptions(pki.gateway, [pki.agentRoot]));
    server.on('tlsClientError', () => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const peer = new ProtocolPeer(server);
    const upgrades = new WebSocketServer({ server, handleProtocols: () => SUBPROTOCOL });
    upgrades.on('connection', (socket) => peer.#connected(socket));
    return peer;
  }

  send(message: ServerMessage): void {
    this.socket?.send(JSON.stringify(ServerMessage.parse(message)));
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.socket?.terminate();
  }

  messagesOf<Type extends AgentMessage['type']>(type: Type): Message<Type>[] {
    return this.messages.filter((message): message is Message<Type> & AgentMessage => message.type === type);
  }

  eventsOf(key: { jobId: string; attempt: number }): RunEvent[] {
    return this.events.get(`${key.jobId}/${key.attempt}`) ?? [];
  }

  async stop(): Promise<void> {
    this.socket?.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connected(socket: WebSocket): void {
    this.socket = socket;
    const streams = new Map<number, Arriving>();
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.#chunk(socket, streams, new Uint8Array(data as Buffer));
        return;
      }
      const message = AgentMessage.parse(JSON.parse((data as Buffer).toString()));
      this.messages.push(message);
      if (message.type === 'hello') this.#hello(socket, message);
      if (message.type === 'ping' && this.answersPings)
        this.send({ type: 'pong', n: message.n, leaseMs: this.leaseMs });
      if (message.type === 'run.events') this.#events(message);
      if (message.type === 'artifact.open') this.#open(streams, message);
      if (message.type === 'artifact.end') this.#end(streams, message.stream);
    });
  }

  #hello(socket: WebSocket, hello: Message<'hello'>): void {
    this.hellos.push(hello);
    if (this.hostile !== null) {
      this.hostile(socket);
      return;
    }
    const pace = { pingMs: 15_000, deadMs: 45_000, leaseMs: this.leaseMs };
    this.send({ type: 'welcome', session: randomUUID(), ...pace, runs: this.verdicts(hello), ...this.standing });
  }

  #events(message: Message<'run.events'>): void {
    const id = `${message.jobId}/${message.attempt}`;
    const committed = this.events.get(id) ?? [];
    for (const event of message.events) {
      if (event.seq <= committed.length) this.repeats += 1;
      else if (event.seq === committed.length + 1) committed.push(event);
      else throw new Error(`a hole: ${event.seq} after ${committed.length}`);
    }
    this.events.set(id, committed);
    if (this.acknowledges) this.acknowledge(message);
  }

  acknowledge({ jobId, attempt }: { jobId: string; attempt: number }): void {
    this.send({ type: 'run.ack', jobId, attempt, seq: this.eventsOf({ jobId, attempt }).length });
  }

  #open(streams: Map<number, Arriving>, open: Message<'artifact.open'>): void {
    const code = this.refuses(open);
    if (code !== null) {
      this.send({ type: 'artifact.refused', stream: open.stream, code, reason: 'as the test says' });
      return;
    }
    const file = this.files.get(open.artifactId) ?? { open, bytes: Buffer.alloc(0), stored: false };
    this.files.set(open.artifactId, file);
    streams.set(open.stream, file);
    this.startedFrom.push(file.bytes.length);
    const from = file.bytes.length;
    this.send({ type: 'artifact.credit', stream: open.stream, from, upTo: from + this.creditBytes });
  }

  #chunk(socket: WebSocket, streams: Map<number, Arriving>, frame: Uint8Array): void {
    const chunk = decodeChunk(frame);
    const file = streams.get(chunk?.stream ?? 0);
    if (chunk === null || file === undefined || chunk.offset !== file.bytes.length) throw new Error('a wrong chunk');
    file.bytes = Buffer.concat([file.bytes, chunk.payload]);
    if (file.bytes.length >= this.cutAfterBytes) {
      this.cutAfterBytes = Number.POSITIVE_INFINITY;
      socket.terminate();
      return;
    }
    const from = file.bytes.length;
    if (from % this.creditBytes === 0) {
      this.send({ type: 'artifact.credit', stream: chunk.stream, from, upTo: from + this.creditBytes });
    }
  }

  #end(streams: Map<number, Arriving>, stream: number): void {
    const file = streams.get(stream);
    if (file === undefined) return;
    file.stored = true;
    this.send({ type: 'artifact.stored', stream, artifactId: file.open.artifactId });
  }
}
