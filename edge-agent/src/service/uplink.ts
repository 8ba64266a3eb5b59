/**
 * The agent's way to its control plane: who it is, the tunnel, and what keeps both usable, that is renewal over the
 * tunnel, renewal over the enrol listener, and the bundle. What runs jobs is behind `UplinkRuns`.
 */
import { randomUUID } from 'node:crypto';
import { CLOSE, type RunEvent } from '@casare/shared/protocol';
import type { Clock } from '../clock.ts';
import { type AgentHome, heldBundle, type Identity, readIdentity, tunnelTls } from '../identity/index.ts';
import type { Outbox } from '../outbox/index.ts';
import {
  type Greeting,
  type Standing,
  Tunnel,
  type TunnelDetail,
  type TunnelPort,
  type TunnelState,
} from '../tunnel/index.ts';
import { LateRenewal } from './late-renewal.ts';
import type { Log } from './log.ts';
import { Renewal } from './renewal.ts';

/** What takes assignments and keeps the runs. */
export interface UplinkRuns extends Omit<TunnelPort, 'greeting' | 'trust' | 'changed' | 'stayed'> {
  heldRuns(): Greeting['runs'];
  /** See `hello`. */
  unleasedMs(): number | undefined;
  /** The session is over. */
  disconnected(): void;
  /** The agent may not act any more. */
  halt(): void;
}

export interface UplinkOptions {
  readonly home: AgentHome;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly pathOf: (artifactId: string) => string;
  /** What of an event leaves the agent; everything when absent. */
  readonly leaving?: ((event: RunEvent) => RunEvent) | undefined;
  readonly runs: UplinkRuns;
  /** Raw, base64: what secrets are sealed to for this agent. */
  readonly sealingKey?: string | undefined;
  /** What the agent says of itself now. */
  readonly profile: () => Pick<Greeting, 'facts' | 'capabilities' | 'slots'>;
  readonly changed: (state: TunnelState, detail: TunnelDetail) => void;
  /** The control plane admits this agent no more, and will not again. */
  readonly onGone?: (() => void) | undefined;
}

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #instance = randomUUID();
  readonly #epoch: number;
  readonly #lateRenewal: LateRenewal;
  readonly #renewal: Renewal;
  readonly tunnel: Tunnel;
  #identity: Identity;
  #standing: Standing = {};

  /** Throws NOT_ENROLLED, IDENTITY_DAMAGED. */
  constructor(options: UplinkOptions) {
    const { home, clock, random, log, outbox, pathOf, leaving, runs } = options;
    this.#options = options;
    this.#identity = readIdentity(home);
    this.#epoch = outbox.nextEpoch();
    this.#lateRenewal = new LateRenewal({
      ...{ home, clock, log },
      onRenewed: () => {
        this.#identity = readIdentity(home);
        this.#renewal.replaced();
      },
      onGone: () => options.onGone?.(),
      onLocked: () => runs.halt(),
    });
    this.tunnel = new Tunnel({
      ...{ network: home.network, outbox, pathOf, leaving, clock, random },
      url: () => this.#identity.tunnelUrl,
      prepare: () => this.#lateRenewal.prepare(),
      tls: () => tunnelTls(home, this.#identity.tunnelUrl),
      port: this.#port(),
    });
    this.#renewal = new Renewal({ home, clock, random, log, tunnel: this.tunnel });
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** Of the certificate in use, where it is known. */
  get generation(): number | null {
    return this.#renewal.generation;
  }

  #port(): TunnelPort {
    const { runs } = this.#options;
    return {
      greeting: () => this.#greeting(),
      told: (standing) => this.#told(standing),
      welcomed: (verdicts) => runs.welcomed(verdicts),
      assigned: (message) => runs.assigned(message),
      cancelled: (message) => runs.cancelled(message),
      paused: (message) => runs.paused(message),
      fenced: (message) => runs.fenced(message),
      acknowledged: (key, seq) => runs.acknowledged(key, seq),
      stored: (artifactId) => runs.stored(artifactId),
      refused: (artifactId, code, reason) => runs.refused(artifactId, code, reason),
      trust: (message) => this.#renewal.trust(message),
      renewed: (sentAt, leaseMs) => runs.renewed(sentAt, leaseMs),
      changed: (state, detail) => this.#changed(state, detail),
      stayed: ({ why, retryInMs }) => {
        const seconds = ((retryInMs ?? 0) / 1_000).toFixed(1);
        const text = `no second connection yet: ${why ?? 'unknown'}; the first one serves on, next try in ${seconds} s`;
        this.#options.log('warn', text);
      },
    };
  }

  /** How the control plane saw this agent when it last spoke of it. */
  get standing(): Standing {
    return this.#standing;
  }

  #told({ agentState, version }: Standing): void {
    const { log } = this.#options;
    const now = { agentState: agentState ?? this.#standing.agentState, version: version ?? this.#standing.version };
    if (now.agentState !== this.#standing.agentState) log('info', `the control plane says: ${now.agentState}`);
    this.#standing = now;
  }

  #greeting(): Greeting {
    const { home, profile, runs, outbox, sealingKey } = this.#options;
    const storeEpoch = outbox.storeEpoch();
    const unleasedMs = runs.unleasedMs();
    return {
      ...{ instance: this.#instance, epoch: this.#epoch, ...profile(), declared: this.#identity.declared },
      runs: runs.heldRuns(),
      bundle: heldBundle(home).digest,
      ...(storeEpoch === null ? {} : { storeEpoch }),
      ...(unleasedMs === undefined ? {} : { unleasedMs }),
      ...(sealingKey === undefined ? {} : { sealingKey }),
    };
  }

  #changed(state: TunnelState, detail: TunnelDetail): void {
    const { runs, log, changed } = this.#options;
    if (state === 'live') {
      log('info', detail.tookOver === true ? 'connected anew, without a gap' : 'connected');
      this.#renewal.live();
    }
    if (state === 'draining') log('info', 'asked to connect anew: a second connection follows');
    if (state === 'waiting') this.#lost(detail);
    if (state === 'waiting' || state === 'connecting' || state === 'stopped') {
      this.#renewal.ended();
      runs.disconnected();
    }
    changed(state, detail);
  }

  #lost(detail: TunnelDetail): void {
    const { log, runs, onGone } = this.#options;
    this.#lateRenewal.ended(detail);
    const hint = detail.closeCode === undefined ? undefined : HINTS[detail.closeCode];
    const seconds = ((detail.retryInMs ?? 0) / 1_000).toFixed(1);
    log('warn', `not connected: ${hint ?? detail.why ?? 'unknown'}; next try in ${seconds} s`);
    if (detail.closeCode === CLOSE.locked) runs.halt();
    if (detail.closeCode === CLOSE.notAdmitted) onGone?.();
  }
}

const HINTS: Readonly<Record<number, string>> = {
  [CLOSE.notAdmitted]: 'the control plane does not admit this agent: is it approved, and not decommissioned?',
  [CLOSE.replaced]: 'another agent with the same identity took over: stop one of the two',
  [CLOSE.certificateExpired]: 'the certificate has expired: it is renewed over the enrol listener',
  [CLOSE.certificateRetired]: 'the CA of the certificate was retired: it is renewed over the enrol listener',
  [CLOSE.locked]: 'this agent is locked: ask who is responsible for security',
};
