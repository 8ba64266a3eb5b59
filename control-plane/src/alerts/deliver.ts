/**
 * Sends what is in the outbox, at least once: a delivery is taken for `HELD_MS`, and whoever dies meanwhile loses it to the
 * next. Its id is the same each time, so that a receiver can tell.
 *
 * Bounds: 20 at once on a replica; 15 s for a webhook, 20 s for a letter; 14 attempts in about three days, then `failed`.
 */
import { openKey } from '@casare/certs';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { lineOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Mailer } from '../platform/mail/mail.ts';
import type { Outbound } from '../platform/outbound/outbound.ts';
import { waitAfter } from './backoff.decision.ts';
import { settle, takeDue, type Delivery } from './delivery.store.ts';
import { bodyOf, letterOf, type Told } from './message.decision.ts';
import type { KeptChannel } from './rule.store.ts';
import { signedHeaders } from './webhook-signature.ts';

export interface DeliverDependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly outbound: Pick<Outbound, 'call'>;
  /** Null: the operator has set none up. */
  readonly mailer: Mailer | null;
  readonly sealingKey: () => Promise<Uint8Array>;
  /** Of the console, for links. */
  readonly webUrl: string;
  readonly random?: () => number;
}

export type Place = Pick<KeptChannel, 'tenant' | 'id' | 'kind' | 'to' | 'url' | 'sealedSecret'>;

const AT_ONCE = 20;
/** Longer than the longest talk. */
const HELD_MS = 60_000;
const WEBHOOK_MS = 15_000;
const ANSWER_BYTES = 65_536;

export class Deliverer {
  readonly #deps: DeliverDependencies;

  constructor(dependencies: DeliverDependencies) {
    this.#deps = dependencies;
  }

  /** One turn; true when there may be more. */
  async turn(): Promise<boolean> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    const taken = await takeDue(db, now, new Date(now.getTime() + HELD_MS), AT_ONCE);
    await Promise.all(taken.map((delivery) => this.#deliver(delivery)));
    return taken.length === AT_ONCE;
  }

  /** Sends at once. What the receiver says of it when it takes not all. @throws Fault, Error when it was not taken */
  async send(place: Place, id: string, told: Told): Promise<string | null> {
    return place.kind === 'email' ? this.#mail(place, id, told) : this.#call(place, id, told);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { db, clock, log, random = Math.random } = this.#deps;
    const { tenant, id, about, alert, rule, kind, cause, title, detail, at, attempts } = delivery;
    const { channel, channelKind, recipients: to, url, sealedSecret } = delivery;
    try {
      const told = { about, alert, rule, kind, cause, title, detail, tenant, at: at.toISOString() };
      const left = await this.send(
        { tenant, id: channel, kind: channelKind, to: to && [...to], url, sealedSecret },
        id,
        told,
      );
      await settle(db, delivery, { state: 'delivered', ...(left === null ? {} : { error: left }) }, clock.now());
    } catch (error) {
      const wait = waitAfter(attempts, random());
      const next = new Date(clock.now().getTime() + (wait ?? 0));
      const why = lineOf(error);
      log.warn('an alert could not be delivered', {
        tenant,
        delivery: id,
        channel,
        attempts,
        givenUp: wait === null,
        why,
      });
      await settle(
        db,
        delivery,
        wait === null ? { state: 'failed', error: why } : { state: 'pending', next, error: why },
        clock.now(),
      );
    }
  }

  async #mail({ to }: Place, id: string, told: Told): Promise<string | null> {
    const { mailer, webUrl } = this.#deps;
    if (mailer === null) throw new Error('no mail server is set up (CASARE_SMTP_URL)');
    const { rejected } = await mailer.send({ to: to ?? [], id, ...letterOf(told, webUrl) });
    return rejected.length === 0 ? null : `The mail server did not take it for ${rejected.join(', ')}.`;
  }

  async #call({ tenant, id: channel, url, sealedSecret }: Place, id: string, told: Told): Promise<null> {
    const { outbound, clock, sealingKey } = this.#deps;
    const opened = openKey(sealedSecret!, await sealingKey(), sealedFor(tenant, channel));
    if (!opened.ok) throw new Error('the secret of this webhook does not open: make the channel anew');
    const body = bodyOf(told);
    const headers = signedHeaders(Buffer.from(opened.value).toString(), id, clock.now(), body);
    const { status } = await outbound.call(url!, {
      ...{ method: 'POST', body, maxBytes: ANSWER_BYTES, timeoutMs: WEBHOOK_MS },
      headers: { 'content-type': 'application/json', ...headers },
    });
    if (status < 200 || status > 299) throw new Error(`it answered with ${status}`);
    return null;
  }
}

/** A sealed secret opens for its own channel only. */
export function sealedFor(tenant: string, channel: string): string {
  return `alert-channel:${tenant}:${channel}`;
}
