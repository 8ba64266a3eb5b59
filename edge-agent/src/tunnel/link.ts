/** What the senders need of a live session, and what the tunnel needs of the rest of the agent. */
import type { AgentMessage, Secrets, ServerMessage, Welcomed } from '@casare/shared/protocol';
import type { Instant } from '../clock.ts';
import type { RunKey } from '../outbox/index.ts';
import type { TunnelState } from './tunnel.lifecycle.ts';

/** Senders stop writing above this many bytes in the socket's buffer, and go on when it has drained. */
export const BUFFER_HIGH_BYTES = 1_048_576;

/** The writing end of a live session. */
export interface Link {
  /** Parses and sends a message; `written` runs when the bytes have left the process. */
  send(message: AgentMessage, written?: () => void): void;
  sendFrame(frame: Uint8Array, written: () => void): void;
  /** Bytes waiting in this process. */
  buffered(): number;
}

export type Message<Type extends string> = Extract<AgentMessage | ServerMessage, { type: Type }>;
/** `hello` without what the tunnel itself knows. */
export type Greeting = Omit<Message<'hello'>, 'type' | 'protocol'>;
export type Welcome = Message<'welcome'>;
/** What the control plane says about this agent's certificate and the roots it verifies by. */
export type TrustMessage = Message<'certificate.issued' | 'certificate.refused' | 'certificate.due' | 'bundle.update'>;
/** One verdict of `welcome`. */
export interface Verdict extends RunKey {
  readonly verdict: 'continue' | 'fenced';
  readonly ackedSeq: number;
  readonly secrets: Secrets;
  readonly secretRules?: Welcomed['secretRules'];
  readonly localSecrets?: Welcomed['localSecrets'];
  readonly cancelling: boolean;
  readonly pause?: Welcomed['pause'];
}

/** What a control plane says of this agent and of itself. */
export interface Standing {
  /** In the words of the API: `pending`, `active`, `paused`, … */
  readonly agentState?: string | undefined;
  readonly version?: string | undefined;
}

/** The agent behind the tunnel: every call is synchronous and does not throw. */
export interface TunnelPort {
  greeting(): Greeting;
  /** How the control plane sees this agent, and its version, where it says so. */
  told?(standing: Standing): void;
  /** A session is live: its verdicts come before any other message of it. */
  welcomed(verdicts: readonly Verdict[]): void;
  assigned(message: Message<'job.assign'>): void;
  cancelled(message: Message<'job.cancel'>): void;
  paused(message: Message<'job.pause' | 'job.resume'>): void;
  fenced(message: Message<'run.fenced'>): void;
  acknowledged(key: RunKey, seq: number): void;
  stored(artifactId: string): void;
  refused(artifactId: string, code: string, reason: string): void;
  trust(message: TrustMessage): void;
  /** Leases run for `leaseMs` from `sentAt`, the moment the answered ping (or hello) was sent. */
  renewed(sentAt: Instant, leaseMs: number): void;
  /** The detail tells about the session or try that was lost. */
  changed(state: TunnelState, detail: TunnelDetail): void;
  /** A second connection that was to take over failed: the session serves on, and it is tried again. */
  stayed(detail: TunnelDetail): void;
}

export interface TunnelDetail {
  readonly closeCode?: number;
  /** Of a connection that never opened. */
  readonly errorCode?: string;
  readonly why?: string;
  readonly retryInMs?: number;
  /** A session took over from another one that had served until then. */
  readonly tookOver?: boolean;
}

/** Why the tunnel is not dialled now, and how long nothing can change about it. */
export interface DialHold {
  readonly why: string;
  /** Milliseconds. */
  readonly atLeastMs: number;
}
