/**
 * One tunnel: from the admitted socket to its close (states in `tunnel.lifecycle.ts`).
 *
 * Invariants: tenant and agent are those of the certificate, whatever a message says; everything received is parsed, and
 * what breaks the protocol ends this session and harms no other; `run.ack` is sent only after COMMIT; leases are renewed
 * only on the gateway's committed heartbeat; the session ends on time with its certificate.
 * Bounds: 32 messages or 4 MiB are with the database or wait for it, then the socket is not read; 32 MiB wait for a slow agent, then it ends.
 */
import type { AgentState } from '@casare/shared/api';
import { next } from '@casare/shared/lifecycle';
import { CLOSE, decodeChunk } from '@casare/shared/protocol';
import type { RawData, WebSocket } from 'ws';
import type { AdmittedPeer } from '../trust/index.ts';
import { ArtifactStreams } from './artifact-streams.ts';
import { CertificateMessages } from './certificate-messages.ts';
import { greet, type Greeted } from './greeting.ts';
import { Inbox, type InboxHandling } from './inbox.ts';
import { answersNow } from './liveness-probe.ts';
import { MessageBudget } from './message-budget.ts';
import type { Session, SessionContext } from './session-context.ts';
import { handleRunMessage, laneOf } from './run-messages.ts';
import { TUNNEL, type TunnelEvent, type TunnelState } from './tunnel.lifecycle.ts';
import {
  closeReason,
  readMessage,
  writeMessage,
  type AgentMessage,
  type FromAgent,
  type ServerMessage,
} from './wire.ts';

/** Bytes that may wait for a slow agent: two of the largest messages. */
const OUTGOING_BYTES = 33_554_432;
/** How long a peer may take to answer a close frame, milliseconds. */
const CLOSE_MS = 2_000;

