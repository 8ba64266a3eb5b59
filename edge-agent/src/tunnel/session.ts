/**
 * One session over one open WebSocket: hello, welcome, then messages both ways until it closes. Everything received is
 * parsed; what does not parse, comes in the wrong order or is binary ends the session with 4400 and harms nothing
 * else. Silence for `deadMs` ends it too.
 */
import { AgentMessage, CLOSE, type RunEvent, ServerMessage } from '@casare/shared/protocol';
import type { RawData, WebSocket } from 'ws';
import type { Clock, Instant } from '../clock.ts';
import { describe } from '../fault.ts';
import type { Outbox, RunKey } from '../outbox/index.ts';
import { ArtifactSender } from './artifact-sender.ts';
import { EventSender } from './event-sender.ts';
import { HeldAssignments } from './held-assignments.ts';
import type { Link, TunnelPort, Welcome } from './link.ts';
import { machineLoad } from './load.ts';

/** How long the control plane may take to answer hello, milliseconds. */
const WELCOME_MS = 15_000;
/** Pings remembered while they wait for their pong. */
const PINGS_KEPT = 16;
const CLOSE_REASON_BYTES = 123;

export interface SessionOptions {
  readonly socket: WebSocket;
  readonly port: TunnelPort;
  readonly outbox: Outbox;
  readonly pathOf: (artifactId: string) => string;
  /** What of an event leaves; everything when absent. */
  readonly leaving?: ((event: RunEvent) => RunEvent) | undefined;
  readonly clock: Clock;
  /** The session became live. */
  readonly onLive: () => void;
  readonly onGoaway: (withinMs: number) => void;
  /** Something broke on this side; the session ends. */
  readonly onFault: (error: unknown) => void;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #events: EventSender;
  readonly #artifacts: ArtifactSender;
  readonly #pings = new Map<number, Instant>();
  readonly #assignments = new HeldAssignments();
  #helloAt: Instant;
  #lastFrame: number;
  #welcomed = false;
  #retired = false;
  #nextPing = 1;
  #timers: NodeJS.Timeout[] = [];

  /** Greets at once: the socket must be open. */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { socket, outbox, port, pathOf, clock } = options;
    const link: Link = {
      send: (message, written) => this.send(message, () => this.#guard(() => written?.())),
      sendFrame: (frame, written) => socket.send(frame, { binary: true }, () => this.#guard(written)),
      buffered: () => socket.bufferedAmount,
    };
    const { leaving = (event: RunEvent) => event } = options;
    this.#events = new EventSender(
      {
        sendable: (key, after) => outbox.sendable(key, after).map(leaving),
        lastSeq: (key) => outbox.run(key)?.lastSeq ?? 0,
        flush: () => outbox.flush(),
      },
      link,
      (error) => {
        if (!this.#retired && options.socket.readyState === options.socket.OPEN) this.#fault(error);
      },
    );
    this.#artifacts = new ArtifactSender(
      {
        waiting: (limit) => outbox.waitingArtifacts(limit),
        pathOf: (row) => pathOf(row.artifactId),
        stored: (artifactId) => port.stored(artifactId),
        refused: (artifactId, code, reason) => port.refused(artifactId, code, reason),
      },
      link,
    );
    this.#helloAt = clock.now();
    this.#lastFrame = this.#helloAt.mono;
    this.#listen();
    this.#guard(() => this.send({ type: 'hello', protocol: 1, pauses: true, ...port.greeting() }));
  }

  /** Sends a message of ours; one that breaks the contract is a fault of this program and ends the session. */
  send(message: AgentMessage, written?: () => void): void {
    if (this.#retired) return;
    this.#guard(() => {
      const text = JSON.stringify(AgentMessage.parse(message));
      if (this.#options.socket.readyState !== this.#options.socket.OPEN) return;
      this.#options.socket.send(text, () => written?.());
    });
  }

