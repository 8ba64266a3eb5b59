/**
 * Tells the agents of this gateway what trust asks of them: another bundle, another certificate, a new connection.
 *
 * Invariant: what is told follows from the view of trust and from the session alone, so a crash forgets nothing; a duty is
 * told again after its time until its cause is gone, and never more often.
 */
import { certificatesInPem, readCertificate } from '@casare/certs';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { startLoop, type Loop } from '../platform/loop.ts';
import type { Trust, TrustView } from '../trust/index.ts';
import type { Session } from './session-context.ts';
import { dutiesOf, spreadMs, type Duty, type Wanted } from './session-duties.decision.ts';

export interface SessionDutiesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly trust: Pick<Trust, 'views' | 'gateway'>;
  /** Every open session. */
  readonly open: ReadonlySet<Session>;
}

const TURN_MS = 1_000;
/** How long an agent has for a duty, beyond the time over which the fleet is spread, before it is told again, milliseconds. */
const AGAIN_MS: Readonly<Record<Duty, number>> = { bundle: 15_000, renew: 30_000, renewNow: 5_000, reconnect: 30_000 };

export class SessionDuties {
  readonly #options: SessionDutiesOptions;
  /** When each duty is told again, on the monotonic clock. */
  readonly #again = new WeakMap<Session, Map<Duty, number>>();
  #presented: { readonly chain: string; readonly keyId: string | null } | null = null;
  #loop: Loop | null = null;
  #unfollow: readonly (() => void)[] = [];

  constructor(options: SessionDutiesOptions) {
    this.#options = options;
  }

  /** Follows trust until `stop`. */
  start(): void {
    const { log, trust } = this.#options;
    const run = async () => this.turn();
    const loop = startLoop({ name: 'session duties', intervalMs: TURN_MS, log, run });
    this.#loop = loop;
    this.#unfollow = [trust.views.onChanged(() => loop.wake()), trust.gateway.onRenewed(() => loop.wake())];
  }

  async stop(): Promise<void> {
    for (const unfollow of this.#unfollow) unfollow();
    await this.#loop?.stop();
  }

  /** One turn over all live sessions. */
  turn(): void {
    const { trust, clock, open } = this.#options;
    const view = trust.views.current;
    const wanted = this.#wanted(view);
    const now = clock.monotonicMs();
    for (const session of open) {
      if (session.state !== 'live') continue;
      const { caId, serverCaKeyId } = session.peer;
      const duties = dutiesOf({ caId, serverCaKeyId, bundle: session.bundle }, wanted);
      if (duties.length > 0) this.#tell(session, duties, view, now);
    }
  }

  #wanted({ bundle, outgoingCas, urgentCas }: TrustView): Wanted {
    return {
      bundle: bundle.digest,
      outgoingCas: new Set(outgoingCas),
      urgentCas: new Set(urgentCas),
      presentedKeyId: this.#presentedKeyId(),
    };
  }

  /** Of the CA behind the chain that new connections are shown. */
  #presentedKeyId(): string | null {
    const { chainPem: chain } = this.#options.trust.gateway;
    if (chain === null) return null;
    if (this.#presented?.chain !== chain) {
      const leaf = certificatesInPem(chain)[0];
      const contents = leaf === undefined ? null : readCertificate(leaf);
      this.#presented = { chain, keyId: contents?.ok === true ? contents.value.issuerKeyId : null };
    }
    return this.#presented.keyId;
  }

  #tell(session: Session, duties: readonly Duty[], view: TrustView, now: number): void {
    const again = this.#again.get(session) ?? new Map<Duty, number>();
    this.#again.set(session, again);
    for (const duty of duties) {
      if ((again.get(duty) ?? -Infinity) > now) continue;
      const withinMs = spreadMs(duty, this.#options.open.size);
      again.set(duty, now + withinMs + AGAIN_MS[duty]);
      this.#say(session, duty, withinMs, view);
    }
  }

  #say(session: Session, duty: Duty, withinMs: number, { bundle }: TrustView): void {
    switch (duty) {
      case 'bundle':
        session.send({ type: 'bundle.update', digest: bundle.digest, roots: [...bundle.roots] });
        return;
      case 'renew':
        session.send({ type: 'certificate.due', withinMs, reason: 'The CA of the certificate is being replaced.' });
        return;
      case 'renewNow':
        session.send({ type: 'certificate.due', withinMs, reason: 'The CA of the certificate is in wrong hands.' });
        return;
      case 'reconnect':
        session.send({ type: 'goaway', withinMs, reason: 'The gateway presents another certificate chain now.' });
    }
  }
}