export class TunnelSession implements Session {
  static readonly #handling: InboxHandling<TunnelSession, AgentMessage> = {
    laneOf,
    work: (session, message) => session.#handle(message),
    pause: (session) => session.#socket.pause(),
    resume: (session) => session.#resume(),
    onRetry: (session, error) => session.#log('warn', 'a message could not be handled yet', { error }),
    onFailed: (session, error) => session.#giveUp(error),
  };
  readonly id: string;
  readonly peer: AdmittedPeer;
  readonly #socket: WebSocket;
  readonly #context: SessionContext;
  /** Made for the first file: most sessions carry none for hours. */
  #files: ArtifactStreams | null = null;
  readonly #certificates: CertificateMessages;
  readonly #inbox: Inbox<TunnelSession, AgentMessage>;
  readonly #budget: MessageBudget;
  readonly #openedAt: number;
  /** Ends what waits while the session is closed. */
  #onClosed: (() => void) | null = null;
  #state: TunnelState = 'admitted';
  #greeted = false;
  #instance: string | null = null;
  #bundle: string | null = null;
  #muted = false;
  #heardAt: number;
  /** When the last lease was granted, on the monotonic clock; null before `welcome`. */
  #grantedAt: number | null = null;
  /** The last ping whose pong waits for a heartbeat. */
  #pingDue: number | null = null;
  /** How the agent stands, and what it was told of that. */
  #standing: AgentState | undefined;
  #toldStanding: string | undefined;

  constructor(id: string, socket: WebSocket, peer: AdmittedPeer, context: SessionContext) {
    const { clock } = context;
    this.id = id;
    this.peer = peer;
    this.#socket = socket;
    this.#context = context;
    this.#openedAt = clock.monotonicMs();
    this.#heardAt = this.#openedAt;
    this.#budget = new MessageBudget(clock);
    this.#certificates = new CertificateMessages(context, this);
    this.#inbox = new Inbox<TunnelSession, AgentMessage>(this, TunnelSession.#handling);
  }

  get state(): TunnelState {
    return this.#state;
  }

  /** True since `hello` came: the session may have a row. */
  get greeted(): boolean {
    return this.#greeted;
  }

  get instance(): string | null {
    return this.#instance;
  }

  get bundle(): string | null {
    return this.#bundle;
  }

  holds(bundle: string): void {
    this.#bundle = bundle;
  }

  stands(state: AgentState): void {
    this.#standing = state;
  }

  /** From here on nothing it says is heard and nothing is said to it. */
  mute(): void {
    this.#muted = true;
    this.#socket.resume();
  }

  answersNow(): Promise<boolean> {
    return answersNow(this.#socket);
  }

  /** Resolves when nothing of this session is under way with the database. */
  settled(): Promise<void> {
    return this.#inbox.settled();
  }

  /** Listens. Whoever started it also calls `tick`. */
  start(): void {
    this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.#socket.on('ping', (data) => this.#wsPing(data));
    // A frame that is too large or malformed: ws closes the socket with the right code itself.
    this.#socket.on('error', (error) => this.#log('info', 'a tunnel failed', { error: error.message }));
    this.#socket.on('close', (code) => this.#ended(code));
  }

  /** Ends the session when a time is up: for its `hello`, for a sign of life, of its certificate. */
  tick(monotonicMs: number, epochMs: number): void {
    const { helloMs, deadMs } = this.#context.limits;
    const silentMs = monotonicMs - this.#heardAt;
    if (this.#state === 'admitted' && !this.#muted && monotonicMs - this.#openedAt >= helloMs) {
      this.close(CLOSE.helloExpected, 'no hello in time');
    } else if (epochMs >= this.peer.notAfter.getTime()) {
      this.close(CLOSE.certificateExpired, 'the certificate has expired');
    } else if (silentMs >= deadMs && !this.#inbox.behind) {
      // Not reading is our doing: the agent is not silent then.
      this.#dead(silentMs);
    }
  }

  /** Sends a message; dropped when the session is over. A message of ours that is none is logged, never sent. */
  send(message: ServerMessage): void {
    if (this.#muted || this.#socket.readyState !== this.#socket.OPEN) return;
    let frame: Buffer;
    try {
      frame = writeMessage(message);
    } catch (error) {
      this.#log('error', 'a message of ours does not fit the protocol', { type: message.type, error });
      if (message.type === 'job.assign') this.#context.unsendable(this.peer, message, 'ASSIGNMENT_INVALID');
      return;
    }
    if (frame.byteLength > this.#context.limits.frameBytes) {
      if (message.type === 'job.assign') this.#context.unsendable(this.peer, message, 'ASSIGNMENT_TOO_LARGE');
      return;
    }
    this.#socket.send(frame, { binary: false });
    if (this.#socket.bufferedAmount <= OUTGOING_BYTES) return;
    this.#log('warn', 'an agent reads too slowly', {});
    this.#socket.terminate();
  }

  /** Asks the agent to reconnect elsewhere within `withinMs`; it is served until it goes. */
  goAway(withinMs: number, reason: string): void {
    if (this.#move('drain')) this.send({ type: 'goaway', withinMs, reason });
    else this.close(CLOSE.goingAway, reason);
  }

  /** Ends the session. */
  close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    const quiet = code === CLOSE.goingAway || code === CLOSE.replaced;
    this.#log(quiet ? 'debug' : 'info', 'a tunnel is closed', { code, reason });
    this.#socket.resume();
    this.#socket.close(code, closeReason(reason));
    const cut = setTimeout(() => this.#socket.terminate(), CLOSE_MS);
    this.#socket.once('close', () => clearTimeout(cut));
    this.#finish();
  }

  /** How much longer the agent may believe in its leases, milliseconds; 0 for one that was never welcomed. */
  remainingLeaseMs(): number {
    if (this.#grantedAt === null) return 0;
    const age = this.#context.clock.monotonicMs() - this.#grantedAt;
    return Math.max(0, this.#context.limits.leaseMs - age);
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#muted || this.#state === 'closed') return;
    this.#heardAt = this.#context.clock.monotonicMs();
    const frame = data as Buffer;
    if (isBinary) {
      this.#receiveChunk(frame);
      return;
    }
    const message = readMessage(frame);
    if (message === null) {
      this.close(CLOSE.badMessage, 'not a message of casare.tunnel.v1');
      return;
    }
    if (this.#state === 'admitted') {
      if (message.type === 'agent.leave') void this.#leave();
      else this.#receiveHello(message);
      return;
    }
    if (this.#state === 'hello' || message.type === 'hello' || message.type === 'agent.leave') {
      this.close(CLOSE.badMessage, `${message.type} is out of order`);
      return;
    }
    switch (message.type) {
      case 'ping': {
        if (message.load !== undefined) this.#context.dispatcher.loaded(this.peer.agentId, message.load);
        this.#ping(message.n);
        return;
      }
      case 'certificate.renew': {
        void this.#certificates.renew(message).then((ending) => ending && this.close(ending.code, ending.reason));
        return;
      }
      case 'artifact.open': {
        this.#streams.open(message);
        return;
      }
      case 'artifact.end': {
        this.#streams.end(message);
        return;
      }
      case 'artifact.abort': {
        this.#streams.abort(message);
        return;
      }
      default: {
        this.#inbox.push(message, frame.byteLength);
        return;
      }
    }
  }

  get #streams(): ArtifactStreams {
    const { artifacts, log } = this.#context;
    this.#files ??= new ArtifactStreams({
      agent: this.peer,
      artifacts,
      log,
      send: (message) => this.send(message),
      violated: (why) => this.close(CLOSE.badMessage, why),
    });
    return this.#files;
  }

  #receiveChunk(frame: Buffer): void {
    const chunk = decodeChunk(frame);
    if (this.#state === 'admitted' || this.#state === 'hello') {
      this.close(CLOSE.helloExpected, 'a binary frame came before hello');
      return;
    }
    if (chunk === null) {
      this.close(CLOSE.badMessage, 'a binary frame that is no artifact chunk');
      return;
    }
    this.#streams.chunk(chunk);
  }

  async #leave(): Promise<void> {
    this.mute();
    try {
      const { code, reason } = await this.#context.leave(this);
      this.close(code, reason);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #receiveHello(message: AgentMessage): void {
    if (message.type !== 'hello') {
      this.close(CLOSE.helloExpected, `${message.type} came before hello`);
      return;
    }
    this.#move('greet');
    this.#greeted = true;
    this.#instance = message.instance;
    this.#bundle = message.bundle ?? null;
    this.#inbox.push(message);
  }

  /** Handles what needs the database, in order. */
  async #handle(message: AgentMessage): Promise<void> {
    if (message.type === 'hello') return this.#greet(message);
    const outcome = await handleRunMessage(this.#context, this, message);
    if (outcome !== null) this.close(outcome.code, outcome.reason);
  }

  async #greet(hello: FromAgent<'hello'>): Promise<void> {
    const greeted = await greet(this.#context, this, hello);
    if (this.#state === 'closed') return;
    if ('refused' in greeted) {
      this.close(greeted.refused.code, greeted.refused.reason);
      return;
    }
    await this.#mayGrant();
    this.#welcome(greeted);
  }

  /** Resolves when leases may be granted, or when the session is over. */
  #mayGrant(): Promise<void> {
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#context.beat.whenFresh(resolve);
    });
  }

  #welcome({ welcome, begin }: Greeted): void {
    if (!this.#move('welcome')) return;
    this.#onClosed = null;
    this.#grantedAt = this.#context.clock.monotonicMs();
    this.#toldStanding = welcome.agentState;
    this.#standing ??= welcome.agentState as AgentState;
    this.send(welcome);
    this.#context.arrived(this.#socket);
    begin();
  }

  /** A pong renews leases, so it waits for a heartbeat; of several pings the last one is answered. */
  #ping(n: number): void {
    if (!this.#budget.take()) {
      this.close(CLOSE.badMessage, 'too many pings');
      return;
    }
    const waiting = this.#pingDue !== null;
    this.#pingDue = n;
    if (!waiting) this.#context.beat.whenFresh(() => this.#pong());
  }

  #pong(): void {
    const n = this.#pingDue;
    this.#pingDue = null;
    if (n === null || this.#state === 'closed' || !this.#context.beat.isFresh()) return;
    this.#grantedAt = this.#context.clock.monotonicMs();
    const agentState = this.#standing;
    const news = agentState === this.#toldStanding ? {} : { agentState: agentState! };
    this.#toldStanding = agentState;
    this.send({ type: 'pong', n, leaseMs: this.#context.limits.leaseMs, ...news });
  }

  /** Pings of the WebSocket layer: answered while the answers are read, and counted like our own. */
  #wsPing(data: Buffer): void {
    this.#heardAt = this.#context.clock.monotonicMs();
    if (!this.#budget.take()) {
      this.close(CLOSE.badMessage, 'too many pings');
      return;
    }
    if (this.#socket.bufferedAmount === 0) this.#socket.pong(data, false, () => undefined);
  }

  #dead(silentMs: number): void {
    this.#log('info', 'an agent fell silent', { silentMs: Math.round(silentMs) });
    this.#socket.terminate();
    this.#finish();
  }

  #resume(): void {
    this.#heardAt = this.#context.clock.monotonicMs();
    this.#socket.resume();
  }

  #giveUp(error: unknown): void {
    this.#log('error', 'messages cannot be handled; the agent must try again', { error });
    this.close(CLOSE.goingAway, 'the control plane cannot record anything now');
  }

  #ended(code: number): void {
    if (this.#state !== 'closed') this.#log('debug', 'a tunnel ended', { code });
    this.#finish();
  }

  #finish(): void {
    if (!this.#move('close')) return;
    this.#inbox.close();
    void this.#files?.close();
    this.#onClosed?.();
    this.#context.ended(this);
  }

  #move(event: TunnelEvent): boolean {
    const state = next(TUNNEL, this.#state, event);
    if (state !== null) this.#state = state;
    return state !== null;
  }

  #log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>): void {
    const { tenant, agentId } = this.peer;
    this.#context.log[level](message, { tenant, agentId, sessionId: this.id, ...fields });
  }
}