  /** Sends on what has come into the outbox. */
  wake(key?: RunKey): void {
    if (!this.#welcomed) return;
    this.#guard(() => {
      if (key !== undefined) this.#events.add(key, this.#options.outbox.run(key)?.ackedSeq ?? 0);
      this.#events.pump();
      this.#artifacts.pump();
    });
  }

  forget(key: RunKey): void {
    this.#events.remove(key);
  }

  /** Another session of this agent greets: it may take over. Assignments wait until `keep` or `retire`. */
  yield(): void {
    this.#assignments.begin();
  }

  /** The other session came to nothing: this one serves on. */
  keep(): void {
    for (const message of this.#assignments.end()) this.#guard(() => this.#handle(message));
  }

  /** Another session has taken over: nothing is heard of this one any more, and nothing is sent. */
  retire(): void {
    this.#retired = true;
    this.#quiet();
  }

  /** Ends the session; `close` of the socket follows. */
  end(code: number, reason: string): void {
    const { socket } = this.#options;
    socket.close(code, closeReason(reason));
    setTimeout(() => socket.terminate(), 2_000).unref();
  }

  #listen(): void {
    const { socket } = this.#options;
    const alive = (): void => {
      this.#lastFrame = this.#options.clock.now().mono;
    };
    socket.on('ping', alive);
    socket.on('message', (data, isBinary) => {
      alive();
      this.#receive(data, isBinary);
    });
    socket.on('close', () => this.#quiet());
    this.#timers.push(setTimeout(() => this.#overdue(), WELCOME_MS));
  }

  #quiet(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#artifacts.close();
  }

  #overdue(): void {
    if (!this.#welcomed) this.#options.socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#retired || this.#options.socket.readyState !== this.#options.socket.OPEN) return;
    const message = isBinary ? null : parse(data);
    if (message === null) {
      this.end(CLOSE.badMessage, 'not a message of casare.tunnel.v1');
      return;
    }
    this.#guard(() => {
      if (this.#welcomed) this.#handle(message);
      else if (message.type === 'welcome') this.#welcome(message);
      else this.end(CLOSE.badMessage, `${message.type} before welcome`);
    });
  }

  /** What goes wrong while a session works ends that session, not the agent. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    this.#options.onFault(error);
    this.end(CLOSE.badMessage, describe(error));
  }

  #welcome(welcome: Welcome): void {
    const { port, outbox, clock, onLive } = this.#options;
    this.#welcomed = true;
    for (const run of welcome.runs) {
      if (run.verdict !== 'continue') continue;
      outbox.acknowledge(run, run.ackedSeq);
      outbox.rewind(run, run.ackedSeq);
    }
    onLive();
    // verdicts first: a lease gives leave to every step that waits, also to one of a run that is fenced
    port.told?.({ agentState: welcome.agentState, version: welcome.version });
    port.welcomed(welcome.runs);
    port.renewed(this.#helloAt, welcome.leaseMs);
    // after the verdicts: a greeting that was not answered is made again as it was
    if (welcome.storeEpoch !== undefined) outbox.noteStoreEpoch(welcome.storeEpoch);
    for (const run of outbox.runs()) this.#events.add(run, run.ackedSeq);
    this.#timers.push(setInterval(() => this.#beat(welcome.deadMs), Math.min(1_000, welcome.pingMs)));
    this.#timers.push(setInterval(() => this.#ping(), welcome.pingMs));
    this.#lastFrame = clock.now().mono;
    this.#ping();
    this.wake();
  }

  #handle(message: ServerMessage): void {
    const { port, onGoaway } = this.#options;
    switch (message.type) {
      case 'welcome': {
        this.end(CLOSE.badMessage, 'a second welcome');
        return;
      }
      case 'job.assign': {
        if (!this.#assignments.keeps(message)) port.assigned(message);
        return;
      }
      case 'job.cancel': {
        if (!this.#assignments.keeps(message)) port.cancelled(message);
        return;
      }
      case 'job.pause':
      case 'job.resume': {
        if (!this.#assignments.keeps(message)) port.paused(message);
        return;
      }
      case 'run.fenced': {
        if (!this.#assignments.keeps(message)) port.fenced(message);
        return;
      }
      case 'run.ack':
        port.acknowledged(message, message.seq);
        {
          this.#events.acknowledged(message, message.seq);
          return;
        }
      case 'pong': {
        if (message.agentState !== undefined) port.told?.({ agentState: message.agentState });
        this.#pong(message.n, message.leaseMs);
        return;
      }
      case 'artifact.credit': {
        this.#artifacts.credit(message);
        return;
      }
      case 'artifact.stored': {
        this.#artifacts.stored(message);
        return;
      }
      case 'artifact.refused': {
        this.#artifacts.refused(message);
        return;
      }
      case 'goaway': {
        onGoaway(message.withinMs);
        return;
      }
      case 'certificate.issued':
      case 'certificate.refused':
      case 'certificate.due':
      case 'bundle.update': {
        port.trust(message);
        return;
      }
    }
  }

  #ping(): void {
    const n = this.#nextPing++;
    this.#pings.set(n, this.#options.clock.now());
    if (this.#pings.size > PINGS_KEPT) this.#pings.delete(n - PINGS_KEPT);
    this.send({ type: 'ping', n, ...machineLoad() });
  }

  #pong(n: number, leaseMs: number): void {
    const sentAt = this.#pings.get(n);
    if (sentAt === undefined) return;
    for (const earlier of this.#pings.keys()) if (earlier <= n) this.#pings.delete(earlier);
    this.#options.port.renewed(sentAt, leaseMs);
  }

  #beat(deadMs: number): void {
    if (this.#options.clock.now().mono - this.#lastFrame > deadMs) this.#options.socket.terminate();
  }
}

/** The text as far as it fits into a close frame (RFC 6455, section 5.5: 125 bytes with the code). */
function closeReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(CLOSE_REASON_BYTES));
  return text.slice(0, read);
}

function parse(data: RawData): ServerMessage | null {
  try {
    const text = Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
    const result = ServerMessage.safeParse(JSON.parse(text));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}
