/**
 * Sees to it, before each dial, that the agent has a certificate that the tunnel takes. It asks the enrol listener when
 * the certificate has expired, when the gateway said that it must be renewed, or when the gateway keeps cutting the
 * connection. How often it asks is bounded by the dialling, which backs off with jitter.
 */
import type { Clock } from '../clock.ts';
import { describe, Fault } from '../fault.ts';
import { type AgentHome, certificateTimes, renewLate, type LateRenewed } from '../identity/index.ts';
import type { DialHold } from '../tunnel/index.ts';
import { isCertificateAlert, isCut, renewalReason, type RenewalReason } from './late-renewal.decision.ts';
import type { Log } from './log.ts';

export interface LateRenewalOptions {
  readonly home: AgentHome;
  readonly clock: Clock;
  readonly log: Log;
  /** The identity in the home is another one now. */
  readonly onRenewed: () => void;
  /** The control plane will not have this agent back (`RENEW_DENIED`, `RENEW_TOO_LATE`). */
  readonly onGone: () => void;
  /** The agent is locked. */
  readonly onLocked: () => void;
}

/** A dial that ended. */
export interface DialEnd {
  readonly closeCode?: number;
  /** Of a connection that never opened. */
  readonly errorCode?: string;
}

const WHY: Readonly<Record<RenewalReason, string>> = {
  expired: 'the certificate has expired',
  told: 'the gateway wants another certificate',
  hint: 'the gateway cuts the connection, perhaps because of the certificate',
};
const REFUSED: Readonly<Record<string, string>> = {
  AGENT_LOCKED: 'this agent is locked: ask who is responsible for security',
  RENEW_DENIED: 'the control plane does not renew this certificate: enrol this agent again',
  RENEW_TOO_LATE: 'the certificate expired too long ago to be renewed: enrol this agent again',
  ENROL_BUSY: 'the control plane is busy',
};

export class LateRenewal {
  readonly #options: LateRenewalOptions;
  #last: DialEnd = {};
  #cuts = 0;
  #hintAt = -Infinity;

  constructor(options: LateRenewalOptions) {
    this.#options = options;
  }

  /** Says how a session or a try ended. */
  ended(end: DialEnd): void {
    this.#last = end;
    this.#cuts = isCut(end.errorCode) ? this.#cuts + 1 : 0;
  }

  /** Null when the tunnel may be dialled. Never rejects. */
  async prepare(): Promise<DialHold | null> {
    const { home, clock, log } = this.#options;
    try {
      const { wall, mono } = clock.now();
      const reason = renewalReason({
        untilEndMs: certificateTimes(home, wall).untilEndMs,
        closeCode: this.#last.closeCode,
        cuts: this.#cuts,
        refusedByTls: isCertificateAlert(this.#last.errorCode),
        sinceHintMs: mono - this.#hintAt,
      });
      if (reason === null) return null;
      if (reason === 'hint') this.#hintAt = mono;
      log('info', `${WHY[reason]}: renewing it over the enrol listener`);
      return this.#answered(await renewLate(home, reason === 'expired', () => clock.now().wall), reason);
    } catch (error) {
      const text = error instanceof Fault ? `${error.code}: ${error.message}` : describe(error);
      return { why: `the certificate could not be renewed: ${text}`, atLeastMs: 0 };
    }
  }

  #answered(answer: LateRenewed, reason: RenewalReason): DialHold | null {
    const { log, onRenewed, onGone, onLocked } = this.#options;
    switch (answer.outcome) {
      case 'renewed': {
        this.#last = {};
        this.#cuts = 0;
        log('info', `the certificate was renewed, until ${answer.until.toISOString()}`);
        onRenewed();
        return null;
      }
      case 'clock_skew': {
        const minutes = Math.round(answer.skewMs / 60_000);
        log('warn', `CLOCK_SKEW: this machine's clock is ${minutes} min ahead of the control plane's: set it`);
        return null;
      }
      case 'not_due': {
        log('debug', `the control plane sees nothing wrong with the certificate (${reason})`);
        return null;
      }
      case 'refused': {
        const { code, retryMs } = answer;
        if (code === 'AGENT_LOCKED') onLocked();
        if (code === 'RENEW_DENIED' || code === 'RENEW_TOO_LATE') onGone();
        return { why: `${code}: ${REFUSED[code] ?? 'refused'}`, atLeastMs: retryMs };
      }
    }
  }
}
