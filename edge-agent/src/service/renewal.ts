/**
 * Renewal over the tunnel, and the bundle: what the control plane says about trust is acted upon here.
 *
 * Invariants: the next key is on disk before its certificate is asked for, so that whoever asks again asks for the same;
 * key and certificate replace the ones before as a whole, and only after they were verified; nothing is asked over a
 * session whose certificate has been replaced already, since that would look like a second holder.
 */
import { BACKDATE_MS } from '@casare/certs';
import type { AgentMessage } from '@casare/shared/protocol';
import type { Clock } from '../clock.ts';
import { describe } from '../fault.ts';
import {
  type AgentHome,
  certificateTimes,
  faultOfIssued,
  isAskedFor,
  nextKey,
  type NextKey,
  takeBundle,
  takeNext,
} from '../identity/index.ts';
import type { Message, TrustMessage } from '../tunnel/index.ts';
import type { Log } from './log.ts';
import { answerMs, type Held, heldSince, retryMs, waitMs } from './renewal.decision.ts';

export interface RenewalOptions {
  readonly home: AgentHome;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly tunnel: {
    /** The live session stands on a certificate that was replaced. */
    readonly isOutdated: boolean;
    send(message: AgentMessage): void;
    certificateReplaced(): void;
    handOver(withinMs: number): void;
  };
}

/** The wall clock is looked at this often, milliseconds. */
const LOOK_MS = 30_000;

export class Renewal {
  readonly #options: RenewalOptions;
  #held: Held;
  /** The key of the certificate that was asked for over this process's sessions. */
  #asked: NextKey | null = null;
  #asking = false;
  #live = false;
  #toldAt = Infinity;
  #notBefore = -Infinity;
  #tries = 0;
  #generation: number | null = null;
  #badBundle = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#held = this.#read();
    if (isAskedFor(options.home)) this.#toldAt = -Infinity;
  }

  /** Of the certificate in use; null when it did not come over the tunnel of this process. */
  get generation(): number | null {
    return this.#generation;
  }

  /** A session is live: the first, or one that took over. */
  live(): void {
    this.#live = true;
    // an answer that was under way went down with the session before
    if (this.#asked !== null) this.#notBefore = -Infinity;
    this.#turn();
  }

  /** No session is live. */
  ended(): void {
    this.#live = false;
    clearTimeout(this.#timer);
  }

  /** The certificate in the home is another one, by another way than this. */
  replaced(): void {
    this.#taken(null);
  }

  trust(message: TrustMessage): void {
    switch (message.type) {
      case 'certificate.issued': {
        this.#issued(message);
        return;
      }
      case 'certificate.refused': {
        this.#refused(message);
        return;
      }
      case 'certificate.due': {
        this.#due(message);
        return;
      }
      case 'bundle.update': {
        this.#bundle(message);
        return;
      }
    }
  }

  #read(): Held {
    const { home, clock, random } = this.#options;
    const now = clock.now();
    const { sinceStartMs, untilEndMs } = certificateTimes(home, now.wall);
    // certificates are made to start a little before they are issued
    return heldSince({ sinceStartMs: sinceStartMs - BACKDATE_MS, untilEndMs }, now, random());
  }

  /** Asks when it is time, and else waits for it. */
  #turn(): void {
    clearTimeout(this.#timer);
    const { tunnel, clock } = this.#options;
    if (!this.#live || this.#asking || tunnel.isOutdated) return;
    const wait = waitMs(this.#held, { toldAt: this.#toldAt, notBefore: this.#notBefore }, clock.now());
    if (wait > 0) this.#timer = setTimeout(() => this.#turn(), Math.min(wait, LOOK_MS));
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    const { home, clock, random, tunnel, log } = this.#options;
    this.#asking = true;
    this.#notBefore = clock.now().mono + answerMs(this.#held.lifeMs) + retryMs(this.#tries, 0, random());
    this.#tries += 1;
    try {
      this.#asked = await nextKey(home);
      const csr = Buffer.from(this.#asked.csr).toString('base64');
      if (this.#live && !tunnel.isOutdated) tunnel.send({ type: 'certificate.renew', csr });
    } catch (error) {
      log('warn', `RENEWAL_FAILED: no key for the next certificate (${describe(error)}): it is tried again`);
    }
    this.#asking = false;
    this.#turn();
  }

  #issued({ chain, generation }: Message<'certificate.issued'>): void {
    const { home, clock, log, tunnel } = this.#options;
    const asked = this.#asked;
    if (asked === null) return;
    const fault = this.#tried(() => {
      const why = faultOfIssued(home, asked, chain, clock.now().wall);
      return why ?? (takeNext(home, asked, chain) ? null : 'it is not for the key that was asked for');
    });
    if (fault !== null) {
      log('warn', `RENEWAL_FAILED: the certificate that came is not taken (${fault}): another one is asked for`);
      return;
    }
    const until = new Date(clock.now().wall + certificateTimes(home, clock.now().wall).untilEndMs);
    log('info', `the certificate was renewed, until ${until.toISOString()}: connecting with it`);
    this.#taken(generation);
    tunnel.certificateReplaced();
  }

  #taken(generation: number | null): void {
    this.#held = this.#read();
    [this.#asked, this.#toldAt, this.#notBefore, this.#tries] = [null, Infinity, -Infinity, 0];
    this.#generation = generation;
  }

  #refused({ code, reason, retryMs: atLeastMs }: Message<'certificate.refused'>): void {
    const { clock, random, log } = this.#options;
    if (this.#asked === null) return;
    const delayMs = retryMs(this.#tries, atLeastMs, random());
    this.#notBefore = clock.now().mono + delayMs;
    this.#asked = null;
    log('warn', `the certificate was not renewed: ${code}: ${reason} Next try in ${Math.round(delayMs / 1_000)} s`);
    this.#turn();
  }

  #due({ withinMs }: Message<'certificate.due'>): void {
    const { clock, random, tunnel } = this.#options;
    if (tunnel.isOutdated) {
      tunnel.handOver(withinMs);
      return;
    }
    this.#toldAt = Math.min(this.#toldAt, clock.now().mono + random() * withinMs);
    this.#turn();
  }

  #bundle({ digest, roots }: Message<'bundle.update'>): void {
    const { home, tunnel, log } = this.#options;
    const fault = this.#tried(() => takeBundle(home, { digest, roots }));
    if (fault === null) {
      tunnel.send({ type: 'bundle.ack', digest });
      log('info', `gateways are verified by another bundle from now on: ${digest.slice(0, 16)}, ${roots.length} roots`);
    } else if (this.#badBundle !== digest) {
      this.#badBundle = digest;
      log('warn', `BUNDLE_REFUSED: the server roots that came are not taken (${fault}): the ones before stay`);
    }
  }

  /** What `work` finds wrong, or what went wrong with it. */
  #tried(work: () => string | null): string | null {
    try {
      return work();
    } catch (error) {
      return describe(error);
    }
  }
}
